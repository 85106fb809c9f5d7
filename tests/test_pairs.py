"""Both halves of a lesson's pair are there, agree, and carry no outputs."""

import jupytext
import pytest
from jupytext.compare import compare_notebooks
from lesson_parts import LESSONS, NOTEBOOKS

from tools.texts import CHECK_OUTPUT

PAIRED = [*LESSONS, "own/your_map"]


def test_every_half_has_its_other_half():
    assert LESSONS == sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    assert LESSONS == sorted(path.stem for path in (NOTEBOOKS / "scripts").glob("*.py"))
    own = {path.stem for path in (NOTEBOOKS / "own").glob("*.ipynb")}
    assert own == {path.stem for path in (NOTEBOOKS / "scripts" / "own").glob("*.py")}
    assert [name[:2] for name in LESSONS] == [f"{number:02d}" for number in range(len(LESSONS))]


@pytest.mark.parametrize("lesson", PAIRED)
def test_halves_agree(lesson):
    notebook = jupytext.read(NOTEBOOKS / f"{lesson}.ipynb")
    script = jupytext.read(NOTEBOOKS / "scripts" / f"{lesson}.py")
    compare_notebooks(notebook, script, compare_outputs=False)


@pytest.mark.parametrize("lesson", PAIRED)
def test_committed_without_outputs(lesson):
    for cell in jupytext.read(NOTEBOOKS / f"{lesson}.ipynb").cells:
        if cell.cell_type == "code" and CHECK_OUTPUT not in cell.metadata.get("tags", []):
            assert not cell.outputs, f"clear the outputs of:\n{cell.source}"


@pytest.mark.parametrize("lesson", PAIRED)
def test_both_halves_name_their_kernel_and_their_formats(lesson):
    for half in (NOTEBOOKS / f"{lesson}.ipynb", NOTEBOOKS / "scripts" / f"{lesson}.py"):
        metadata = jupytext.read(half).metadata
        assert metadata["kernelspec"]["name"] == "python3"
        assert metadata["jupytext"]["formats"], "JupyterLab would take the halves for different"
