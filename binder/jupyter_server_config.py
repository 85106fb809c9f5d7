"""JupyterLab as the course wants it: it opens at the first lesson and asks nothing."""

from pathlib import Path

from jupyterlab.handlers.announcements import NeverCheckForUpdate

here = Path(__file__).resolve().parent

c = get_config()  # noqa: F821
c.ServerApp.root_dir = str(here.parent)
c.LabApp.default_url = "/lab/tree/notebooks/00_welcome.ipynb"
c.LabApp.app_settings_dir = str(here / "lab_settings")
# Neither news nor updates are looked for: the course makes no request to the internet.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = NeverCheckForUpdate
