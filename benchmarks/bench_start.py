"""How long a learner waits for the first plot of lesson 00, and for each lesson's first output.

    python benchmarks/bench_start.py [--busy]

The environment and the kit must be there, and what the lessons leave for each other. Each round
starts JupyterLab anew as ``make lab`` does, with no server of the kit running, and runs all cells
of the page that Lab opens by itself; the lessons are then opened in a last one, one by one, in
Chromium. With ``--busy`` as many other processes as there are cores compute all the while.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "tests" / "browser"), str(PROJECT / "tests")]
from lab import CHROMIUM, COLOURS, DRAWN_COLOURS, LAPTOP, find_chromium, wait_for_kernel  # noqa: E402
from waiting import listens, wait_until  # noqa: E402

ROUNDS = 3
LESSONS = sorted(path.stem for path in (PROJECT / "notebooks").glob("[0-9]*.ipynb"))
PATIENCE_MS = 180_000
FIND_PLOT = """() => [...window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells]
  .findIndex(cell => cell.cell_type === 'code' && cell.source.includes('.hvplot.'))"""
# Something to read or to look at: what loads HoloViews is an output without a text.
HAS_OUTPUT = """() => [...window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells]
  .some(cell => (cell.outputs ?? [])
    .some(output => output.output_type === 'stream' || 'text/plain' in (output.data ?? {})))"""


@contextmanager
def running_lab() -> Iterator[str]:
    """Start JupyterLab as the README says; yield its address once it answers."""
    arguments = "--no-browser --allow-root --port 0 --LabApp.expose_app_in_browser=True"
    arguments += " --IdentityProvider.token="
    make = subprocess.Popen(
        ["make", "lab", f"LAB_ARGS={arguments}"], cwd=PROJECT, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        for line in make.stdout:
            if address := re.search(r"(http://127\.0\.0\.1:\d+)/lab\S*", line):
                break
        else:
            raise RuntimeError("`make lab` ended before JupyterLab answered")
        threading.Thread(target=make.stdout.read, daemon=True).start()  # a full pipe stops Lab
        wait_until(lambda: listens(address[0]))
        yield address[0]
    finally:
        os.killpg(make.pid, signal.SIGKILL)
        make.wait()


def one_round(chromium: Browser) -> dict[str, float]:
    """Return the seconds since ``make lab`` until each step was reached."""
    started = time.perf_counter()
    reached = {}
    with running_lab() as address:
        reached["JupyterLab answers"] = time.perf_counter() - started
        page = chromium.new_page(viewport=LAPTOP)
        page.goto(address)
        wait_for_kernel(page)
        reached["the kernel is ready"] = time.perf_counter() - started
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        number = page.evaluate(FIND_PLOT)
        page.evaluate("n => window.jupyterapp.shell.currentWidget.content.scrollToItem(n)", number)
        while page.evaluate(COLOURS, number) < DRAWN_COLOURS:
            time.sleep(0.2)
        reached["the first plot is drawn"] = time.perf_counter() - started
        page.close()
    return reached


def first_output(chromium: Browser, address: str, lesson: str) -> tuple[float, float]:
    """Return the seconds from opening a lesson to its kernel, and from running to an output."""
    started = time.perf_counter()
    page = chromium.new_page(viewport=LAPTOP)
    page.goto(f"{address}/lab/workspaces/{lesson}/tree/notebooks/{lesson}.ipynb")
    wait_for_kernel(page)
    opened = time.perf_counter() - started
    page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    started = time.perf_counter()
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(HAS_OUTPUT, timeout=PATIENCE_MS, polling=250)
    seconds = time.perf_counter() - started
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()
    return opened, seconds


@contextmanager
def others_at_work(busy: bool) -> Iterator[None]:
    """Let as many processes compute as there are cores, if wanted."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(os.cpu_count() if busy else 0)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main() -> None:
    """Print the median and the slowest of the rounds as a table, then a line for each lesson."""
    parser = argparse.ArgumentParser(description="How long a learner waits.")
    parser.add_argument("--busy", action="store_true", help="while other processes compute")
    busy = parser.parse_args().busy
    rounds, lessons = [], {}
    with sync_playwright() as playwright, others_at_work(busy):
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM)
        for _ in range(ROUNDS):
            rounds.append(one_round(chromium))
            time.sleep(15)  # the kit's server ends soon after its last user
        with running_lab() as address:
            server = re.match(r"http://[^/]+", address)[0]
            for lesson in LESSONS:
                lessons[lesson] = first_output(chromium, server, lesson)
    how = "busy" if busy else "quiet"
    print(f"{how}, {os.cpu_count()} cores, {ROUNDS} rounds\n")
    print("| since `make lab` | median, s | slowest, s |\n|---|---|---|")
    for step in rounds[0]:
        seconds = [reached[step] for reached in rounds]
        print(f"| {step} | {statistics.median(seconds):.0f} | {max(seconds):.0f} |")
    print("\n| lesson | opened, s | first output after running, s |\n|---|---|---|")
    for lesson, (opened, seconds) in lessons.items():
        print(f"| {lesson} | {opened:.0f} | {seconds:.0f} |")


if __name__ == "__main__":
    main()
