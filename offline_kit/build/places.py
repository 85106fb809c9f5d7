"""The places of a kit: the course's own, and a second one for a learner's own species."""

from dataclasses import dataclass

from offline_kit.build.grid import Grid, grid_of
from offline_kit.build.passes import CLEAR_2018, PASSES, Pass
from offline_kit.folder import SECOND_PLACE


@dataclass(frozen=True)
class Place:
    """What is peculiar to a place.

    Attributes
    ----------
    folder
        Of its own files in the kit, and of its truth; empty for the course's place.
    longitude, latitude
        Degrees; the sun stands over every scene as it does here.
    target, cover
        Name of the class whose true cover is told, and how the files with it begin.
    valley_m, relief_m
        Elevation of the valleys, and of the highest summits above them.
    farm, plantation, gum
        Share of the land that is farmed, under pine plantations, under gum woodlots.
    invaded
        Share of the land under closed stands of pines that nobody planted.
    wattle
        How far wattle reaches from its rivers, to that of the course's place.
    fire_ha, clearing_ha
        Size of the fire of 2021 and of the stand felled in 2019.
    seed
        Added to that of the kit, so that no landscape is a copy of another.
    """

    folder: str
    longitude: float
    latitude: float
    target: str
    cover: str
    valley_m: float
    relief_m: float
    farm: float
    plantation: float
    gum: float
    invaded: float
    wattle: float
    fire_ha: float
    clearing_ha: float
    seed: int


FRANSCHHOEK = Place(
    folder="", longitude=19.20, latitude=-33.80, target="Dense Pines",
    cover="pine_cover", valley_m=190.0, relief_m=1330.0,
    farm=0.21, plantation=0.052, gum=0.011, invaded=0.03, wattle=1.0,
    fire_ha=620, clearing_ha=45, seed=0,
)  # fmt: skip
# hills near the coast in the east of the Overberg, with rivers under black wattle
SECOND = Place(
    folder=SECOND_PLACE, longitude=20.44, latitude=-34.26, target="Black Wattle",
    cover="wattle_cover", valley_m=60.0, relief_m=480.0,
    farm=0.30, plantation=0.008, gum=0.022, invaded=0.0, wattle=2.2,
    fire_ha=150, clearing_ha=10, seed=50_021,
)  # fmt: skip
SECOND_TILE = "34HDH"
SECOND_GRIDS = {  # 12 x 9 km, on the lattice of 60 m of its tile
    "tiny": Grid(445_560, 6_210_640, 420, 360, 30),
    "course": Grid(441_960, 6_213_040, 1200, 900, 30),
}
SECOND_PASSES = (
    Pass("2023-09-24", "05.09", 0.0, 0.0, tile=SECOND_TILE),
    Pass("2024-09-28", "05.11", 0.12, 0.5, tile=SECOND_TILE),
    Pass("2025-09-18", "05.11", 0.0, 1.0, tile=SECOND_TILE),
)


@dataclass(frozen=True)
class Part:
    """One place in a kit: where it lies and when it was seen.

    Attributes
    ----------
    place
    grid
    passes
    """

    place: Place
    grid: Grid
    passes: tuple[Pass, ...]


def parts_of(size: str) -> tuple[Part, ...]:
    """Return the places of a kit of a named size, the course's first.

    A whole tile has one clear date; the sizes made for measuring have no second place.

    Raises
    ------
    CourseError
        If there is no size of that name.
    """
    first = Part(FRANSCHHOEK, grid_of(size), (CLEAR_2018,) if size == "tile" else PASSES)
    if size not in SECOND_GRIDS:
        return (first,)
    return first, Part(SECOND, SECOND_GRIDS[size], SECOND_PASSES)
