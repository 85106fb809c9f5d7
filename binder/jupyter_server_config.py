"""JupyterLab as the course wants it: it opens at the first lesson and asks nothing."""

from pathlib import Path

from jupyterlab.handlers.announcements import NeverCheckForUpdate
from jupyterlab_server.workspaces_handler import WorkspacesManager

here = Path(__file__).resolve().parent
workspaces = here.parent / ".lab_workspaces"
manager = WorkspacesManager(str(workspaces))
if not list(workspaces.glob("course-*")):  # else it is the learner's own by now
    manager.save("course", (here / "course_workspace.json").read_text())

c = get_config()  # noqa: F821
c.ServerApp.root_dir = str(here.parent)
c.LabApp.default_url = "/lab/workspaces/course/tree/notebooks/00_welcome.ipynb"
c.LabApp.workspaces_dir = str(workspaces)
c.LabApp.app_settings_dir = str(here / "lab_settings")
# Neither news nor updates are looked for: the course makes no request to the internet.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = NeverCheckForUpdate
