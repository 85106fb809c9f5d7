"""Field records as people have them: read from what they come in, and looked over for slips."""

from helpers.own_points.faults import find_faults, mend_positions, report_on
from helpers.own_points.read import read_points

__all__ = ["find_faults", "mend_positions", "read_points", "report_on"]
