"""The look inside plots can tell a plot with data from an empty one."""

import nbformat
import pytest
from nbclient import NotebookClient
from plots import has_data, plotting_cells

DRAW = """import holoviews as hv
import hvplot.pandas
import hvplot.xarray
import numpy as np
import pandas as pd
import xarray as xr
"""


@pytest.fixture(scope="module")
def executed():
    sources = [
        DRAW,
        "hv.extension('bokeh', inline=True)",
        "pd.DataFrame({'x': [1.0, 2.0], 'y': [3.0, 4.0]}).hvplot.line(x='x', y='y')",
        "pd.DataFrame({'x': [], 'y': []}, dtype=float).hvplot.line(x='x', y='y')",
        "xr.DataArray(np.eye(3), dims=('y', 'x')).hvplot.image(x='x', y='y')",
        "xr.DataArray(np.full((3, 3), np.nan), dims=('y', 'x')).hvplot.image(x='x', y='y')",
        "1 + 1",
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return notebook


def test_plots_with_and_without_data(executed):
    _, _, line, no_line, image, no_image, _ = executed.cells
    assert plotting_cells(executed) == [line, no_line, image, no_image]
    assert has_data(line)
    assert not has_data(no_line)
    assert has_data(image)
    assert not has_data(no_image)
