"""Write environment.yml (Binder, Studio Lab, conda) from requirements.lock.

What is tested is then what is installed there: the same pins, without their hashes, which conda
does not take. Run by ``make lock``; a test fails when the two drift apart.
"""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
HEADER = """\
# Generated from requirements.lock by binder/environment_from_lock.py: do not edit.
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
    """Return the text of environment.yml for a lock and a Python version."""
    header = HEADER.format(python=python)
    return header + "".join(f'      - "{pin}"\n' for pin in pins(lock))


def main() -> None:
    """Write environment.yml at the root of the project, and for repo2docker in binder/."""
    lock = (PROJECT / "requirements.lock").read_text()
    python = (PROJECT / ".python-version").read_text().strip()
    for folder in (PROJECT, PROJECT / "binder"):
        (folder / "environment.yml").write_text(environment(lock, python))


if __name__ == "__main__":
    main()
