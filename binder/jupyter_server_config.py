"""JupyterLab as the course wants it: it opens at the first lesson, and keeps the kit's server."""

from pathlib import Path
from typing import Any

from jupyterlab.handlers.announcements import NeverCheckForUpdate
from jupyterlab_server.workspaces_handler import WorkspacesManager
from jupytext.cli import jupytext

from helpers.machine.lab import keep_server

here = Path(__file__).resolve().parent
workspaces = here.parent / ".lab_workspaces"
manager = WorkspacesManager(str(workspaces))
if not list(workspaces.glob("course-*")):  # else it is the learner's own by now
    manager.save("course", (here / "course_workspace.json").read_text())

# A notebook that another editor has changed, such as VS Code, is newer than its script, and Lab
# would refuse to open it: here, too, the newer half wins.
notebooks = here.parent / "notebooks"
for notebook in sorted([*notebooks.glob("[0-9][0-9]_*.ipynb"), *notebooks.glob("own/*.ipynb")]):
    script = notebooks / "scripts" / notebook.relative_to(notebooks).with_suffix(".py")
    if script.is_file() and notebook.stat().st_mtime > script.stat().st_mtime:
        jupytext(["--sync", "--quiet", str(notebook)])


def store_javascript_once(model: dict[str, Any], **_: object) -> None:
    """Save only one of the two copies of its JavaScript that HoloViews leaves: it weighs 3.4 MB."""
    if model["type"] != "notebook":
        return
    for cell in model["content"]["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "application/javascript" in data:
                data.pop("application/vnd.holoviews_load.v0+json", None)


c = get_config()  # noqa: F821
c.FileContentsManager.pre_save_hook = store_javascript_once
c.ServerApp.root_dir = str(here.parent)
c.LabApp.default_url = "/lab/workspaces/course/tree/notebooks/00_welcome.ipynb"
c.LabApp.workspaces_dir = str(workspaces)
c.LabApp.app_settings_dir = str(here / "lab_settings")
# Neither news nor updates are looked for: the course makes no request to the internet.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = NeverCheckForUpdate

keep_server()
