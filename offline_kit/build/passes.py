"""The satellite passes that a kit holds."""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime

from offline_kit.build.grid import TILE

FIRST_PASS = datetime(2018, 9, 15, tzinfo=UTC)  # of S2A; S2B passes five days later


@dataclass(frozen=True)
class Pass:
    """One pass over the tile and how its product was processed.

    Attributes
    ----------
    date
        YYYY-MM-DD.
    baseline
        Processing baseline.
    cloud
        Share of the scene under cloud, 0 to 1.
    dam_level
        How far dams stand below full, in metres.
    cirrus
        Share of the scene under thin cirrus, 0 to 1.
    collection
        STAC collection.
    tile
        Of the Sentinel-2 grid.
    flag_lies
        Whether the item says that the offset was not removed although it was, as some real ones do
        (github.com/Element84/earth-search, issues 66 and 71).
    """

    date: str
    baseline: str
    cloud: float
    dam_level: float
    cirrus: float = 0.0
    collection: str = "sentinel-2-l2a"
    tile: str = TILE
    flag_lies: bool = False

    @property
    def time(self) -> datetime:
        """Time of the pass, UTC."""
        return datetime.fromisoformat(f"{self.date}T08:36:01+00:00")

    @property
    def platform(self) -> str:
        """S2A or S2B: each passes every ten days."""
        return "S2A" if (self.time - FIRST_PASS).days % 10 == 0 else "S2B"

    @property
    def item_id(self) -> str:
        """Identifier in the manner of Earth Search."""
        day = self.date.replace("-", "")
        if self.collection == "sentinel-2-c1-l2a":
            return f"{self.platform}_T{self.tile}_{day}T083601_L2A"
        return f"{self.platform}_{self.tile}_{day}_0_L2A"

    @property
    def year(self) -> float:
        """Date as a decimal year."""
        return round(self.time.year + (self.time.timetuple().tm_yday - 1) / 365.25, 3)

    @property
    def offset(self) -> int:
        """What has been added to the digital numbers in the files."""
        return 1000 if self.collection == "sentinel-2-c1-l2a" else 0

    @property
    def seed(self) -> int:
        """Seed of what changes from date to date."""
        return zlib.crc32(self.item_id.encode())


PASSES = (
    Pass("2018-09-10", "02.08", 0.58, 7.0),
    Pass("2018-09-15", "02.08", 0.0, 7.0),
    Pass("2018-09-25", "02.08", 0.055, 6.5),
    Pass("2018-10-05", "02.08", 0.0, 6.0, cirrus=0.4),
    Pass("2018-10-10", "02.09", 0.22, 6.0),
    Pass("2019-01-13", "02.11", 0.0, 6.5),
    Pass("2020-09-24", "02.14", 0.0, 1.0),
    Pass("2021-09-19", "03.01", 0.0, 0.0),
    Pass("2022-09-19", "04.00", 0.34, 2.0, flag_lies=True),
    Pass("2023-09-19", "05.09", 0.0, 0.0, collection="sentinel-2-c1-l2a"),
    Pass("2024-09-18", "05.11", 0.0, 0.0),
    Pass("2025-01-16", "05.11", 0.0, 1.5),
)
CLEAR_2018, CLEAR_2024 = (
    next(one for one in PASSES if one.date == date) for date in ("2018-09-15", "2024-09-18")
)
