"""Look inside the plots of an executed notebook: is there data in them?"""

import base64
import gzip
import json
import re
from collections.abc import Iterator

import numpy as np
from nbformat import NotebookNode

PLOT = "application/vnd.holoviews_exec.v0+json"
GZIP = b"\x1f\x8b"  # the first bytes of anything compressed by gzip
DOCUMENT = re.compile(r"docs_json = (\{.*?\});\n", re.DOTALL)


def plotting_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that left an interactive plot; loading the library leaves no text."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code"
        and any({PLOT, "text/plain"} <= set(output.get("data", {})) for output in cell.outputs)
    ]


def has_data(cell: NotebookNode) -> bool:
    """Say whether any data source of a cell's plots has a value that is not NaN."""
    pages = (output.get("data", {}).get("text/html", "") for output in cell.outputs)
    documents = (json.loads(text) for page in pages for text in DOCUMENT.findall(page))
    return any(_has_values(column) for document in documents for column in _columns(document))


def _columns(part: object) -> Iterator[object]:
    """Yield the columns of every ColumnDataSource in a Bokeh document."""
    if isinstance(part, dict):
        if part.get("name") == "ColumnDataSource":
            columns = dict(part["attributes"].get("data", {}).get("entries", []))
            # the other columns of a picture only say where it lies
            yield from [columns["image"]] if "image" in columns else columns.values()
        for inner in part.values():
            yield from _columns(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _columns(inner)


def _has_values(column: object) -> bool:
    if isinstance(column, list):
        return any(_has_values(value) for value in column)
    if not isinstance(column, dict):
        return column is not None and column == column
    if column.get("type") != "ndarray":
        return False
    array = column["array"]
    if not isinstance(array, dict):
        return _has_values(array)
    raw = base64.b64decode(array["data"])
    values = np.frombuffer(gzip.decompress(raw) if raw[:2] == GZIP else raw, column["dtype"])
    transparent = 0 if values.dtype == np.uint32 else np.nan  # red, green, blue, alpha in 32 bits
    return bool(np.any((values == values) & (values != transparent)))
