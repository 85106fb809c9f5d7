"""A lesson that was saved yesterday is opened again, and none of its cells is run."""

from collections import Counter

import pytest
from lab import (
    DRAWN_COLOURS,
    GO_TO,
    colours_drawn,
    copy_lessons,
    open_lesson,
    run_cell,
    running_lab,
    stop,
    wait_for_kernel,
)
from lesson_parts import LESSONS

pytestmark = pytest.mark.browser

LESSON = LESSONS[0]
MAP = "tiles=cloud.basemap"
SAVE = "window.jupyterapp.shell.currentWidget.context.save()"
LOOK_MS = 5000
COPIES = '"application/javascript"', '"application/vnd.holoviews_load.v0+json"'


def test_its_map_finds_its_tiles(browser, tmp_path):
    """BokehJS would ask a dead address for some of them for ever; its code is stored only once."""
    copy_lessons(tmp_path)
    with running_lab(tmp_path) as lab:
        page, _ = open_lesson(browser, lab, LESSON)
        run_cell(page, MAP, 120, above=True)
        assert colours_drawn(page, page.evaluate(GO_TO, MAP)) >= DRAWN_COLOURS
        page.evaluate(SAVE)
        stop(page)
    saved = (tmp_path / "notebooks" / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    assert [copy in saved for copy in COPIES] == [True, False]
    with running_lab(tmp_path) as lab:
        page = browser.new_page()
        asked, failed = Counter(), []
        page.on("request", lambda r: asked.update([r.url] if "/tiles/" in r.url else []))
        page.on("requestfailed", lambda r: failed.append(r.url))
        page.goto(f"{lab.address}/lab/workspaces/reopened/tree/notebooks/{LESSON}.ipynb")
        wait_for_kernel(page)
        assert colours_drawn(page, page.evaluate(GO_TO, MAP)) >= DRAWN_COLOURS
        page.wait_for_timeout(LOOK_MS)
        stop(page)
    assert asked
    assert not [url for url in failed if "/tiles/" in url]
    assert max(asked.values()) <= 2, asked.most_common(3)
