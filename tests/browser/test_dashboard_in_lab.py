"""Dask's dashboard beside the notebook, launched as lessons 08 and 09 say."""

import psutil
import pytest
from lab import TASKS_DRAWN, Lab, open_dashboard, open_lesson, run_cell, stop

pytestmark = pytest.mark.browser

LESSON_SECONDS = 240


@pytest.mark.parametrize(
    ("lesson", "work"),
    [
        ("08_parallel_with_dask", "ndvi_map = ndvi.compute()"),
        ("09_map_the_study_area", "on_a_cluster = predict_over_chunks("),
    ],
)
def test_the_dashboard_opens_beside_the_notebook(lesson, work, browser, lab, pictures):
    page, walk = open_lesson(browser, lab, lesson)
    try:
        run_cell(page, "client = Client(", LESSON_SECONDS, above=True)
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
