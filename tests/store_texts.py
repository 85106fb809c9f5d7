"""Store the short texts that tests compare: ``make map``, then ``python tests/store_texts.py``.

Copies the outputs of the cells tagged ``nbval-check-output`` from the executed lessons into the
notebooks. Read the difference before you commit it: it is what the lessons now say.
"""

import nbformat
from lesson_parts import CHECK_OUTPUT, LESSONS, NOTEBOOKS, PROJECT

from helpers.files import written_whole


def main() -> None:
    """Store the texts of all lessons."""
    for lesson in LESSONS:
        path = NOTEBOOKS / f"{lesson}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        executed = nbformat.read(PROJECT / "outputs/executed" / path.name, as_version=4)
        for cell, run in zip(notebook.cells, executed.cells, strict=True):
            if cell.cell_type == "code" and cell.source != run.source:
                raise SystemExit(f"{lesson} has changed since `make map`: run it again.")
            if CHECK_OUTPUT in cell.metadata.get("tags", []):
                cell.outputs, cell.execution_count = run.outputs, run.execution_count
        with written_whole(path) as unfinished:
            nbformat.write(notebook, unfinished)


if __name__ == "__main__":
    main()
