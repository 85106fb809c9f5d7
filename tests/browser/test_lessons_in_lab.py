"""Every lesson in a real JupyterLab: it runs, each plot is drawn, nothing asks the internet."""

import psutil
import pytest
from lab import (
    COLOURS,
    DRAWN_COLOURS,
    LAPTOP,
    PROJECTOR,
    TASKS_DRAWN,
    Lab,
    colours_drawn,
    colours_in_legends,
    misplaced,
    open_dashboard,
    open_lesson,
    run_all,
    run_cell,
    set_theme,
    stop,
    wait_for_tiles,
)
from lesson_parts import LESSONS, exercise_cells, read_lesson, solutions
from playwright.sync_api import expect
from plots import PLOT

from helpers.course import CLASS_COLOURS

pytestmark = pytest.mark.browser

LESSON_SECONDS = 300
RIM = "#444444"  # of pale lines in lesson 05
SIGHTS = [("laptop", LAPTOP, "JupyterLab Light"), ("projector", PROJECTOR, "JupyterLab Dark")]


@pytest.mark.parametrize("lesson", LESSONS)
def test_lesson_runs_and_is_drawn(lesson, browser, lab, pictures, record_property):
    page, walk = open_lesson(browser, lab, lesson)
    try:
        cells = run_all(page, lab, walk, LESSON_SECONDS)
        plots = [cell for cell in cells if any(_is_plot(kinds) for kinds in cell["kinds"])]
        for cell in plots:
            walk.plots[cell["number"]] = colours_drawn(page, cell["number"])
            wait_for_tiles(page, cell)
        blank = [number for number, colours in walk.plots.items() if colours < DRAWN_COLOURS]
        assert not blank, f"{lesson}: nothing is drawn in the output of cells {blank}"

        hidden = _look_at(page, lesson, plots, pictures)
        assert not hidden, f"{lesson}: out of sight or too small: {hidden}"
        classes = [pair for pair in colours_in_legends(page) if pair[0] in CLASS_COLOURS]
        own = {name for name, colour in classes if colour.upper() == CLASS_COLOURS[name]}
        wrong = [
            (name, colour)
            for name, colour in classes
            if name not in own or colour.upper() not in (CLASS_COLOURS[name], RIM)
        ]
        assert not wrong, f"{lesson}: classes in the colour of another: {wrong}"
        if any("tiles=" in cell["source"] for cell in plots):
            assert walk.tiles, f"{lesson}: no tile of the basemap has come"
        assert not walk.away, f"{lesson} asked other machines: {walk.away[:5]}"
        record_property(
            "lesson",
            f"| {lesson} | {walk.seconds:.0f} | {walk.peak_mb:.0f} | {len(plots)} |"
            f" {len(walk.tiles)} | {len(walk.away)} |",
        )
        _click_through(page, lesson, cells)
    finally:
        page.screenshot(path=pictures / f"{lesson}.png")
        stop(page)


def _look_at(page, lesson, plots, pictures):
    """Take a picture of each plot on a laptop and a projector; return what cannot be seen."""
    hidden = []
    for name, screen, theme in SIGHTS:
        page.set_viewport_size(screen)
        set_theme(page, theme)
        for cell in plots:
            number = cell["number"]
            hidden += [f"cell {number}, {name}: {part}" for part in misplaced(page, number)]
            page.screenshot(path=pictures / f"{lesson}_{number:02d}_{name}.png")
    return hidden


def _is_plot(kinds):
    """Say whether an output is a plot; loading the library leaves scripts without a text."""
    return "image/png" in kinds or {PLOT, "text/plain"} <= set(kinds)


def _click_through(page, lesson, cells):
    """Open every solution and quiz answer by a click, as a learner does; read the feedback."""
    exercises = exercise_cells(read_lesson(lesson))
    for cell in cells:
        if cell["source"] in exercises.values():
            page.evaluate(
                "n => window.jupyterapp.shell.currentWidget.content.scrollToItem(n)", cell["number"]
            )
            said = page.locator(f'.jp-Cell[data-windowed-list-index="{cell["number"]}"]')
            expect(said.locator(".exercise-feedback")).to_contain_text("Not attempted yet")
    notebook = read_lesson(lesson)
    opened = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown" or "<details>" not in cell.source:
            continue
        page.evaluate(
            "n => window.jupyterapp.shell.currentWidget.content.scrollToItem(n, 'start')", number
        )
        rendered = page.locator(f'.jp-Cell[data-windowed-list-index="{number}"]')
        summaries = rendered.locator("details > summary")
        assert summaries.count() == cell.source.count("<details>"), f"{lesson}, cell {number}"
        for position in range(summaries.count()):
            summary = summaries.nth(position)
            summary.click()
            details = rendered.locator("details").nth(position)
            assert details.get_attribute("open") is not None
            opened.append(details.inner_text())
    assert len([text for text in opened if text.startswith("Solution")]) == len(solutions(notebook))
    answers = [text for text in opened if not text.startswith("Solution")]
    assert all("Yes." in text or "No." in text for text in answers)


def test_a_solved_exercise_says_right(browser, lab):
    """Type the solution of the first exercise and run it."""
    lesson = LESSONS[0]
    notebook = read_lesson(lesson)
    (first, code), *_ = exercise_cells(notebook).items()
    page, walk = open_lesson(browser, lab, lesson)
    cells = run_all(page, lab, walk, LESSON_SECONDS)
    number = next(cell["number"] for cell in cells if cell["source"] == code)
    solved = solutions(notebook)[first] + "\n" + code[code.index("check(") :]
    page.evaluate(
        """async ([number, source]) => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.activeCellIndex = number;
          notebook.activeCell.model.sharedModel.source = source;
          await notebook.scrollToItem(number, 'center');
          await window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        [number, solved],
    )
    feedback = page.locator(f'.jp-Cell[data-windowed-list-index="{number}"] .exercise-feedback')
    expect(feedback).to_contain_text("Right", timeout=20_000)
    stop(page)


# Cells that make what the cluster works on (the first with all above it), and one that starts it.
@pytest.mark.parametrize(
    ("lesson", "start", "work"),
    [
        ("08_parallel_with_dask", ["ndvi = greenness("], "ndvi_map = ndvi.compute()"),
        (
            "09_map_the_study_area",
            ["part = lazy_part.compute()", "careful_answers = careful.compute()"],
            "on_a_cluster = predict_over_chunks(",
        ),
    ],
)
def test_the_dashboard_opens_beside_the_notebook(lesson, start, work, browser, lab, pictures):
    page, walk = open_lesson(browser, lab, lesson)
    try:
        run_cell(page, start[0], LESSON_SECONDS, above=True)
        for text in [*start[1:], "client = Client("]:
            run_cell(page, text, LESSON_SECONDS)
        assert {address.ip for address in _listening(lab)} == {"127.0.0.1"}
        stream = open_dashboard(page)
        assert not stream.evaluate(TASKS_DRAWN)
        run_cell(page, work, LESSON_SECONDS)
        stream.wait_for_function(TASKS_DRAWN, timeout=30000)
        assert not walk.away
    finally:
        page.screenshot(path=pictures / f"dashboard_{lesson[:2]}.png")
        stop(page)


def _listening(lab: Lab) -> list:
    """Return the addresses at which JupyterLab, its kernels and their clusters can be reached."""
    lab_process = psutil.Process(lab.process.pid)
    return [
        connection.laddr
        for process in (lab_process, *lab_process.children(recursive=True))
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]


def test_an_empty_canvas_counts_as_blank(browser, lab):
    """The eye of these tests can see nothing where there is nothing."""
    page, _ = open_lesson(browser, lab, LESSONS[0])
    page.evaluate(
        """() => {
          const canvas = document.createElement('canvas');
          canvas.width = canvas.height = 50;
          window.jupyterapp.shell.currentWidget.content.widgets[0].node.append(canvas);
        }"""
    )
    assert page.evaluate(COLOURS, 0) < DRAWN_COLOURS
    stop(page)


def test_what_is_wider_than_its_output_is_found(browser, lab):
    """The eye of these tests sees what a learner would have to scroll for."""
    page, _ = open_lesson(browser, lab, LESSONS[0])
    page.evaluate(
        """() => {
          const cell = window.jupyterapp.shell.currentWidget.content.widgets[0].node;
          cell.insertAdjacentHTML('beforeend', `<div class="jp-OutputArea">
            <div class="jp-OutputArea-output" style="width: 500px; overflow: hidden">
            <img width="900" height="40"></div></div>`);
        }"""
    )
    (fault,) = misplaced(page, 0)
    assert fault.startswith("picture ends at")
    stop(page)
