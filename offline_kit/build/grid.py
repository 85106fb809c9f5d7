"""Where a kit lies: its pixel grid, windows of it, and its named sizes."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from affine import Affine

from offline_kit.errors import CourseError

EPSG = 32734
TILE = "34HCH"
TILE_WEST, TILE_NORTH = 300_000, 6_300_040  # upper left corner of tile 34HCH in EPSG:32734
PIXEL = 10  # metres; everything is simulated at the finest native pixel
WINDOW_PIXELS = 768  # along a window in whose order points are drawn
SCENE_BLOCK_PIXELS = 900  # at most, along a block of a scene
UNIT = 6  # pixels by which both are cut: a pixel of 60 m


@dataclass(frozen=True)
class Grid:
    """A north-up grid of 10 m pixels that starts on the 60 m lattice of its Sentinel-2 tile.

    Attributes
    ----------
    west, north
        Upper left corner in metres, EPSG:32734.
    width, height
        Size in 10 m pixels; both divide by 6.
    cell
        Cell of the coarse landscape model in metres.
    """

    west: int
    north: int
    width: int
    height: int
    cell: int

    @property
    def east(self) -> int:
        """Right edge in metres."""
        return self.west + self.width * PIXEL

    @property
    def south(self) -> int:
        """Lower edge in metres."""
        return self.north - self.height * PIXEL

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """West, south, east, north in metres."""
        return self.west, self.south, self.east, self.north

    def shape(self, pixel: int = PIXEL) -> tuple[int, int]:
        """Rows and columns of this grid at a native pixel of 10, 20 or 60 m."""
        return self.height * PIXEL // pixel, self.width * PIXEL // pixel

    def transform(self, pixel: int = PIXEL) -> Affine:
        """Affine transform of this grid at a native pixel of 10, 20 or 60 m."""
        return Affine(pixel, 0, self.west, 0, -pixel, self.north)


class Window(NamedTuple):
    """Rows and columns of a grid's 10 m pixels; may reach beyond it."""

    row: int
    column: int
    height: int
    width: int

    def moved(self, rows: int, columns: int) -> "Window":
        """Return a window of the same size elsewhere."""
        return Window(self.row + rows, self.column + columns, self.height, self.width)

    def grown(self, pixels: int) -> "Window":
        """Return this window with a rim of `pixels` on every side."""
        return Window(
            self.row - pixels,
            self.column - pixels,
            self.height + 2 * pixels,
            self.width + 2 * pixels,
        )


def windows_of(grid: Grid) -> list[Window]:
    """Cut a grid into windows of `WINDOW_PIXELS`, those at the edges smaller."""
    return _windows(grid, WINDOW_PIXELS, WINDOW_PIXELS)


def blocks_of(grid: Grid) -> list[Window]:
    """Cut a grid into windows of about the same size, at most `SCENE_BLOCK_PIXELS` along each side.

    For work that needs pixels around each window, of which narrow windows need the most.
    """
    return _windows(grid, _cut(grid.height), _cut(grid.width))


def _windows(grid: Grid, height: int, width: int) -> list[Window]:
    return [
        Window(row, column, min(height, grid.height - row), min(width, grid.width - column))
        for row in range(0, grid.height, height)
        for column in range(0, grid.width, width)
    ]


def _cut(length: int) -> int:
    """Return the length of equal parts; the last one may be shorter."""
    parts = math.ceil(length / SCENE_BLOCK_PIXELS)
    return UNIT * math.ceil(length / parts / UNIT)


def _at(column60: int, row60: int, width: int, height: int, cell: int) -> Grid:
    return Grid(TILE_WEST + 60 * column60, TILE_NORTH - 60 * row60, width, height, cell)


# lon 19.20, lat -33.80 (E 333 375, N 6 258 563) lies in every one of them
SIZES = {
    "tiny": _at(496, 646, 720, 540, 30),  # 7.2 x 5.4 km, for tests
    "course": _at(356, 541, 2400, 1800, 30),
    "study": _at(227, 559, 4932, 3042, 30),
    "tile": _at(0, 0, 10980, 10980, 60),
}


def grid_of(size: str) -> Grid:
    """Return the grid of a named size.

    Raises
    ------
    CourseError
        If there is no size of that name.
    """
    if size not in SIZES:
        raise CourseError(f"There is no kit size {size!r}: choose one of {', '.join(SIZES)}.")
    return SIZES[size]
