"""Field records as people have them: read from what they come in, and looked over for slips."""

from helpers.own_points.area import read_area
from helpers.own_points.faults import correct_positions, find_faults, report_on
from helpers.own_points.read import read_points

__all__ = ["correct_positions", "find_faults", "read_area", "read_points", "report_on"]
