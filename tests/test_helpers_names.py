"""What notebooks import is there, and `import helpers` itself loads no package."""

import subprocess
import sys
from pathlib import Path

import pytest

import helpers

PROJECT = Path(__file__).resolve().parents[1]


def test_every_name_is_there():
    for name in helpers.__all__:
        assert getattr(helpers, name) is not None
        assert name in dir(helpers)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        helpers.__getattr__("predict")
    with pytest.raises(ImportError, match="no_such_name"):
        from helpers import no_such_name  # noqa: F401


def test_the_package_loads_without_any_other():
    command = [sys.executable, "-S", "-c", "import helpers, helpers.doctor, tools.wheelhouse"]
    subprocess.run(command, cwd=PROJECT, check=True)
