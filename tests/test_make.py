"""What `make` would do, read from its dry runs."""

import pytest
from dry_make import dry_run
from lesson_parts import LESSONS

from helpers.paths import PROJECT


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_is_tested_without_the_others(lesson):
    made = dry_run("test", f"LESSON={lesson[:2]}").stdout.replace("\\\n", "")
    units, notebook = [line for line in made.splitlines() if "-m pytest" in line]
    assert f'-k "{lesson} and not rehearsal" tests' in units
    assert notebook.endswith(f" notebooks/{lesson}.ipynb")


@pytest.mark.parametrize("flags", ["", "w -- LESSON=06"])
def test_all_lessons_are_tested(flags, monkeypatch):
    """Also where an outer `make test`, as of CI, or `make test LESSON=06` runs this test."""
    monkeypatch.setenv("MAKEFLAGS", flags)
    monkeypatch.setenv("MAKELEVEL", "1")
    made = dry_run("test").stdout.replace("\\\n", "")
    units, notebooks = [line for line in made.splitlines() if "-m pytest" in line]
    assert units.endswith(" tests") and " -k " not in units
    assert notebooks.endswith(" notebooks") and "--nbval-lax" in notebooks


@pytest.mark.parametrize("lesson", ["77", "06 07", "*", "0?", "6"])
def test_a_lesson_that_is_not_there_is_named(lesson):
    run = dry_run("test", f"LESSON={lesson}")
    assert run.returncode
    assert f"There is no lesson {lesson}: give its two digits" in run.stderr


def test_check_builds_no_kit_and_opens_no_browser():
    made = dry_run("check").stdout
    assert "offline_kit build" not in made
    assert "chromium" not in made
    assert "ruff check" in made and "ruff format --check" in made
    assert "not (browser or kit or lesson or slow)" in made


def test_every_target_is_explained():
    lines = (PROJECT / "Makefile").read_text().splitlines()
    (phony,) = [line for line in lines if line.startswith(".PHONY:")]
    explained = {line.partition(":")[0] for line in lines if ": " in line and " ## " in line}
    assert set(phony.split()[1:]) == explained


def test_a_wheelhouse_in_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/a learner")
    made = dry_run("lab", "WHEELHOUSE=~/a stick").stdout
    assert '--find-links "/home/a learner/a stick/wheels"' in made
    assert 'tools.wheelhouse kit "/home/a learner/a stick"' in made
