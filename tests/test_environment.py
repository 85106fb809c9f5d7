"""The environment has one source: pyproject.toml, its lock, and what is generated from it."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tools.environment import environment, pins

PROJECT = Path(__file__).resolve().parents[1]
LOCK = (PROJECT / "requirements.lock").read_text()
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())


def wanted() -> list[Requirement]:
    """Every requirement of pyproject.toml, development tools included."""
    texts = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    return [Requirement(text) for text in texts]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_a_pin_meets_every_requirement(requirement):
    pinned = [Requirement(pin) for pin in pins(LOCK)]
    fitting = [pin for pin in pinned if normal(pin.name) == normal(requirement.name)]
    assert fitting, f"{requirement} is not in requirements.lock: run `make lock`"
    for pin in fitting:
        (specifier,) = pin.specifier
        assert requirement.specifier.contains(specifier.version), f"{pin} does not meet it"


def test_every_pin_has_hashes():
    for block in re.split(r"\n(?=[a-z0-9])", LOCK.split("\n", 2)[2]):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_lock_names_no_address():
    assert "://" not in LOCK


def test_environment_yml_is_generated_from_the_lock():
    python = (PROJECT / ".python-version").read_text().strip()
    assert (PROJECT / "environment.yml").read_text() == environment(LOCK, python), (
        "environment.yml has drifted from requirements.lock: run `make lock`"
    )


def test_each_entry_of_environment_yml_is_a_line_with_all_its_hashes():
    """As conda and mamba hand them to pip, which then takes no file with another hash."""
    listed = yaml.safe_load((PROJECT / "environment.yml").read_text())["dependencies"][-1]["pip"]
    lines = re.sub(r" *\\\n *", " ", LOCK).splitlines()
    assert listed == [line for line in lines if line and not line.lstrip().startswith("#")]
    assert all("\n" not in line and "--hash=sha256:" in line for line in listed)


def test_binder_uses_the_same_environment():
    assert (PROJECT / "binder" / "environment.yml").read_text() == (
        PROJECT / "environment.yml"
    ).read_text()


def test_what_is_installed_here_is_what_is_pinned():
    from importlib.metadata import version

    here = default_environment()
    for text in pins(LOCK):
        pin = Requirement(text)
        if pin.marker is None or pin.marker.evaluate(here):
            (specifier,) = pin.specifier
            assert version(pin.name) == specifier.version, f"{pin.name}: run `make env`"
