"""The texts stored in the lessons are really compared when the lessons run."""

import subprocess
import sys

import nbformat
import pytest
from lesson_parts import LESSONS, read_lesson

from helpers import CourseError, lessons
from tools import texts
from tools.texts import CHECK_OUTPUT


def _run(folder, stored, tags=(CHECK_OUTPUT,)):
    """Run nbval, as the tests do, on a notebook that prints 42 and has a text stored."""
    output = nbformat.v4.new_output("stream", name="stdout", text=stored)
    cell = nbformat.v4.new_code_cell(
        "print(42)", outputs=[output], execution_count=1, metadata={"tags": list(tags)}
    )
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / "tiny.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", str(folder / "tiny.ipynb")]
    command += ["-p", "no:cacheprovider", "--rootdir", str(folder)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_same_text_passes(tmp_path):
    assert _run(tmp_path, "42\n").returncode == 0


def test_another_text_fails(tmp_path):
    run = _run(tmp_path, "41\n")
    assert run.returncode == 1
    assert "mismatch" in run.stdout


def test_without_the_tag_nothing_is_compared(tmp_path):
    assert _run(tmp_path, "41\n", tags=()).returncode == 0


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_tagged_cell_has_a_short_text(lesson):
    cells = read_lesson(lesson).cells
    tagged = [cell for cell in cells if CHECK_OUTPUT in cell.metadata.get("tags", [])]
    assert tagged, f"no cell of {lesson} is compared"
    for cell in tagged:
        assert cell.outputs, f"store the text of: {cell.source}"
        for output in cell.outputs:
            kinds = set(output.get("data", {"text/plain": ""}))
            assert kinds == {"text/plain"}, f"{kinds} is not a text: {cell.source}"
        assert len(str(cell.outputs)) < 2500


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one lesson, which prints two texts; one of them is stored."""
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path / "outputs"))
    for module in (lessons, texts):
        monkeypatch.setattr(module, "NOTEBOOKS", tmp_path)
    tagged = nbformat.v4.new_code_cell("print(6 * 7)", metadata={"tags": [CHECK_OUTPUT]})
    cells = [nbformat.v4.new_code_cell("print(1)"), tagged]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "00_tiny.ipynb")
    return tmp_path


@pytest.mark.kit
def test_only_texts_of_tagged_cells_are_stored(course, capsys):
    assert texts.main(["00"]) == 0
    assert "00_tiny: 1 texts stored" in capsys.readouterr().out
    plain, tagged = nbformat.read(course / "00_tiny.ipynb", as_version=4).cells
    assert plain.outputs == [] and plain.execution_count is None
    assert tagged.outputs[0].text == "42\n" and tagged.execution_count == 2


@pytest.mark.kit
def test_a_lesson_that_fails_is_left_as_it_is(course, capsys):
    path = course / "00_tiny.ipynb"
    path.write_text(path.read_text().replace("print(1)", "1 / 0"))
    before = path.read_text()
    assert texts.main([]) == 1
    assert "Lesson 00_tiny stopped at cell 0" in capsys.readouterr().err
    assert path.read_text() == before


def test_a_lesson_is_found_by_its_number(course):
    assert texts.lessons_of("00") == texts.lessons_of("0") == texts.lessons_of("") == ["00_tiny"]
    with pytest.raises(CourseError, match="There is no lesson 07: give the two digits of one of"):
        texts.lessons_of("07")
