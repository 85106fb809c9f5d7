"""A learner edits one half of a lesson in JupyterLab: the other half follows."""

import os

import jupytext
import nbformat
import pytest
import requests
from lab import copy_lessons, open_lesson, running_lab, stop, wait_for_kernel
from lesson_parts import LESSONS
from waiting import wait_until

pytestmark = pytest.mark.browser

LESSON = LESSONS[1]
ADD_AND_SAVE = """async line => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cell = [...panel.content.model.sharedModel.cells].find(c => c.cell_type === 'code');
  cell.source = line + '\\n' + cell.source;
  await panel.context.save();
}"""
# Until Lab has restored its workspace, it brings the lesson of the page's address to the front.
OPEN_AS_NOTEBOOK = """async path => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = await app.commands.execute('docmanager:open', {path, factory: 'Notebook'});
  app.shell.activateById(panel.id);
}"""


def _sources(path):
    return [cell.source for cell in jupytext.read(path).cells]


def test_an_edit_of_the_notebook_reaches_the_script(browser, lab):
    page, _ = open_lesson(browser, lab, LESSON)
    page.evaluate(ADD_AND_SAVE, "written_in_the_notebook = True")
    notebook = lab.folder / "notebooks" / f"{LESSON}.ipynb"
    script = lab.folder / "notebooks" / "scripts" / f"{LESSON}.py"
    wait_until(lambda: "written_in_the_notebook = True" in script.read_text())
    assert _sources(notebook) == _sources(script)
    stop(page)


def test_the_script_opens_as_a_notebook_runs_and_reaches_the_other_half(browser, lab):
    page, _ = open_lesson(browser, lab, LESSON)
    page.evaluate(OPEN_AS_NOTEBOOK, f"notebooks/scripts/{LESSON}.py")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.context?.path.endsWith('.py')", timeout=30000
    )
    wait_for_kernel(page)
    page.evaluate(ADD_AND_SAVE, "written_in_the_script = 6 * 7")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-above')")
    notebook = lab.folder / "notebooks" / f"{LESSON}.ipynb"
    script = lab.folder / "notebooks" / "scripts" / f"{LESSON}.py"
    wait_until(lambda: "written_in_the_script = 6 * 7" in notebook.read_text())
    assert _sources(notebook) == _sources(script)
    stop(page)


def test_a_notebook_that_another_editor_has_changed_opens(tmp_path):
    """Else Lab answers 400, as the notebook is newer than the script that it is paired with."""
    copy_lessons(tmp_path)
    notebook = tmp_path / "notebooks" / f"{LESSON}.ipynb"
    content = jupytext.read(notebook)
    content.cells[1].source += "\nWritten elsewhere."
    notebook.write_text(nbformat.writes(content))
    later = notebook.stat().st_mtime + 60
    os.utime(notebook, (later, later))
    with running_lab(tmp_path) as lab:
        address = f"{lab.address}/api/contents/notebooks/{LESSON}.ipynb"
        opened = requests.get(address, timeout=60)
    assert opened.status_code == 200, opened.text
    assert opened.json()["content"]["cells"][1]["source"].endswith("Written elsewhere.")
    assert _sources(notebook) == _sources(notebook.parent / "scripts" / f"{LESSON}.py")
