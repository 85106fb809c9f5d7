"""How dry it is: the Cape's rain falls in winter, and its summers are without."""

from offline_kit.build.filters import ramp
from offline_kit.build.kernels import inlined


@inlined
def dryness(year: float) -> float:
    """Return how far summer has dried grass, shrubs and fields, 0 to 1, on a decimal year.

    Nothing from June to October, all from late December to March.

    Examples
    --------
    >>> dryness(2018.7), dryness(2019.05)
    (0.0, 1.0)
    """
    part = year - int(year)
    return max(ramp(part, 0.80, 0.98), 1.0 - ramp(part, 0.25, 0.42))
