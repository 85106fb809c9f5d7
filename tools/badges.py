"""Badges that open the course on Binder and in Studio Lab: the one place that knows their form.

The links hold the public address of the repository, which only its owner knows::

    python -m tools.badges https://github.com/OWNER/NAME           # print them
    python -m tools.badges https://github.com/OWNER/NAME --write   # and put them into README.md

Without an address, that of the git remote ``origin`` is taken.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from urllib.parse import quote

from helpers.errors import CourseError
from helpers.paths import PROJECT
from offline_kit.files import written_whole
from tools.marks import put_between

README = PROJECT / "README.md"
BEGIN, END = "<!-- badges: made by tools/badges.py -->", "<!-- end of badges -->"
BINDER_PICTURE = "https://mybinder.org/badge_logo.svg"
STUDIO_LAB_PICTURE = "https://studiolab.sagemaker.aws/studiolab.svg"


@dataclass(frozen=True)
class Repository:
    """A public repository on GitHub: owner, name and branch."""

    owner: str
    name: str
    branch: str

    @classmethod
    def at(cls, address: str, branch: str) -> Repository:
        """Read an address as browsers or git write it.

        Raises
        ------
        CourseError
            If it is not that of a repository on GitHub, the one place that Studio Lab reads from.
        """
        found = re.fullmatch(
            r"(?:https://|ssh://git@|git@)github\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?",
            address.strip(),
        )
        if not found:
            raise CourseError(
                f"'{address}' is not a repository on GitHub: give an address such as "
                "https://github.com/OWNER/NAME."
            )
        return cls(found[1], found[2], branch)

    def binder(self, notebook: str) -> str:
        """Return the badge that opens a notebook on Binder."""
        place = quote(f"lab/tree/{notebook}", safe="")
        link = f"https://mybinder.org/v2/gh/{self.owner}/{self.name}/{self._ref}?urlpath={place}"
        return f"[![Open on Binder]({BINDER_PICTURE})]({link})"

    def studio_lab(self, notebook: str) -> str:
        """Return the badge that opens a notebook in Studio Lab."""
        link = (
            "https://studiolab.sagemaker.aws/import/github/"
            f"{self.owner}/{self.name}/blob/{self.branch}/{notebook}"
        )
        return f"[![Open in Studio Lab]({STUDIO_LAB_PICTURE})]({link})"

    @property
    def _ref(self) -> str:
        return quote(self.branch, safe="")


def table(repository: Repository) -> str:
    """Return the table of badges, a row for each lesson, as Markdown."""
    rows = ["| lesson | Binder | Studio Lab |", "|---|---|---|"]
    for path in sorted((PROJECT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        notebook = f"notebooks/{path.name}"
        title = path.stem.replace("_", " ")
        badges = f"{repository.binder(notebook)} | {repository.studio_lab(notebook)}"
        rows.append(f"| {title} | {badges} |")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    """Print the badges, and write them into README.md if asked; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.badges", description=__doc__)
    parser.add_argument("address", nargs="?", help="such as https://github.com/OWNER/NAME")
    parser.add_argument("--branch", default="main", help="main (default)")
    parser.add_argument("--write", action="store_true", help="put them into README.md")
    given = parser.parse_args(arguments)
    try:
        address = given.address or _origin()
        badges = table(Repository.at(address, given.branch))
        print(badges)
        if given.write:
            text = put_between(BEGIN, END, README.read_text(encoding="utf-8"), badges)
            with written_whole(README) as unfinished:
                unfinished.write_text(text, encoding="utf-8")
    except CourseError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


def _origin() -> str:
    run = subprocess.run(
        ["git", "remote", "get-url", "origin"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise CourseError("git knows no remote 'origin': give the address of the repository.")
    return run.stdout


if __name__ == "__main__":
    sys.exit(main())
