"""Badges: made from one address, for each lesson, and never of an address that nobody gave."""

import re
from pathlib import Path

import pytest

from helpers import CourseError
from tools import badges
from tools.badges import BEGIN, END, Repository, table
from tools.marks import put_between

PROJECT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/jane/pines",
        "https://github.com/jane/pines.git\n",
        "https://github.com/jane/pines/",
        "git@github.com:jane/pines.git",
        "ssh://git@github.com/jane/pines.git",
    ],
)
def test_an_address_as_browsers_or_git_write_it(address):
    assert Repository.at(address, "main") == Repository("jane", "pines", "main")


@pytest.mark.parametrize("address", ["", "/home/jane", "https://example.org/jane/pines", "jane"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(CourseError, match="https://github.com/OWNER/NAME"):
        Repository.at(address, "main")


def test_links():
    repository = Repository("jane", "pines", "work/next")
    assert repository.binder("notebooks/a.ipynb").endswith(
        "(https://mybinder.org/v2/gh/jane/pines/work%2Fnext?urlpath=lab%2Ftree%2Fnotebooks%2Fa.ipynb)"
    )
    assert repository.studio_lab("notebooks/a.ipynb").endswith(
        "(https://studiolab.sagemaker.aws/import/github/jane/pines/blob/work/next/notebooks/a.ipynb)"
    )


def test_each_lesson_has_both_badges():
    made = table(Repository("jane", "pines", "main"))
    for path in (PROJECT / "notebooks").glob("*.ipynb"):
        assert made.count(path.name) == 2


def test_written_twice_is_written_once(monkeypatch, tmp_path, capsys):
    readme = tmp_path / "README.md"
    readme.write_text(f"# A\n\n{badges.BEGIN}\n{badges.END}\n\nB\n")
    monkeypatch.setattr(badges, "README", readme)
    command = ["https://github.com/jane/pines", "--write"]
    assert badges.main(command) == 0
    once = readme.read_text()
    assert badges.main(command) == 0
    assert readme.read_text() == once
    assert once.startswith("# A\n")
    assert once.endswith("\nB\n")
    with pytest.raises(CourseError, match="put them in"):
        put_between(BEGIN, END, "no marks", "")


def test_no_address_at_all_is_an_exit_status(monkeypatch, capsys):
    monkeypatch.setattr(badges.subprocess, "run", lambda *_, **__: type("R", (), {"returncode": 2}))
    assert badges.main([]) == 1
    assert "give the address of the repository" in capsys.readouterr().err


def test_the_readme_has_the_marks_and_no_two_addresses():
    text = (PROJECT / "README.md").read_text()
    assert BEGIN in put_between(BEGIN, END, text, "")
    links = r"(?:mybinder\.org/v2/gh|sagemaker\.aws/import/github)/([\w.-]+/[\w.-]+)"
    assert len(set(re.findall(links, text))) <= 1
