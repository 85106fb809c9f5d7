"""JupyterLab, the kernel that it starts, and a map drawn in that kernel."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from helpers.doctor._check import ToFix, one_line
from helpers.paths import PROJECT

KERNEL = "python3"
PROBE_SECONDS = 120  # a fresh environment compiles every module at its first import
# The browser parts of HoloViews and Panel in JupyterLab: without them plots stay blank.
LAB_EXTENSION = Path("@pyviz") / "jupyterlab_pyviz"

ENVIRONMENT_CELL = """\
import sys
from importlib.util import find_spec
from pathlib import Path

helpers = find_spec("helpers")
print(sys.prefix)
print(Path(helpers.origin).resolve().parents[1] if helpers else "nowhere")"""
# In this order: hvplot, where it is imported first, loads its JavaScript from the internet.
JAVASCRIPT_CELL = 'import holoviews as hv\n\nhv.extension("bokeh", inline=True)'
MAP_CELL = """\
import geopandas as gpd
import hvplot.pandas

places = gpd.GeoDataFrame(geometry=gpd.points_from_xy([19.0, 19.1], [-34.0, -33.9]), crs=4326)
places.hvplot.points(geo=True, frame_width=100)"""


class KernelProbe:
    """A few cells, run in a kernel as JupyterLab starts it, while other checks are made.

    Use it as a context manager; the kernel starts at once and is ended at the exit.
    """

    def __enter__(self) -> KernelProbe:
        """Start the kernel."""
        self._pool = ThreadPoolExecutor(1)
        self._outputs = self._pool.submit(run_cells, ENVIRONMENT_CELL, JAVASCRIPT_CELL, MAP_CELL)
        return self

    def __exit__(self, *_: object) -> None:
        """Wait until the kernel has ended."""
        self._pool.shutdown(cancel_futures=True)

    def environment(self) -> tuple[str, str]:
        """Return the folders of the environment and of the course that the kernel runs in."""
        said = "".join(output.get("text", "") for output in self._cell(0)).splitlines()
        return said[-2], said[-1]

    def javascript(self) -> str:
        """Return the JavaScript that the notebook loads before the first plot."""
        return self._of_type(1, "application/javascript")

    def map_document(self) -> str:
        """Return the description of the map that Bokeh draws in the browser."""
        return self._of_type(2, "text/html")

    def _of_type(self, number: int, mime_type: str) -> str:
        found = (output.get("data", {}).get(mime_type, "") for output in self._cell(number))
        return "\n".join(found)

    def _cell(self, number: int) -> list[dict[str, Any]]:
        outputs = self._outputs.result()[number]
        for output in outputs:
            if "ename" in output:
                raise ToFix(
                    f"In the kernel, {output['ename']}: {one_line(output['evalue'])}. Fix the "
                    "packages first."
                )
        return outputs


def run_cells(*sources: str) -> list[list[dict[str, Any]]]:
    """Run cells in a fresh kernel, as JupyterLab starts it, and return the outputs of each.

    Raises
    ------
    ToFix
        If there is no such kernel, or it does not start, dies, or takes too long.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from nbformat.v4 import new_code_cell, new_notebook

    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL,
        startup_timeout=PROBE_SECONDS,
        timeout=PROBE_SECONDS,
        allow_errors=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(PROJECT / "notebooks")}},
    )
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said, ExitStack() as until_done:
        try:
            until_done.enter_context(client.setup_kernel(stderr=said))
        except NoSuchKernel:
            raise ToFix(f"There is no kernel '{KERNEL}' here: {_how_to_install()}.") from None
        except (RuntimeError, OSError) as error:
            said.seek(0)
            last = (said.read().strip() or str(error)).splitlines()[-1]
            raise ToFix(
                f"The kernel '{KERNEL}' does not start ({one_line(last)}): {_how_to_install()}."
            ) from None
        try:
            client.execute(cleanup_kc=False)
        except DeadKernelError:
            raise ToFix(
                "The kernel died while it drew a map: shut down other kernels and programs, so "
                "that more memory is free, and try again."
            ) from None
        except CellTimeoutError:
            raise ToFix(
                f"A kernel did not draw a map within {PROBE_SECONDS} s: shut down other kernels "
                "and programs, and try again."
            ) from None
    return [cell.outputs for cell in notebook.cells]


def kernel_folder() -> Path:
    """Return the folder of the kernel specification that JupyterLab would take."""
    from jupyter_client.kernelspec import KernelSpecManager

    return Path(KernelSpecManager().get_kernel_spec(KERNEL).resource_dir)


def look_at_kernel(probe: KernelProbe) -> str:
    """Start a kernel as JupyterLab does, and look whether it is in this environment."""
    environment, course = probe.environment()
    if not _same(environment, sys.prefix):
        raise ToFix(f"The kernel runs in {environment}, not in {sys.prefix}: {_how_to_install()}.")
    if not _same(course, PROJECT):
        raise ToFix(
            f"The kernel takes `helpers` from {course}, not from {PROJECT}: look at PYTHONPATH, "
            "and start JupyterLab with `make lab` in this folder."
        )
    return f"starts in {environment}"


def look_at_lab() -> str:
    """Look whether JupyterLab is in this environment, and has the browser parts of the plots."""
    release = version("jupyterlab")
    lab = lab_environment()
    if lab is not None and not _same(lab, sys.prefix):
        raise ToFix(
            f"JupyterLab runs in {lab}, but the course in {sys.prefix}, so plots may stay blank: "
            f"start it with `make lab`, or with `{sys.executable} -m jupyter lab`."
        )
    folder = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / LAB_EXTENSION
    if not (folder / "package.json").is_file():
        raise ToFix(
            f"JupyterLab lacks the extension that draws plots ({folder} is not there): install the "
            "packages again with `make env`."
        )
    return f"{release} with the extension that draws plots"


def lab_environment() -> Path | None:
    """Return the environment of the JupyterLab that started this kernel.

    At a terminal: of the one that ``jupyter lab`` would start where an environment is activated.
    None where that cannot be told.
    """
    if "JPY_PARENT_PID" in os.environ:
        import psutil

        try:
            program = psutil.Process(os.getppid()).cmdline()[0]
        except (psutil.Error, IndexError):
            return None
    else:
        program = shutil.which("jupyter-lab") if "VIRTUAL_ENV" in os.environ else None
    return Path(program).parent.parent if program and Path(program).is_absolute() else None


def look_at_javascript(probe: KernelProbe) -> str:
    """Look whether the JavaScript of the plots comes with the notebook, not from the internet."""
    script, own = probe.javascript(), bokeh_script()
    if not own or own not in script:
        raise ToFix(
            "The JavaScript of the plots does not come with the notebook, so offline they stay "
            'blank: run `hv.extension("bokeh", inline=True)` before hvplot is imported; if that is '
            f"so, install it again with `{sys.executable} -m pip install --force-reinstall "
            "--no-deps bokeh` at the version of requirements.lock, or all with `make env`."
        )
    return f"{len(script) / 1e6:.1f} MB come with the notebook"


def bokeh_script() -> str:
    """Return the beginning of Bokeh's JavaScript as it is installed; empty if it is not there."""
    bokeh = find_spec("bokeh")
    if bokeh is None or bokeh.origin is None:
        return ""
    file = Path(bokeh.origin).parent / "server" / "static" / "js" / "bokeh.min.js"
    return file.read_text(encoding="utf-8").strip()[:10_000] if file.is_file() else ""


def look_at_map(probe: KernelProbe) -> str:
    """Look whether the kernel drew the points of a tiny map."""
    document = probe.map_document()
    if "GlyphRenderer" not in document:
        raise ToFix(
            "A kernel drew a map without its points: install the packages again with `make env`."
        )
    return "a tiny map is drawn"


def _same(one: str | Path, other: str | Path) -> bool:
    return Path(one).resolve() == Path(other).resolve()


def _how_to_install() -> str:
    """Say how to get a kernel in this environment, and what stands in its way."""
    how = f"run `{sys.executable} -m ipykernel install --sys-prefix --name {KERNEL}`"
    try:
        folder = kernel_folder()
    except Exception:  # there is none, or it cannot be read
        return how
    inside = folder.resolve().is_relative_to(Path(sys.prefix).resolve())
    return how if inside else f"remove the folder {folder}, which hides the one of the course"
