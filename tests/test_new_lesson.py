"""`make lesson` lays down a lesson that runs, and of which the tests say what is still to do."""

import importlib.util
import json

import geopandas as gpd
import jupytext
import lesson_parts
import lesson_rules as rules
import pytest
from jupytext.compare import compare_notebooks

from helpers import CourseError
from helpers.exercises import core, feedback_on
from helpers.lessons import lesson_names
from helpers.paths import PROJECT
from tools import new_lesson
from tools.frame import Lesson

NUMBER = f"{len(lesson_names()):02d}"
LESSON = f"{NUMBER}_how_good_is_the_map"


@pytest.fixture
def project(tmp_path):
    for folder in ("notebooks/scripts", "helpers/exercises", "tests/mistakes", "docs/instructor"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def started(project):
    new_lesson.start_lesson(NUMBER, "how_good_is_the_map", project)
    return project


def read(project):
    return Lesson(LESSON, jupytext.read(project / "notebooks" / f"{LESSON}.ipynb"))


def test_it_has_its_five_files_and_a_pair_that_agrees(started):
    names = sorted(str(path.relative_to(started)) for path in started.rglob("*.*"))
    assert names == [
        f"docs/instructor/{LESSON}.md",
        f"helpers/exercises/lesson_{NUMBER}.py",
        f"notebooks/{LESSON}.ipynb",
        f"notebooks/scripts/{LESSON}.py",
        f"tests/mistakes/{LESSON}.py",
    ]
    script = jupytext.read(started / "notebooks" / "scripts" / f"{LESSON}.py")
    compare_notebooks(read(started).notebook, script, compare_outputs=False)
    metadata = json.loads((started / "notebooks" / f"{LESSON}.ipynb").read_text())["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"
    assert metadata["jupytext"]["formats"]


def test_only_what_is_to_do_is_wrong_with_it(started):
    lesson = read(started)
    assert lesson.title == f"{NUMBER} How good is the map"
    for rule in rules.RULES:
        folder = {"folder": started / "docs" / "instructor"}
        wrong = rule(lesson, **(folder if rule is rules.instructor_in_step else {}))
        assert bool(wrong) == (rule is rules.nothing_left_to_do), (rule.__name__, wrong)
    assert any("the one question" in todo for todo in rules.nothing_left_to_do(lesson))


def test_what_is_to_do_in_its_other_files_is_found(started, monkeypatch):
    monkeypatch.setattr(rules, "PROJECT", started)
    monkeypatch.setattr(rules, "INSTRUCTOR", started / "docs" / "instructor")
    places = {todo.partition(":")[0] for todo in rules.nothing_left_to_do(read(started))}
    assert {place for place in places if "/" in place} == {
        f"docs/instructor/{LESSON}.md",
        f"helpers/exercises/lesson_{NUMBER}.py",
        f"tests/mistakes/{LESSON}.py",
    }


def test_its_exercises_examine(started, monkeypatch):
    monkeypatch.setattr(core, "EXERCISES", {})
    monkeypatch.setattr(lesson_parts, "PROJECT", started)
    path = started / "helpers" / "exercises" / f"lesson_{NUMBER}.py"
    spec = importlib.util.spec_from_file_location("started", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    points = gpd.GeoDataFrame({"name": [*"abcdef"] * 3, "group": [1, 2, 3] * 6, "class": 5})

    def feedback(number, code):
        names = {"points": points}
        exec(code, names)
        answer = names["first_answer" if number.endswith("1") else "second_answer"]
        return feedback_on(number, answer, points=points)

    notebook = read(started).notebook
    solutions = lesson_parts.solutions(notebook)
    assert list(solutions) == list(lesson_parts.exercise_cells(notebook)) == list(core.EXERCISES)
    for number, code in solutions.items():
        assert feedback(number, code).verdict == core.RIGHT
    mistakes = lesson_parts.mistakes(LESSON)
    hints = [feedback(mistake.exercise, mistake.code) for mistake in mistakes]
    for mistake, said in zip(mistakes, hints, strict=True):
        assert said.verdict == core.NOT_YET
        assert mistake.words in said.text
    assert len({said.text for said in hints}) == len(mistakes) == 6


@pytest.mark.parametrize(
    ("number", "name", "words"),
    [
        ("01", "more_points", f"The next lesson is N={NUMBER}, not N=01"),
        ("99", "too_far", f"The next lesson is N={NUMBER}, not N=99"),
        (NUMBER, "How good", "NAME=How good cannot be part of a file's name"),
        (NUMBER, "../escape", "NAME=../escape cannot be"),
        (NUMBER, "", "NAME= cannot be"),
    ],
)
def test_what_is_not_as_agreed_is_refused(number, name, words, project):
    with pytest.raises(CourseError, match=words):
        new_lesson.start_lesson(number, name, project)
    assert not [*project.rglob("*.*")]


def test_what_is_there_already_is_left_alone(project):
    mistakes = project / "tests" / "mistakes" / f"{LESSON}.py"
    mistakes.write_text("precious")
    with pytest.raises(CourseError, match=r"mistakes/.*\.py already exists: nothing was written"):
        new_lesson.start_lesson(NUMBER, "how_good_is_the_map", project)
    assert [*project.rglob("*.*")] == [mistakes]
    assert mistakes.read_text() == "precious"


def test_the_command_says_what_went_wrong(capsys):
    assert new_lesson.main(["00", "again"]) == 1
    assert f"The next lesson is N={NUMBER}" in capsys.readouterr().err
    assert not (PROJECT / "notebooks" / "00_again.ipynb").exists()
