"""What a learner meets first: lesson 00 beside its table of contents, and no question."""

import time

import pytest
from lab import HERE_ONLY, stop, wait_for_kernel

pytestmark = pytest.mark.browser


def test_lab_opens_on_the_first_lesson_and_asks_nothing(browser, lab, pictures):
    page = browser.new_page(viewport={"width": 1400, "height": 950})
    away = []
    page.on("request", lambda r: None if HERE_ONLY.match(r.url) else away.append(r.url))
    page.goto(lab.opens_at)
    wait_for_kernel(page)
    time.sleep(3)  # a pop-up would come by now
    page.screenshot(path=pictures / "first_run.png")
    assert page.locator(".jp-Dialog").count() == 0
    assert page.locator(".Toastify__toast").count() == 0
    assert page.title().startswith("00_welcome")
    contents = page.locator(".jp-TableOfContents").first
    assert contents.is_visible()
    assert "Welcome" in contents.inner_text()
    assert not away
    stop(page)
