"""How the plots of the course look: letters that can be read from the back of a room."""

from __future__ import annotations

import sys

import matplotlib as mpl
from matplotlib.figure import Figure

# How HoloViews lays out a legend that does not cover its plot.
LEGEND_BELOW = {
    "legend_position": "bottom",
    "legend_opts": {
        "border_line_alpha": 0,
        "background_fill_alpha": 0,
        "glyph_height": 26,  # marks have 0.4 of it
        "glyph_width": 26,
        "spacing": 6,
        "margin": 0,
        "padding": 4,
        "title": "",
    },
}
_MATPLOTLIB = {
    "font.size": 13,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "figure.titlesize": "medium",
    "figure.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.08,  # inches
}
_BOKEH = {
    "Title": {"text_color": "black", "text_font_size": "16px"},
    "Axis": {"axis_label_text_font_size": "14px", "major_label_text_font_size": "13px"},
    "ColorBar": {
        "title_text_font_size": "14px",
        "major_label_text_font_size": "13px",
        "title_standoff": 8,
    },
    "Legend": {"label_text_font_size": "14px"},
}


def set_plot_style() -> None:
    """Give Matplotlib's pictures, and HoloViews' plots once it is loaded, the course's letters."""
    mpl.rcParams.update(_MATPLOTLIB)
    if holoviews := sys.modules.get("holoviews"):
        from bokeh.themes import Theme

        holoviews.renderer("bokeh").theme = Theme(json={"attrs": _BOKEH})


def set_title(figure: Figure, title: str) -> None:
    """Write the title of a figure of several panels above them, on the left as theirs."""
    figure.suptitle(title, x=0.01, horizontalalignment="left")
