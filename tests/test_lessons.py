"""Running lessons headless, and finding or making what an earlier one leaves."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from helpers import CourseError, checkpoints, find_or_make, lessons


@pytest.fixture
def course(monkeypatch, tmp_path):
    """A course of tiny lessons and an outputs folder of its own."""
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    monkeypatch.setattr(lessons, "NOTEBOOKS", notebooks)

    def write(name, *sources):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), notebooks / f"{name}.ipynb")

    return write


def test_lessons_come_in_order(course):
    for name in ["10_last", "02_second", "00_first"]:
        course(name, "1")
    assert lessons.lesson_names() == ["00_first", "02_second", "10_last"]


def test_a_lesson_leaves_its_executed_copy_and_its_peak(course, tmp_path):
    course(
        "00_big", "block = bytearray(300 * 2**20)", "import time; time.sleep(1.5)", "print(6 * 7)"
    )
    run = lessons.run_lesson("00_big", tmp_path / "executed")
    executed = nbformat.read(tmp_path / "executed" / "00_big.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].text == "42\n"
    assert run.peak_mb > 300


def test_a_failure_names_lesson_cell_and_reason(course, tmp_path):
    course("00_bad", "fine = 1", "# the culprit\n1 / 0", "never = 1")
    with pytest.raises(lessons.LessonFailed) as failure:
        lessons.run_lesson("00_bad", tmp_path)
    assert str(failure.value) == (
        "Lesson 00_bad stopped at cell 1 (# the culprit): ZeroDivisionError: division by zero"
    )
    assert (tmp_path / "00_bad.ipynb").exists()


@pytest.mark.parametrize("content", [None, "", "{", "{}", '{"cells": 3, "nbformat": 4}'])
def test_a_lesson_that_cannot_be_read(course, tmp_path, content):
    if content is not None:
        (tmp_path / "notebooks" / "00_bad.ipynb").write_text(content)
    for run in (
        lambda: lessons.run_lesson("00_bad", tmp_path),
        lambda: lessons.run_together(["00_bad"]),
    ):
        with pytest.raises(lessons.LessonFailed, match="00_bad cannot be read.*git checkout"):
            run()


def test_a_copy_that_cannot_be_kept_is_a_sentence(course, tmp_path):
    course("00_first", "fine = 1")
    (tmp_path / "executed").write_text("in the way")
    with pytest.raises(CourseError, match=r"00_first\.ipynb cannot be written"):
        lessons.run_lesson("00_first", tmp_path / "executed")


def test_a_course_error_is_shown_by_its_sentence_alone(course, tmp_path):
    course("00_bad", "from helpers import CourseError\nraise CourseError('Do this.')")
    with pytest.raises(lessons.LessonFailed, match=r"\): Do this\.$"):
        lessons.run_lesson("00_bad", tmp_path)


def test_a_dead_kernel_is_a_failure(course, tmp_path):
    course("00_dies", "import os\nos._exit(1)")
    with pytest.raises(lessons.LessonFailed, match=r"cell 0 \(import os\): its kernel died"):
        lessons.run_lesson("00_dies", tmp_path)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ([sys.executable, "-c", "raise SystemExit('no room')"], "Kernel died before replying"),
        (["/nowhere/python", "-m", "ipykernel"], "/nowhere/python"),
    ],
)
def test_a_kernel_that_does_not_start_is_a_failure(course, tmp_path, monkeypatch, program, words):
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": program, "display_name": "broken", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    course("00_first", "fine = 1")
    with pytest.raises(lessons.LessonFailed, match=f"00_first did not start .*{words}.*doctor"):
        lessons.run_lesson("00_first", tmp_path)
    with pytest.raises(lessons.LessonFailed, match="did not start"):
        lessons.run_together(["00_first"])


def test_a_cell_that_takes_too_long_is_a_failure(course, tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "CELL_SECONDS", 2)
    course("00_slow", "import time\ntime.sleep(60)")
    with pytest.raises(lessons.LessonFailed, match="it took longer than 2 s"):
        lessons.run_lesson("00_slow", tmp_path)


def test_the_command_line_exits_non_zero_for_an_unknown_lesson():
    command = [sys.executable, "-m", "helpers.lessons", "99_nowhere"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "09_map_the_study_area" in run.stderr


def test_every_file_is_left_by_a_lesson_that_writes_it():
    for name, lesson in checkpoints.LEFT_BY.items():
        script = Path(lessons.NOTEBOOKS) / "scripts" / f"{lesson}.py"
        assert f'with leave("{name}")' in script.read_text(), f"{lesson} leaves no {name}"


def test_a_file_that_no_lesson_leaves_is_refused():
    with pytest.raises(CourseError, match="No lesson leaves a file 'map.pdf'"):
        find_or_make("map.pdf")


@pytest.mark.kit
def test_a_lesson_that_leaves_nothing_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path))
    monkeypatch.setattr(checkpoints, "_run_apart", lambda names: None)
    with pytest.raises(CourseError, match=r"02_find_scenes ran, but .*json is not there"):
        find_or_make("chosen_scene.json")


@pytest.mark.kit
def test_a_lesson_that_is_run_for_its_file_does_not_run_others(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path))
    monkeypatch.setenv(checkpoints.MAKING, "1")
    with pytest.raises(CourseError, match=r"02_find_scenes ran, but .*json is not there"):
        find_or_make("chosen_scene.json")


def test_lessons_run_together_share_packages_but_no_names(course, tmp_path, capsys):
    course("00_first", "import json\nmine = 1", f"open({str(tmp_path / 'first')!r}, 'w')")
    check = "import sys\nassert 'mine' not in dir() and 'json' in sys.modules"
    course("01_second", check, f"open({str(tmp_path / 'second')!r}, 'w')")
    lessons.run_together(["00_first", "01_second"])
    assert (tmp_path / "first").exists() and (tmp_path / "second").exists()
    assert capsys.readouterr().out == "00_first ...\n01_second ...\n"


def test_lessons_run_together_can_start_worker_processes(course):
    course("00_first", "n_workers = 1")
    course(
        "01_second",
        "from distributed import Client",
        "Client(n_workers=1, dashboard_address=None, security=True).shutdown()",
    )
    lessons.run_together(["00_first", "01_second"])


def test_a_failure_among_lessons_run_together_names_its_lesson(course):
    course("00_first", "fine = 1")
    course("01_second", "fine = 1", "1 / 0")
    with pytest.raises(lessons.LessonFailed, match=r"Lesson 01_second stopped at cell 1 \(1 / 0\)"):
        lessons.run_together(["00_first", "01_second"])


def test_what_follows_the_last_file_is_not_run_when_lessons_run_together(course, tmp_path):
    leave = "from contextlib import nullcontext as leave\nwith leave(0): pass"
    course("00_first", leave, f"open({str(tmp_path / 'between')!r}, 'w')", leave, "1 / 0")
    lessons.run_together(["00_first"])
    assert (tmp_path / "between").exists()
    with pytest.raises(lessons.LessonFailed):
        lessons.run_lesson("00_first", tmp_path)


def test_nothing_is_drawn_when_lessons_run_together(course, tmp_path):
    drawn = tmp_path / "drawn"
    picture = f"""\
class Picture:
    def __repr__(self):
        open({str(drawn)!r}, "w").close()
        return "a picture"
Picture()"""
    course("00_first", picture)
    lessons.run_together(["00_first"])
    assert not drawn.exists()
    lessons.run_lesson("00_first", tmp_path)
    assert drawn.exists()


def test_exercises_are_left_out_when_lessons_run_together(course):
    course("00_first", "fine = 1")
    notebook = nbformat.read(lessons.NOTEBOOKS / "00_first.ipynb", as_version=4)
    exercise = nbformat.v4.new_code_cell("1 / 0", metadata={"tags": ["exercise"]})
    notebook.cells.append(exercise)
    nbformat.write(notebook, lessons.NOTEBOOKS / "00_first.ipynb")
    lessons.run_together(["00_first"])


@pytest.mark.lesson
def test_a_lesson_opened_first_makes_what_it_needs(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COURSE_OUTPUTS", str(tmp_path))
    path = find_or_make("chosen_scene.json")
    assert path.stat().st_size > 0
    said = capsys.readouterr().out
    assert "chosen_scene.json is not there: running a lesson" in said
    assert "02_find_scenes ..." in said
