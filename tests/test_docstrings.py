"""What a docstring shows is what comes out."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("name", ["helpers.predict", "helpers.export"])
def test_examples(name):
    results = doctest.testmod(import_module(name))
    assert results.attempted > 5
    assert results.failed == 0
