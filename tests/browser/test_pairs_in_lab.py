"""A learner edits one half of a lesson in JupyterLab: the other half follows."""

import jupytext
import pytest
from lab import open_lesson, stop, wait_for_kernel
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
