"""What the course is about, in one place; the offline kit agrees with it."""

import ast
import re

import pytest
from pyproj import Transformer

from helpers import course
from helpers.paths import PROJECT
from offline_kit.build import bands, grid, landcover, stac


def test_the_kit_has_the_classes_with_their_numbers():
    assert dict(enumerate(landcover.CLASS_NAMES)) == {
        number: name for name, number in course.CLASS_CODES.items()
    }


def test_the_kit_has_the_bands_near_their_wavelengths():
    centres = {band.key: 1000 * band.center for band in bands.BANDS}
    assert list(centres) == course.BANDS
    for band, wavelength in course.WAVELENGTHS.items():
        assert centres[band] == pytest.approx(wavelength, abs=15), band


def test_the_kit_has_the_collection():
    assert course.COLLECTION in stac.DESCRIPTION


@pytest.mark.parametrize("size", grid.SIZES)
def test_the_place_lies_in_each_kit(size):
    west, south, east, north = grid.SIZES[size].bounds
    x, y = Transformer.from_crs(4326, course.CRS, always_xy=True).transform(*course.PLACE)
    assert grid.EPSG == course.CRS
    assert west < x < east
    assert south < y < north


def numbers_and_texts(code):
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
    return [str(node.value) for node in nodes]


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for folder in ("helpers", "tools")
        for path in (PROJECT / folder).rglob("*.py")
        if path.name != "course.py"
    ),
    ids=lambda path: str(path.relative_to(PROJECT)),
)
def test_nothing_else_says_where_the_course_is(path):
    """Who changes the study area changes one page."""
    said = re.compile(r"\b32734\b|\bsentinel-2-l2a\b|\b19\.20?\b|\b33\.80?\b")
    assert not [text for text in numbers_and_texts(path.read_text()) if said.search(text)]
