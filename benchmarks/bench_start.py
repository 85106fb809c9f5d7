"""How long a learner waits: from ``make lab`` to the first plot of lesson 00, in Chromium.

    python benchmarks/bench_start.py

The environment and the kit must be there. Each round starts JupyterLab anew, with no server of the
kit running, and runs all cells of the page that Lab opens by itself.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests" / "browser"))
from lab import CHROMIUM, COLOURS, DRAWN_COLOURS, find_chromium, wait_for_kernel  # noqa: E402

ROUNDS = 3
FIND_PLOT = """() => [...window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells]
  .findIndex(cell => cell.cell_type === 'code' && cell.source.includes('.hvplot.'))"""


def one_round(chromium: Browser) -> dict[str, float]:
    """Start Lab as the README says and return the seconds until each step was reached."""
    arguments = "--no-browser --allow-root --port 0 --LabApp.expose_app_in_browser=True"
    arguments += " --IdentityProvider.token="
    started = time.perf_counter()
    reached = {}
    make = subprocess.Popen(
        ["make", "lab", f"LAB_ARGS={arguments}"], cwd=PROJECT, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        for line in make.stdout:
            if address := re.search(r"http://127\.0\.0\.1:\d+/lab\S*", line):
                break
        else:
            raise RuntimeError("`make lab` ended before JupyterLab answered")
        reached["JupyterLab answers"] = time.perf_counter() - started
        page = chromium.new_page(viewport={"width": 1400, "height": 950})
        page.goto(address[0])
        wait_for_kernel(page)
        reached["the kernel is ready"] = time.perf_counter() - started
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        number = page.evaluate(FIND_PLOT)
        page.evaluate(
            """number => window.jupyterapp.shell.currentWidget.content.scrollToItem(number)""",
            number,
        )
        while page.evaluate(COLOURS, number) < DRAWN_COLOURS:
            time.sleep(0.2)
        reached["the first plot is drawn"] = time.perf_counter() - started
        page.close()
        return reached
    finally:
        os.killpg(make.pid, signal.SIGKILL)
        make.wait()


def main() -> None:
    """Print the median and the slowest of the rounds as a table."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM)
        rounds = []
        for _ in range(ROUNDS):
            rounds.append(one_round(chromium))
            time.sleep(15)  # the kit's server ends soon after its last user
    print(f"`python benchmarks/bench_start.py`, {os.cpu_count()} cores, {ROUNDS} rounds\n")
    print("| since `make lab` | median, s | slowest, s |\n|---|---|---|")
    for step in rounds[0]:
        seconds = [reached[step] for reached in rounds]
        print(f"| {step} | {statistics.median(seconds):.0f} | {max(seconds):.0f} |")


if __name__ == "__main__":
    main()
