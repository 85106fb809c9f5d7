"""One colour for each land-cover class, the same on every map and plot of the course."""

# Paul Tol's "muted" scheme (https://sronpersonalpages.nl/~pault/), told apart also by readers
# with a colour-vision deficiency; its pale grey is darkened so that a line shows on white.
CLASS_COLOURS = {
    "Bare Ground": "#DDCC77",
    "Black Wattle": "#999933",
    "Dense Pines": "#882255",
    "Fynbos High Density": "#44AA99",
    "Fynbos Low Density": "#CC6677",
    "Gum": "#AA4499",
    "Indigenous Forest": "#117733",
    "Rock": "#888888",
    "Wetland": "#88CCEE",
    "Water": "#332288",
}
