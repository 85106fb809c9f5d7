"""A JupyterLab as ``make lab`` starts it, and a learner's hands and eyes in it."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Frame, Page, Response
from waiting import listens, wait_until

from helpers.machine.memory import proportional_bytes

CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
CHROMIUM += ["--disable-component-update", "--no-first-run"]
# Every other machine is unreachable, as without a network.
CHROMIUM += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]
PROJECT = Path(__file__).resolve().parents[2]
PARTS = ["notebooks", "docs", "binder", "jupytext.toml", "README.md"]
HERE_ONLY = re.compile(r"(data|blob|about):|(http|ws)s?://(127\.0\.0\.1|localhost)[:/]")
FIRST_CELL_SECONDS = 120
STOP_SECONDS = 10
TILES_MS = 5000  # until a basemap that is in sight is complete
DRAWN_COLOURS = 8

CELLS = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = [...panel.content.model.sharedModel.cells];
  return {
    kernel: panel.sessionContext.session?.kernel?.status,
    cells: cells.map((cell, number) => ({
      number,
      source: cell.source,
      code: cell.cell_type === 'code',
      ran: cell.execution_count,
      errors: (cell.outputs || []).filter(o => o.output_type === 'error')
        .map(o => o.ename + ': ' + o.evalue),
      kinds: (cell.outputs || []).map(o => Object.keys(o.data || {})),
    })),
  };
}"""
# All canvases below a node: those of Bokeh lie in shadow roots.
CANVASES = """const canvases = root => [...root.querySelectorAll('*')].flatMap(node => [
    ...(node.shadowRoot ? canvases(node.shadowRoot) : []),
    ...(node.tagName === 'CANVAS' && node.width && node.height ? [node] : []),
  ]);
  const pixels = canvas =>
    canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];"""
# The most colours on one canvas of a cell, or the width of a picture, whichever is more.
COLOURS = """number => {
  CANVASES
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[number].node;
  let most = 0;
  for (const canvas of canvases(cell)) {
    const data = pixels(canvas);
    const seen = new Set();
    for (let i = 0; i < data.length; i += 4)
      if (data[i + 3]) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    most = Math.max(most, seen.size);
  }
  for (const picture of cell.querySelectorAll('.jp-OutputArea img'))
    if (picture.naturalWidth > 99) most = Math.max(most, picture.naturalWidth);
  return most;
}""".replace("CANVASES", CANVASES)
# Whether the canvases of a dashboard's page show more than its grey axes: tasks are coloured bars.
TASKS_DRAWN = """() => {
  CANVASES
  let coloured = 0;
  for (const canvas of canvases(document)) {
    const data = pixels(canvas);
    for (let i = 0; i < data.length; i += 4) {
      const rgb = [data[i], data[i + 1], data[i + 2]];
      if (data[i + 3] && Math.max(...rgb) - Math.min(...rgb) > 40) coloured += 1;
    }
  }
  return coloured > 300;
}""".replace("CANVASES", CANVASES)
# Code that is cut; parts of a cell's plots that lie outside the output, are too small, or maps that
# are stretched.
MISPLACED = """([number, shrunk]) => {
  const cell = window.jupyterapp.shell.currentWidget.content.widgets[number].node;
  const within = node => node && (node === cell || within(node.parentNode || node.host));
  const faults = [];
  const code = cell.querySelector('.jp-InputArea .cm-scroller');
  if (code?.scrollWidth > code?.clientWidth + 1)
    faults.push(`code of ${code.scrollWidth} px is cut to ${code.clientWidth}`);
  const IN_METRES = /metre|km|Longitude/;
  const look = (node, name, width) => {
    const outputs = [...cell.querySelectorAll('.jp-OutputArea-output')]
      .map(output => output.getBoundingClientRect());
    const box = node.getBoundingClientRect();
    const middle = box.top + box.height / 2;
    const output = outputs.find(rect => rect.top <= middle && middle <= rect.bottom);
    if (!output) faults.push(`${name} lies in no output`);
    else if (box.left < output.left - 1 || box.right > output.right + 1
        || box.left + width > output.right + 1 || box.bottom > output.bottom + 6)
      faults.push(`${name} ends at ${Math.round(box.right)}, ${Math.round(box.bottom)}, its`
        + ` output at ${Math.round(output.right)}, ${Math.round(output.bottom)}`);
  };
  const pen = document.createElement('canvas').getContext('2d');
  const visit = (view, figure) => {
    const model = view.model;
    if (model.type === 'Figure') figure = view;
    if (SEEN.includes(model.type) && view.el.offsetWidth && within(view.el)) {
      if (model.type === 'Title') pen.font = `bold ${model.text_font_size} ${model.text_font}`;
      const width = model.type === 'Title' ? pen.measureText(model.text).width : 0;
      if (model.type === 'Figure' && model.below.some(part => IN_METRES.test(part.axis_label))) {
        const [x, y] = [model.x_range, model.y_range].map(range => range.end - range.start);
        const stretch = Math.abs((x / model.inner_width) / (y / model.inner_height));
        if (stretch < 0.97 || stretch > 1.03)
          faults.push(`a metre east is 1 / ${stretch.toFixed(2)} of a metre north`);
      }
      const axes = model.type === 'Figure' ? [...model.below, ...model.left] : [];
      if (axes.some(axis => ['x', 'y'].includes(axis.axis_label)))
        faults.push('an axis has no name of its own');
      look(view.el, `${model.type} ${model.text ?? ''}`, width);
      const right = figure?.el.getBoundingClientRect().right;
      if (view.el.getBoundingClientRect().left + width > right + 1)
        faults.push(`Title ${model.text} is cut by its plot, which ends at ${Math.round(right)}`);
      const entries = model.type === 'Legend' && view.shadow_el.querySelector('.bk-grid');
      if (entries && entries.offsetWidth > view.el.clientWidth + 1)
        faults.push(`Legend of ${entries.offsetWidth} px is cut to ${view.el.clientWidth}`);
    }
    for (const child of view.children()) visit(child, figure);
  };
  for (const root of window.Bokeh?.index ?? []) visit(root, null);
  for (const picture of cell.querySelectorAll('.jp-OutputArea img')) {
    look(picture, 'picture', 0);
    if (picture.clientWidth < shrunk * picture.naturalWidth)
      faults.push(`picture of ${picture.naturalWidth} px is shown with ${picture.clientWidth}`);
  }
  return faults;
}""".replace("SEEN", "['Figure', 'GridPlot', 'Title', 'Legend', 'ColorBar', 'Toolbar']")
# The colours that legends show, with what they stand for.
IN_LEGENDS = """() => {
  const shown = [];
  const visit = view => {
    for (const item of view.model.type === 'Legend' ? view.model.items : [])
      for (const {glyph} of item.renderers) {
        const colour = glyph.fill_color ?? glyph.line_color;
        shown.push([item.label?.value ?? item.label, colour?.value ?? colour]);
      }
    for (const child of view.children()) visit(child);
  };
  for (const root of window.Bokeh?.index ?? []) visit(root);
  return shown.filter(([, colour]) => typeof colour === 'string');
}"""
LEAST_SCALE = 0.58  # of a picture: labels of 12 pt (17 px at 100 dots an inch) have 10 px then
LAPTOP, PROJECTOR = {"width": 1440, "height": 900}, {"width": 1024, "height": 768}
LAYOUT_SECONDS = 10  # until plots have followed a new width
GO_TO = """text => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const cells = [...notebook.model.sharedModel.cells];
  const number = cells.findIndex(cell => cell.cell_type === 'code' && cell.source.includes(text));
  notebook.activeCellIndex = number;
  return number;
}"""
RAN = """number => {
  const panel = window.jupyterapp.shell.currentWidget;
  return panel.content.model.sharedModel.cells[number].execution_count
    && panel.sessionContext.session.kernel.status === 'idle';
}"""
SHOW = """number => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = number;
  return notebook.scrollToItem(number, 'start');
}"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, where it opens, its process, the folder that it shows."""

    address: str
    opens_at: str
    process: subprocess.Popen
    folder: Path


@dataclass
class Walk:
    """What was seen of one lesson."""

    seconds: float = 0.0
    peak_mb: float = 0.0
    plots: dict[int, int] = field(default_factory=dict)
    away: list[str] = field(default_factory=list)
    tiles: list[str] = field(default_factory=list)


LAB_AS_MADE = [sys.executable, "-m", "jupyter", "lab", "--config=binder/jupyter_server_config.py"]


def find_chromium() -> str | None:
    """Return the path of Debian's Chromium, None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def copy_lessons(folder: Path) -> None:
    """Copy what JupyterLab shows, so that nothing that a test does reaches the project's files."""
    for part in PARTS:
        source = PROJECT / part
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / part)


@contextmanager
def running_lab(
    folder: Path,
    command: list[str] = LAB_AS_MADE,
    environment: dict[str, str] | None = None,
    token: str = "",
) -> Iterator[Lab]:
    """Start JupyterLab in a folder, by default as ``make lab`` does; but it asks for no token."""
    command = [*command, "--no-browser", "--allow-root", "--ServerApp.port=0"]
    command += [f"--IdentityProvider.token={token}", "--LabApp.expose_app_in_browser=True"]
    if environment is None:
        environment = os.environ | {
            "COURSE_OUTPUTS": str(folder / "outputs"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),  # a theme is not left behind
        }
    lab = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=environment,
    )  # fmt: skip
    try:
        said = []
        for line in lab.stdout:
            said.append(line)
            if opens_at := re.search(r"(http://127\.0\.0\.1:\d+\S*?)/lab\S*", line):
                break
        else:
            raise RuntimeError("JupyterLab did not start:\n" + "".join(said))
        threading.Thread(target=lab.stdout.read, daemon=True).start()
        wait_until(lambda: listens(opens_at[1]))
        yield Lab(opens_at[1], opens_at[0], lab, folder)
    finally:
        family = [*psutil.Process(lab.pid).children(recursive=True), psutil.Process(lab.pid)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        # Jupyter's server sometimes stops answering and yet waits for a thread of its own for ever.
        for process in psutil.wait_procs(family, timeout=STOP_SECONDS)[1]:
            process.kill()
        lab.wait()


def open_lesson(browser: Browser, lab: Lab, lesson: str) -> tuple[Page, Walk]:
    """Open a lesson in a fresh page and wait until its kernel is ready."""
    page = browser.new_page(viewport=LAPTOP)
    walk = Walk()

    def note(request) -> None:
        if not HERE_ONLY.match(request.url):
            walk.away.append(request.url)

    def note_tile(answer: Response) -> None:
        if "/tiles/" in answer.url and answer.ok:
            walk.tiles.append(answer.url)

    page.on("request", note)
    page.on("response", note_tile)
    page.goto(f"{lab.address}/lab/workspaces/{lesson}/tree/notebooks/{lesson}.ipynb")
    wait_for_kernel(page)
    return page, walk


def stop(page: Page) -> None:
    """End the kernel of the lesson in front and close the page."""
    page.evaluate("window.jupyterapp?.shell.currentWidget?.sessionContext.shutdown()")
    page.close()


def wait_for_kernel(page: Page) -> None:
    """Wait until the notebook in front has an idle kernel."""
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
        " === 'idle'",
        timeout=FIRST_CELL_SECONDS * 1000,
    )


def run_all(page: Page, lab: Lab, walk: Walk, limit: float) -> list[dict]:
    """Run all cells of the lesson in front; return its cells when none has failed."""
    started = time.perf_counter()
    page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    while True:
        time.sleep(0.5)
        walk.peak_mb = max(walk.peak_mb, memory_of(lab) / 1e6)
        state = page.evaluate(CELLS)
        cells = [cell for cell in state["cells"] if cell["code"]]
        stopped = any(cell["errors"] for cell in cells)
        done = all(cell["ran"] for cell in cells if cell["source"].strip())
        walk.seconds = time.perf_counter() - started
        if state["kernel"] == "idle" and (done or stopped):
            failed = [
                f"cell {cell['number']}: {cell['errors'][0]}" for cell in cells if cell["errors"]
            ]
            assert not failed, failed
            return cells
        if walk.seconds > limit:
            waiting = next(cell for cell in cells if not cell["ran"])
            raise AssertionError(f"cell {waiting['number']} still runs: {waiting['source'][:80]}")


def run_cell(page: Page, text: str, limit: float, *, above: bool = False) -> None:
    """Run the first code cell of the lesson in front that holds a text, or all cells up to it."""
    number = page.evaluate(GO_TO, text)
    assert number >= 0, f"no code cell holds {text!r}"
    if above:
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-above')")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_function(RAN, arg=number, timeout=limit * 1000)


def open_dashboard(page: Page) -> Frame:
    """Launch the dashboard of the cell that has just run and return its task stream.

    Outputs that an earlier run has saved may hold the button of a cluster that is gone.
    """
    cell = page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
    button = cell.get_by_role("button", name="Launch dashboard in JupyterLab")
    button.click()
    page.wait_for_timeout(3000)  # the first click has found the cluster by then
    button.click()
    panel = page.wait_for_selector("iframe[src*='individual-task-stream']", timeout=20000)
    stream = panel.content_frame()
    stream.wait_for_selector("canvas", timeout=20000)
    return stream


def memory_of(lab: Lab) -> int:
    """Return the bytes held by Lab's kernels, their workers and the kit's server."""
    return proportional_bytes(psutil.Process(lab.process.pid).children(recursive=True))


def colours_drawn(page: Page, number: int, seconds: float = 20) -> int:
    """Scroll to a cell and return the number of colours on its plot, once something is drawn."""
    page.evaluate(SHOW, number)
    deadline = time.perf_counter() + seconds
    while (colours := page.evaluate(COLOURS, number)) < DRAWN_COLOURS:
        if time.perf_counter() > deadline:
            break
        time.sleep(0.3)
    return colours


def misplaced(page: Page, number: int) -> list[str]:
    """Return what of a cell's code and plots cannot be seen in full, or is too small to be read."""
    page.evaluate(SHOW, number)
    deadline = time.perf_counter() + LAYOUT_SECONDS
    while faults := page.evaluate(MISPLACED, [number, LEAST_SCALE]):
        if time.perf_counter() > deadline:
            break
        time.sleep(0.3)
    return faults


def colours_in_legends(page: Page) -> list[list[str]]:
    """Return what the legends of the lesson in front name, each with its colour."""
    return page.evaluate(IN_LEGENDS)


def set_theme(page: Page, theme: str) -> None:
    """Change the colours of JupyterLab."""
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
    )
    page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light",
        arg=str(theme.endswith("Light")).lower(),
    )


def wait_for_tiles(page: Page, cell: dict) -> None:
    """Give the basemap of a drawn plot the time to come, if the plot has one."""
    if "tiles=" in cell["source"]:
        page.wait_for_timeout(TILES_MS)
