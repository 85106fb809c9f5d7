"""The course's colours, as readers with a colour-vision deficiency see them."""

from itertools import combinations

import numpy as np
import pytest

from helpers.course import (
    CLASS_CODES,
    CLASS_COLOURS,
    GROUP_COLOURS,
    NOT_APPLICABLE,
    NOT_MAPPED,
    SCL_COLOURS,
)

with np.printoptions():  # colour-science changes, for the whole process, how numbers are printed
    from colour import RGB_to_XYZ, XYZ_to_Lab
    from colour.blindness import matrix_cvd_Machado2009
    from colour.difference import delta_E_CIE2000
    from colour.models import eotf_sRGB

APART = 10  # CIEDE2000; about 2 can just be told apart side by side
PAGE = {"light theme": "#FFFFFF", "dark theme": "#111111"}
MAP_OF_PINES = {
    "pines": CLASS_COLOURS["Dense Pines"],
    "no pines": "#FFFFFF",
    "not mapped": NOT_MAPPED,
    "the model does not apply": NOT_APPLICABLE,
}
EYES = [None, "Protanomaly", "Deuteranomaly", "Tritanomaly"]  # of severity 1: the -anopias


def seen(colour: str, eye: str | None) -> np.ndarray:
    """Return a colour in CIELAB as somebody sees it (Machado et al. 2009)."""
    light = eotf_sRGB(np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255)
    if eye is not None:
        light = np.clip(matrix_cvd_Machado2009(eye, 1.0) @ light, 0, 1)
    return XYZ_to_Lab(RGB_to_XYZ(light, "sRGB"))


def difference(one: str, other: str, eye: str | None) -> float:
    return float(delta_E_CIE2000(seen(one, eye), seen(other, eye)))


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(
    "colours",
    [CLASS_COLOURS, SCL_COLOURS, GROUP_COLOURS, MAP_OF_PINES],
    ids=["classes", "scene classes", "groups", "map of pines"],
)
def test_each_two_colours_can_be_told_apart(colours, eye):
    worst = min(combinations(colours, 2), key=lambda two: difference(*map(colours.get, two), eye))
    assert difference(*map(colours.get, worst), eye) >= APART, worst


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("page", PAGE)
def test_colours_of_lines_and_points_show_on_the_page(page, eye):
    for name, colour in (CLASS_COLOURS | GROUP_COLOURS).items():
        assert difference(colour, PAGE[page], eye) >= APART, name


@pytest.mark.parametrize("eye", EYES)
def test_no_group_wears_the_colour_of_a_class_that_it_could_be_taken_for(eye):
    for group, colour in GROUP_COLOURS.items():
        for name in ("Dense Pines", "Water"):
            assert difference(colour, CLASS_COLOURS[name], eye) >= APART, (group, name)


def test_the_grey_of_old_rock_is_found_out():
    """The colours of rock and dense fynbos until kit 5: the measure must tell such a pair."""
    assert difference("#888888", CLASS_COLOURS["Fynbos High Density"], "Deuteranomaly") < APART


def test_there_is_a_colour_for_each_code():
    assert list(CLASS_COLOURS) == list(CLASS_CODES)
    assert len(SCL_COLOURS) == 12
