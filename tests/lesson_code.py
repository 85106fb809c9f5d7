"""Run a lesson's own code on other data: the cells as they stand, with a cell put before them."""

import re

import jupytext
import nbformat
from lesson_parts import NOTEBOOKS, PROJECT
from nbclient import NotebookClient

REAL = PROJECT.parent / "shared" / "real"
EARTH_SEARCH = PROJECT.parent / "shared" / "earth-search"


def run_lesson_code(
    lesson: str,
    before: str,
    after: str,
    replace: dict[str, str] | None = None,
    until: str | None = None,
    skip: tuple[str, ...] = (),
) -> str:
    """Run the code cells of a lesson in a fresh kernel and return what the last one printed.

    Parameters
    ----------
    lesson
        Its name, such as ``"01_field_observations"``.
    before, after
        Code to run before the first cell and after the last.
    replace
        Pieces of the lesson's code to put others in place of; each must be there exactly once.
    until
        A piece of code: the first cell that has it, and all later ones, are left out.
    skip
        Headings of sections, without their ``##``: all their cells are left out.
    """
    cells = jupytext.read(NOTEBOOKS / "scripts" / f"{lesson}.py").cells
    heading, found = "", []
    for cell in cells:
        if cell.cell_type == "code":
            found.append((heading, cell.source))
        elif headings := re.findall(r"^## (.+)$", cell.source, re.MULTILINE):
            heading = headings[-1]
    unknown = set(skip) - {heading for heading, _ in found}
    assert not unknown, f"{lesson} has no sections with code called {unknown}"
    sources = [source for heading, source in found if heading not in skip]
    if until is not None:
        (end,) = [number for number, source in enumerate(sources) if until in source][:1]
        sources = sources[:end]
    code = "\n#%%\n".join(sources)
    for old, new in (replace or {}).items():
        assert code.count(old) == 1, f"{lesson} has {old!r} {code.count(old)} times"
        code = code.replace(old, new)
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(source) for source in [before, *code.split("\n#%%\n"), after]
        ]
    )
    resources = {"metadata": {"path": str(NOTEBOOKS)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    return "".join(output.text for output in notebook.cells[-1].outputs if "text" in output)
