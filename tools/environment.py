"""Write environment.yml (Binder, Studio Lab, conda) from requirements.lock.

What is tested is then what is installed there: the same pins with the same hashes. Run by
``make lock``; a test fails when the two drift apart.
"""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
HEADER = """\
# Generated from requirements.lock by tools/environment.py: do not edit.
#
# conda and mamba pass what is below "pip" to pip, one entry per line, as a requirements file, so
# pip refuses anything with another hash. Not covered by hashes of this project: Python and pip,
# which come from conda-forge, and any package that was already there in the same version.
name: pines
channels:
  - conda-forge
dependencies:
  - python={python}
  - pip
  - pip:
"""


def pins(lock: str) -> list[str]:
    """Return the pinned requirements of a lock, environment markers kept, hashes left out."""
    lines = (line.removesuffix("\\").rstrip() for line in lock.splitlines())
    return [line for line in lines if line and not line.startswith((" ", "#"))]


def environment(lock: str, python: str) -> str:
    """Return the text of environment.yml for a lock and a Python version.

    An entry of several lines (``>-``) is read as one, its lines joined by spaces.
    """
    text = HEADER.format(python=python)
    for line in lock.splitlines():
        part = line.removesuffix("\\").strip()
        if part.startswith("--hash="):
            text += f"        {part}\n"
        elif part and not part.startswith("#"):
            text += f"      - >-\n        {part}\n"
    return text


def main() -> None:
    """Write environment.yml at the root of the project, and for repo2docker in binder/."""
    lock = (PROJECT / "requirements.lock").read_text()
    python = (PROJECT / ".python-version").read_text().strip()
    for folder in (PROJECT, PROJECT / "binder"):
        (folder / "environment.yml").write_text(environment(lock, python))


if __name__ == "__main__":
    main()
