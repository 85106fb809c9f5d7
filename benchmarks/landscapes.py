"""Part two of the course in several landscapes: what its lessons find, and whether intervals hold.

``python benchmarks/landscapes.py 20180915 7 99 > benchmarks/landscapes.md``

For each seed a kit is built (unless it is there) and every lesson run in order. Then the intervals
of lessons 11, 13 and 14 are computed again from forty other samples of the same landscape, by the
lessons' own functions (lesson 14 has none for it: its lines are repeated here): how often is the
truth inside?
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from tqdm.auto import tqdm

from helpers.lessons import NOTEBOOKS, lesson_names
from offline_kit.build.kit import build_kit

SHOWN = {  # lesson: a piece of each cell whose output is put into the report
    "07_how_good_is_it": ["together = pd.DataFrame"],
    "11_how_good_is_the_map": [
        'area, margin = area_with_interval(counts, hectares, "pine")',
        "by_survey = pd.DataFrame",
        "true_hectares = float",
        "by_light = with_pines",
    ],
    "12_one_round_better": [
        "display(pd.concat(judged, axis=1)",
        "display(truly.round(2))",
        "{name}: right in {share",
        "display(by_density.round(0))",
    ],
    "13_many_dates_and_change": [
        'gained = right.sub(right["one spring date"], axis=0)',
        "already = float(",
        "judged = judge(sample)",
        "areas = pd.DataFrame(estimates",
    ],
    "14_where_first": ["compare = much", "verdict = pd.DataFrame", "unseen = true_condensed"],
}

LANDSCAPE = """
from offline_kit.build.areas import make_areas
from offline_kit.build.kit import parts_of
from offline_kit.build.landscape import make_landscape
from offline_kit.build.references import make_change_points, make_validation_points
landscape = make_landscape(parts_of("course")[0].grid, {seed})
kit_area = make_areas(landscape)[0]
inside = []
"""
# After a lesson: its own functions on other samples of the same landscape.
OTHER_SAMPLES = {
    "11_how_good_is_the_map": """
parts = hectares
for draw in range(1, 41):
    sample = make_validation_points(landscape, kit_area, draw).clip(pine_map.rio.bounds())
    x, y = sample.geometry.x.to_xarray(), sample.geometry.y.to_xarray()
    sample["probability"] = pine_map.sel(x=x, y=y, method="nearest").values
    sample = sample.dropna(subset=["probability"])
    sample["map says"] = np.where(sample["probability"] > 0.5, "pine", "no pine")
    row = {}
    for who, given in {
        "asked": sample["interpreter_1"].replace("unsure", np.nan), "no error": sample["name"]
    }.items():
        counted = count_answers(given)
        found, margin = area_with_interval(counted, parts, "pine")
        row[f"area ({who})"] = abs(found - true_hectares) < margin
        both = precision_and_recall(counted, parts, "pine")
        true_values = [true_pine.where(marked).mean(), marked.where(true_pine).mean()]
        for what, value in zip(["precision", "recall"], true_values):
            error = abs(both.loc[what, "estimate"] - float(value))
            row[f"{what} ({who})"] = error < both.loc[what, "plus or minus"]
    inside.append(row)
print((100 * pd.DataFrame(inside).mean()).round().astype(int).to_string())
""",
    "13_many_dates_and_change": """
for draw in range(1, 41):
    drawn = make_change_points(landscape, kit_area, cloud.truth, draw)
    stratum_ha = drawn.groupby("stratum")["stratum_ha"].first()
    row = {}
    for who in ["interpreter_1", "truth"]:
        counts = pd.crosstab(drawn["stratum"], drawn[who])
        counts = counts.drop(columns="unsure", errors="ignore")
        for what, hectares in everywhere.items():
            found, margin = area_with_interval(counts, stratum_ha, what)
            row[f"{what} ({who}), formula"] = abs(found - hectares) < margin
            low, high = exact_interval(counts, stratum_ha, what)
            row[f"{what} ({who}), exact"] = low < hectares < high
    inside.append(row)
print((100 * pd.DataFrame(inside).mean()).round().astype(int).to_string())
""",
    "14_where_first": """
true_class = rioxarray.open_rasterio(cloud.truth / f"dominant_class_{when:%Y%m%d}.tif")[0]
true_class = true_class.rio.reproject_match(pine_map)
true_pines = (true_class == 2) & mapped
true_hectares = by_catchment(in_squares(true_pines)).to_series()
for draw in range(1, 41):
    asked = make_validation_points(landscape, kit_area, draw).clip(pine_map.rio.bounds())
    x, y = asked.geometry.x.to_xarray(), asked.geometry.y.to_xarray()
    asked["density"] = dense.sel(x=x, y=y, method="nearest").values
    seen = mapped.sel(x=x, y=y, method="nearest").values.astype(bool)
    asked = asked[seen & (asked["interpreter_1"] != "unsure")]
    pine = asked["interpreter_1"] == "Dense Pines"
    counts = pd.DataFrame({"pine": 0, "no pine": 0}, index=DENSITY)
    counts["pine"] += asked.loc[pine, "density"].value_counts()
    counts["no pine"] += asked.loc[~pine, "density"].value_counts()
    counts = counts.fillna(0)
    share = random.beta(counts["pine"] + 0.5, counts["no pine"] + 0.5, (DRAWS, len(counts)))
    stray = np.exp(LOCAL * random.normal(size=(DRAWS, len(catchments))))
    share = draws(share, "density") * draws(stray, "catchment")
    pines = (hectares * share.clip(max=1)).sum("density")
    low, high = pines.quantile([0.025, 0.975], dim="draw")
    row = ((low.to_series() < true_hectares) & (true_hectares < high.to_series())).to_dict()
    low, high = np.quantile(pines.sum("catchment"), [0.025, 0.975])
    row["all catchments"] = low < true_hectares.sum() < high
    inside.append(row)
print((100 * pd.DataFrame(inside).mean()).round().astype(int).to_string())
""",
}


def run(name: str, seed: int, executed: Path) -> nbformat.NotebookNode:
    """Run a lesson, with a cell for other samples behind it, and return it with its outputs."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    if name in OTHER_SAMPLES:
        source = LANDSCAPE.format(seed=seed) + OTHER_SAMPLES[name]
        notebook.cells.append(nbformat.v4.new_code_cell(source))
    where = {"metadata": {"path": str(NOTEBOOKS)}}
    try:
        NotebookClient(notebook, timeout=900, kernel_name="python3", resources=where).execute()
    finally:
        nbformat.write(notebook, executed / f"{name}.ipynb")
    return notebook


def shown(cell: nbformat.NotebookNode) -> str:
    """Return what a cell has printed and displayed, as plain text."""
    texts = []
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            texts.append(output.text.strip())
        elif "text/plain" in output.get("data", {}) and "image/png" not in output["data"]:
            texts.append(output["data"]["text/plain"])
    return "\n".join(texts)


def report(seed: int, folder: Path) -> None:
    """Build one landscape, run the lessons, and print what they found."""
    folder.mkdir(parents=True, exist_ok=True)
    build_kit("course", folder / "kit", seed)
    os.environ |= {"COURSE_KIT": str(folder / "kit"), "COURSE_OUTPUTS": str(folder / "outputs")}
    print(f"## Seed {seed}\n")
    for name in tqdm(lesson_names()[1:], desc=f"lessons of {seed}"):
        cells = [cell for cell in run(name, seed, folder).cells if cell.cell_type == "code"]
        pieces = SHOWN.get(name, [])
        wanted = [cell for cell in cells if any(piece in cell.source for piece in pieces)]
        if wanted:
            print(f"### {name}\n")
        for cell in wanted:
            print(f"```\n{shown(cell)}\n```\n")
        if name in OTHER_SAMPLES:
            print("Of 40 other samples, in how many (%) the truth lies in the 95 % interval:\n")
            print(f"```\n{shown(cells[-1])}\n```\n", flush=True)


def main() -> None:
    """Run the benchmark for the seeds on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument(
        "--folder", type=Path, help="where kits and outputs stay (default: nowhere)"
    )
    arguments = parser.parse_args()
    print("# Part two in several landscapes\n")
    print("`python benchmarks/landscapes.py", *arguments.seeds, end="`\n\n")
    with tempfile.TemporaryDirectory() as temporary:
        for seed in arguments.seeds:
            report(seed, (arguments.folder or Path(temporary)) / str(seed))


if __name__ == "__main__":
    sys.exit(main())
