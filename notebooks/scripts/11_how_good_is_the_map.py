# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,-all
#     formats: notebooks///ipynb,notebooks/scripts///py:percent
#     notebook_metadata_filter: kernelspec,jupytext,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 11 How good is the map, and how much is it?
#
# **The question:** how much of what the map marks is pine, what does it miss, and how many hectares of pines are there?
#
# **You will be able to**
#
# - draw a random sample, and write down how it is to be labelled;
# - estimate precision, recall and area of a *map*, each with its 95 % interval;
# - say how the errors of the people who label it affect these figures;
# - test whether a map's probabilities can be believed, and recalibrate them;
# - tell crown cover, hectares and condensed hectares apart.
#
# **Time:** 70 minutes (reading 48, exercises 22). **Needs:** the scene of lesson 02, the spectra of lesson 05, the
# model of lesson 06, the map of lesson 09. (No section is optional; a good place for a break is before "From the points
# to the map".)

# %%
import json

import geopandas as gpd
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pystac_client
import rioxarray
import stackstac

# %%
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from rasterio.enums import Resampling
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from xgboost import XGBClassifier

# %%
from helpers import check, find_or_make, hint, open_cloud
from helpers.course import BANDS, CLASS_CODES, CRS, NOT_MAPPED, PLACE
from helpers.plots import set_plot_style, set_title

cloud = open_cloud()
INK, WINE, SAND, SKY = "#332288", "#882255", "#DDCC77", "#88CCEE"
set_plot_style()

# %% [markdown]
# ## An area by counting pixels
#
# We take the map of lesson 09 and the obvious way to an area: count the marked pixels. Each is 100 square metres, a
# hundredth of a hectare.

# %%
pine_path = find_or_make("pine_probability.tif")
pine_map = rioxarray.open_rasterio(pine_path, masked=True).squeeze("band", drop=True)
mapped, marked = pine_map.notnull(), pine_map > 0.5
counted = {"pine": marked.sum().item(), "no pine": (mapped & ~marked).sum().item()}
hectares = pd.Series(counted) / 100
print(f"counted: {hectares['pine']:,.0f} ha of {hectares.sum():,.0f} ha mapped")

# %% [markdown]
# **Don't quote that number as it stands.** It counts false alarms as pines and leaves out the pines that the model
# missed, and there is no reason why the two should cancel out. Nor does it say how uncertain it is.
#
# ## A random sample, and how it is labelled
#
# The way out is a **random** sample of places, visited or looked up in much sharper images (Olofsson et al. 2014). The
# field points won't do: people chose them. We draw 600 of all mapped pixels, each with the same probability:

# %%
rows, columns = np.nonzero(mapped.values)
drawn = np.random.default_rng(seed=11).choice(rows.size, 600, replace=False)
x, y = pine_map.x.values[columns[drawn]], pine_map.y.values[rows[drawn]]
places = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=CRS)
places.insert(0, "name", [f"place {number:03}" for number in range(1, 601)])
places["interpreter_1"] = places["interpreter_2"] = ""

# %% [markdown]
# We save them as files: a **GeoPackage** to fill in with QGIS, a **KML** for Google Earth or Collect Earth Online, and
# a **GPX** for a phone or a GPS receiver. We leave out on purpose what the map says there: the person who labels a
# place must not know.

# %% tags=["nbval-check-output"]
places.to_file(cloud.outputs / "places_to_visit.gpkg")
in_degrees = places[["name", "geometry"]].to_crs("EPSG:4326")
for driver in ["KML", "GPX"]:
    path = cloud.outputs / f"places_to_visit.{driver.lower()}"
    in_degrees.to_file(path, driver=driver)
print(*sorted(path.name for path in cloud.outputs.glob("places_to_visit.*")))

# %% [markdown]
# Before anyone looks at the first place, write down the **response design**, the rules for labelling it:
#
# - *What is looked at?* The whole pixel of 10 m, not the nearest tree.
# - *What is the answer?* The class that covers most of it, by its name in the table of lesson 01.
# - *When?* On the day of the scene, or as close to it as there is an image.
# - *And if nobody can tell?* Then "unsure": better than a guess.
# - *Who?* Two people, who see neither the map nor each other's answers. Their differences show how often people err.
#
# The simulated scene comes with such a sample, drawn over the whole area of interest and labelled by two simulated
# people, who make mistakes ([data/README.md](../data/README.md) says which). With `COURSE_CLOUD=aws` there is none:
# fill in the columns `interpreter_1` and `interpreter_2` of `places_to_visit.gpkg`, save it in the same folder as
# `places_filled_in.gpkg`, and run this lesson again. Until then the cells that need answers show nothing.

# %%
filled_in = cloud.outputs / "places_filled_in.gpkg"
if cloud.truth is not None:
    filled_in = cloud.truth.parent / "validation_points.gpkg"
if filled_in.exists():
    sample = gpd.read_file(filled_in).to_crs(CRS).clip(pine_map.rio.bounds())
    x, y = sample.geometry.x.to_xarray(), sample.geometry.y.to_xarray()
    sample["probability"] = pine_map.sel(x=x, y=y, method="nearest").values
    sample = sample.dropna(subset=["probability"]).sort_index()
    sample["map says"] = np.where(sample["probability"] > 0.5, "pine", "no pine")

# %% tags=["nbval-check-output"]
if filled_in.exists():
    answers = sample[["interpreter_1", "interpreter_2"]].replace(["", "unsure"], np.nan)
    both = answers.dropna()
    agree = (both["interpreter_1"] == both["interpreter_2"]).mean()
    print(f"{len(sample)} places have a value on the map")
    print(f"answered by both: {len(both)}; they agree on {agree:.0%} of these")

# %% [markdown]
# ## The error matrix, in shares of the area
#
# `crosstab` counts: a row for what the map says, a column for the answer. We take the first interpreter, who has more
# experience, and leave out places without an answer. (That assumes that such places are like the others. If most of
# them lay in shade, they would not be.)

# %%
BOTH = ["pine", "no pine"]


def count_answers(given):
    """Count what the map says (rows) against what was answered (columns)."""
    known = given.dropna()
    found = (known == "Dense Pines").map({True: "pine", False: "no pine"})
    counts = pd.crosstab(sample.loc[known.index, "map says"], found.rename("answer"))
    return counts.reindex(index=BOTH, columns=BOTH, fill_value=0)


if filled_in.exists():
    counts = count_answers(answers["interpreter_1"])
    display(counts)

# %% [markdown]
# The two parts of the map differ greatly in size. So each row is divided by its number of visits and multiplied by its
# share of the area. This gives the **[error matrix](../docs/glossary.md#error-matrix) in shares of the area**:

# %%
if filled_in.exists():
    shares = counts.div(counts.sum(axis=1), axis=0)
    area_shares = shares.mul(hectares / hectares.sum(), axis=0)
    display(area_shares.round(4))

# %% [markdown]
# The sample was drawn without looking at the map (*simple random*) and sorted by the map's parts afterwards
# (*post-stratified*). The formulas below are the same as for a sample drawn separately in each part.
#
# ## Area, precision and recall, each with its interval
#
# This is how the visits in each part give an **area**:
#
# - area = the sum of (hectares of the part x share of its visits that found pines);
# - standard error = the square root of the sum of (hectares² x share x (1 - share) / (visits - 1)).
#
# Nineteen times out of twenty the true area lies within 1.96 standard errors of the estimate: the **95 % interval**. A
# part with fewer than two visits cannot show how much they vary, so the function refuses it: leaving such a part out
# would make the interval narrow, and wrong.


# %%
def area_with_interval(counts, hectares, wanted):
    """Estimate hectares of a class, and half the width of its 95 % interval.

    counts: rows are what the map says, columns the ground; hectares: one a row.
    """
    visits = counts.sum(axis=1)
    if visits.min() < 2:
        raise ValueError(
            f"fewer than two visits where the map says {visits.idxmin()}: draw more"
        )
    share = counts[wanted] / visits
    variance = (hectares**2 * share * (1 - share) / (visits - 1)).sum()
    return (hectares * share).sum(), 1.96 * np.sqrt(variance)


# %% [markdown]
# Test a formula that you typed on a case with a known answer. Table 8 of the paper describes a map of 900,000 ha with
# 640 visits (Olofsson et al. 2014):

# %%
published = pd.DataFrame(
    {
        "deforestation": [66, 0, 1, 2],
        "forest gain": [0, 55, 0, 1],
        "stable forest": [5, 8, 153, 9],
        "stable non-forest": [4, 12, 11, 313],
    },
    index=["deforestation", "forest gain", "stable forest", "stable non-forest"],
)
published_hectares = pd.Series([18000, 13500, 288000, 580500], published.index)

# %% tags=["nbval-check-output"]
area, margin = area_with_interval(published, published_hectares, "deforestation")
print(f"counted: {published_hectares['deforestation']:,} ha of deforestation")
print(f"estimated: {area:,.0f} ha, plus or minus {margin:,.0f} ha")

# %% [markdown]
# That is the paper's result. Note the step from the first number to the second: only 3 of 490 visits in the two large
# parts found deforestation that the map had missed, but those parts are large.
#
# [Precision](../docs/glossary.md#precision) and [recall](../docs/glossary.md#recall) *of the map* come from the same
# shares, and deserve an interval as well. Precision is a share of one row. Recall is the area of pines found divided by
# that of all pines, which is itself an estimate, so its variance has two parts (formula 7 of the paper). You need not
# follow every line of the function: what counts is that it gives the paper's figures.


# %%
def precision_and_recall(counts, hectares, wanted):
    """Estimate both for a map, and half the widths of their 95 % intervals."""
    visits = counts.sum(axis=1)
    share = counts[wanted] / visits
    variance = share * (1 - share) / (visits - 1)
    there = hectares * share
    precision, recall = share[wanted], there[wanted] / there.sum()
    of_parts = hectares**2 * variance
    of_parts *= np.where(of_parts.index == wanted, (1 - recall) ** 2, recall**2)
    errors = np.sqrt([variance[wanted], of_parts.sum() / there.sum() ** 2])
    table = {"estimate": [precision, recall], "plus or minus": 1.96 * errors}
    return pd.DataFrame(table, index=["precision", "recall"])


# %% tags=["nbval-check-output"]
print(
    precision_and_recall(published, published_hectares, "deforestation")
    .round(2)
    .to_string()
)

# %% [markdown]
# The paper has the same four figures. Now our own map:

# %%
if filled_in.exists():
    area, margin = area_with_interval(counts, hectares, "pine")
    print(f"counted:   {hectares['pine']:,.0f} ha")
    print(f"estimated: {area:,.0f} ha, plus or minus {margin:,.0f} ha")
    print("the counted area is inside:", abs(hectares["pine"] - area) < margin)
    of_map = precision_and_recall(counts, hectares, "pine")
    display(of_map.round(2))

# %% [markdown]
# **What to notice.** The intervals are wide, because only a few visits found pines, and with so few they are rough
# themselves. For half the width you need four times the visits. If the counted area lies outside the interval, counting
# is biased: false alarms and missed pines don't balance. (Counted too much? Then false alarms are more.) If it lies
# inside, that may well be luck: the two just happen to balance. The next map may not be so lucky.
#
# ## What the errors of the interpreters do
#
# Our reference is not the truth. It is what one person said. The second person gave some other answers, and the
# simulated sample includes the true class, too. Here is the same formula for each of them:

# %%
if filled_in.exists():
    references = {f"interpreter {n}": answers[f"interpreter_{n}"] for n in [1, 2]}
    if cloud.truth is not None:
        references["no error at all"] = sample["name"]
    estimates = {
        who: area_with_interval(count_answers(given), hectares, "pine")
        for who, given in references.items()
    }
    by_reference = pd.DataFrame(estimates, index=["hectares", "margin"]).T
    display(by_reference.round(0).astype(int))

# %%
# Only drawing: run it, no need to read it.

if filled_in.exists():
    figure, axes = plt.subplots(figsize=(8, 3.4))
    look = {"fmt": "o", "color": INK, "capsize": 6, "markersize": 9}
    middle, half_width = by_reference["hectares"], by_reference["margin"]
    axes.errorbar(middle, by_reference.index, xerr=half_width, **look)
    axes.axvline(hectares["pine"], color=WINE, ls="--", lw=2, label="counted pixels")
    axes.set(xlabel="pines (ha), with 95 % interval", ylim=(len(references) - 0.4, -1))
    axes.set_xlim(0, 1.1 * axes.get_xlim()[1])
    axes.set_title(cloud.map_title("Hectares of pines, by who answered"))
    axes.legend(loc="upper left")
    plt.show()

# %% [markdown]
# **What to notice.** The interval shows how far chance in *drawing* the places can lead us astray. It does not show how
# far the *answers* can: where a class is rare, a few wrong answers in a hundred can shift its accuracy and its area far
# more than where it is common (Foody 2010). Where two people differ, let both look again, together. But where both take
# a gum for a pine, they agree and are wrong.
#
# ## From the points to the map
#
# Lesson 07 measured precision and recall, too, on the testing points. Here they are beside those of the map:

# %%
spectra = gpd.read_parquet(find_or_make("spectra_at_points.parquet"))
testing = spectra[spectra["group"] == 2]
model = XGBClassifier()
model.load_model(find_or_make("pine_classifier.ubj"))
pine_column = list(model.classes_).index(CLASS_CODES["Dense Pines"])
called = model.predict_proba(testing[BANDS])[:, pine_column] > 0.5

# %%
is_pine = testing["name"] == "Dense Pines"
on_points = pd.DataFrame({"estimate": [is_pine[called].mean(), called[is_pine].mean()]})
on_points.index = ["precision", "recall"]
of_n = (
    on_points["estimate"] * (1 - on_points["estimate"]) / [called.sum(), is_pine.sum()]
)
on_points["plus or minus"] = 1.96 * np.sqrt(of_n)

# %%
# Only drawing: run it, no need to read it.

if filled_in.exists():
    figure, axes = plt.subplots(figsize=(8, 3.8))
    two = {"testing points": (on_points, INK, "o"), "map": (of_map, WINE, "s")}
    for place, (name, (table, colour, marker)) in enumerate(two.items()):
        look = {"color": colour, "fmt": marker, "capsize": 6, "markersize": 10}
        look |= {"xerr": table["plus or minus"], "label": name}
        axes.errorbar(table["estimate"], [1.1 - place / 5, 0.1 - place / 5], **look)
    axes.set(yticks=[1, 0], yticklabels=table.index, xlim=(0, 1), ylim=(-0.5, 1.5))
    axes.set_xlabel("share, with 95 % interval (0 to 1)")
    axes.set_title(cloud.map_title("The same model: on the points, and as a map"))
    axes.legend(loc="center left")
    plt.show()

# %% [markdown]
# Two different things can pull the squares away from the circles.
#
# - **Rarity.** Among the field points pines are common; in the mountains they are rare, so the same small share of
#   mistakes on everything else weighs far more. That lowers the *precision*. It cannot lower the *recall*, because
#   recall concerns only the pines, however few they are.
# - **Another population.** If the recall is lower, too, then the pines on the map are not like those at the points:
#   thinner, younger, in different light, on different soil. No threshold cures that. Points from such places do.
#
# (The interval of the points treats them as independent; some stand close together, so it is too narrow.) In a
# simulated scene we can check. How much of a pixel do pines cover, at the points and on the map?

# %%
if cloud.truth is not None:
    choice = json.loads(find_or_make("chosen_scene.json").read_text())
    date = choice["id"].split("_")[2]
    opened = {
        name: rioxarray.open_rasterio(cloud.truth / f"{name}_{date}.tif")[0]
        for name in ["dominant_class", "pine_cover", "shadow"]
    }
    truth = {
        name: layer.rio.reproject_match(pine_map) for name, layer in opened.items()
    }
    true_pine = (truth["dominant_class"] == CLASS_CODES["Dense Pines"]) & mapped
    true_cover = truth["pine_cover"].where(mapped & (truth["pine_cover"] != 255))

# %%
if cloud.truth is not None:
    pines = spectra[spectra["name"] == "Dense Pines"]
    x, y = pines.geometry.x.to_xarray(), pines.geometry.y.to_xarray()
    at_points = opened["pine_cover"].sel(x=x, y=y, method="nearest").to_series()
    on_the_map = true_cover.where(true_pine).to_series().dropna()
    covers = {"pines of the field points": at_points, "pines of the map": on_the_map}
    covers = pd.DataFrame({name: cover.describe() for name, cover in covers.items()})
    display(covers.loc[["25%", "50%", "75%"]].round(0))

# %% [markdown]
# The rows are quartiles of the cover in per cent: a quarter, half and three quarters of the pixels have less. The
# further the second column lies below the first, the more the model was trained and tested on easier pines than those
# on the map.
#
# Does it matter, then, where the points were taken? The simulated landscape has been surveyed twice. The old survey,
# `field_points_roadside.gpkg`, followed tracks wherever they lead, inside the area of interest or not. We train one
# model on each survey, with the settings of lesson 06, and test each twice: on its own testing points, and at 20,000
# random pixels of the map, where we look up the truth.

# %%
if cloud.truth is not None:
    catalogue = pystac_client.Client.open(cloud.stac_url)
    search = catalogue.search(collections=[choice["collection"]], ids=[choice["id"]])
    scene = next(search.items_as_dicts())
    options = {"dtype": "uint16", "fill_value": np.uint16(0), "rescale": False}
    options |= {"epsg": CRS, "resolution": 10, "xy_coords": "center"}
    numbers = stackstac.stack([scene], assets=BANDS, **options)
    numbers = numbers.squeeze("time", drop=True).compute()


# %%
def with_spectra(points):
    """Add the reflectance of the nearest pixels to points."""
    x, y = points.geometry.x.to_xarray(), points.geometry.y.to_xarray()
    values = numbers.sel(x=x, y=y, method="nearest").transpose("index", "band")
    red = scene["assets"]["red"]["raster:bands"][0]
    applied = scene["properties"].get("earthsearch:boa_offset_applied", False)
    reflectance = values.values * red["scale"] + (0 if applied else red["offset"])
    return points.join(pd.DataFrame(reflectance, columns=BANDS, index=points.index))


# %%
if cloud.truth is not None:
    drawn = np.random.default_rng(seed=12).choice(rows.size, 20_000, replace=False)
    x, y = pine_map.x.values[columns[drawn]], pine_map.y.values[rows[drawn]]
    pixels = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=CRS)
    pixels = with_spectra(pixels)
    pixels["is pine"] = true_pine.values[rows[drawn], columns[drawn]]
    roadside = cloud.field_points.with_name("field_points_roadside.gpkg")
    surveys = {"field points": cloud.field_points, "roadside points": roadside}
    surveys = {
        name: with_spectra(gpd.read_file(path)) for name, path in surveys.items()
    }


# %%
SETTINGS_OF_LESSON_06 = {
    "n_estimators": 100,
    "max_depth": 7,
    "learning_rate": 0.1,
    "subsample": 0.8,
    "tree_method": "hist",
    "random_state": 0,
    "n_jobs": 1,
}


# %%
def on_points_and_map(survey):
    """Train on a survey; return accuracy on its testing points, and P and R on both."""
    learn, judge = survey[survey["group"] == 1], survey[survey["group"] == 2]
    fitted = XGBClassifier(**SETTINGS_OF_LESSON_06)
    fitted.fit(learn[BANDS], learn["class"])
    judge = judge.assign(**{"is pine": judge["name"] == "Dense Pines"})
    found = {"accuracy, points": fitted.score(judge[BANDS], judge["class"])}
    for place, table in {"points": judge, "map": pixels}.items():
        said = fitted.predict_proba(table[BANDS])[:, pine_column] > 0.5
        found[f"precision, {place}"] = table.loc[said, "is pine"].mean()
        found[f"recall, {place}"] = said[table["is pine"]].mean()
    return found


# %%
if cloud.truth is not None:
    by_survey = pd.DataFrame({n: on_points_and_map(s) for n, s in surveys.items()})
    display(by_survey.round(2))

# %% [markdown]
# **What to notice.** First read down a column: both models do worse on the map than on their own points. Then read
# along the rows. Which survey looks better on its own testing points, and which makes the better map? They need not be
# the same. Points can only test a model on places like their own: those along roads test it along roads. And even
# points taken where the map is wanted are clearer than the land, because people chose them. (The figures of the field
# points differ a little from the plot above. Here all points count, in learning and in testing; there, those under the
# mask of lesson 04 are left out.)
#
# And what would a team find at the marked pixels? Not what exercise 07-1 counted among the field points, but this:

# %%
if filled_in.exists():
    behind = answers.loc[sample["map says"] == "pine", "interpreter_1"].value_counts()
    display(behind.rename("visits to marked pixels").to_frame())

# %% [markdown]
# If native forest is high on this list, the map is not a list of trees to fell.
#
# ## Can a probability be believed?
#
# A model that says `0.8` should be right in eight of ten such pixels. A **[reliability
# curve](../docs/glossary.md#reliability-curve)** shows whether it is: pixels are binned by their probability, and each
# bin shows the share that truly is pine. On the diagonal a probability can be believed: it is
# [calibrated](../docs/glossary.md#calibration). Lesson 09 ended with a number to keep in mind: the share of the
# marked pixels that is pines, if its probabilities are believed. Here it is again, beside what the sample found:

# %%
if filled_in.exists():
    print(
        f"the map says: {float(pine_map.where(marked).mean()):.0%} of the marked pixels"
    )
    found = of_map.loc["precision"]
    print(f"the sample: {found['estimate']:.0%} ± {found['plus or minus']:.0%}")

# %% [markdown]
# To recalibrate a map we need no new model. The **log-odds**, ln(p / (1 - p)), are stretched and shifted to fit the
# answers of the random sample, by a logistic regression with a single feature (*Platt scaling*). With so few pines
# among the answers, two numbers are as many as we can learn.


# %%
def log_odds(probability):
    """Return ln(p / (1 - p)) of probabilities, kept away from 0 and 1."""
    kept = probability.clip(0.0001, 0.9999)
    return np.log(kept / (1 - kept))


# %%
if filled_in.exists():
    given = answers["interpreter_1"].dropna()
    feature = log_odds(sample.loc[given.index, ["probability"]])
    fitted = LogisticRegression(C=np.inf).fit(feature, given == "Dense Pines")
    stretch, shift = fitted.coef_.item(), fitted.intercept_.item()
    recalibrated = 1 / (1 + np.exp(-(shift + stretch * log_odds(pine_map))))
    for believed in [0.5, 0.8, 0.95]:
        corrected = fitted.predict_proba(
            log_odds(pd.DataFrame({"probability": [believed]}))
        )
        print(f"the map says {believed:.2f}: recalibrated {corrected[0, 1]:.2f}")

# %% [markdown]
# Did it help? The sample used for the fit can't judge that; the truth of the simulated scene can. Every pixel goes into
# one of ten bins, once by its old probability and once by its recalibrated one:

# %%
if cloud.truth is not None:
    truly = true_pine.values[mapped.values]
    both_maps = {"as the model says": pine_map, "recalibrated": recalibrated}
    curves = {
        name: calibration_curve(truly, layer.values[mapped.values], n_bins=10)
        for name, layer in both_maps.items()
    }

# %%
# Only drawing: run it, no need to read it.

if cloud.truth is not None:
    figure, axes = plt.subplots(figsize=(6.5, 6))
    axes.plot([0, 1], [0, 1], color="black", ls=":", lw=2, label="can be believed")
    for name, colour, marker in zip(curves, [WINE, INK], "os", strict=True):
        share, mean = curves[name]
        look = {"color": colour, "marker": marker, "markersize": 8, "clip_on": False}
        axes.plot(mean, share, label=name, **look)
    axes.set(xlabel="probability of pines on the map", xlim=(0, 1), ylim=(0, 1))
    axes.set(ylabel="share that truly is pine", aspect="equal")
    axes.set_title(cloud.map_title("Reliability curve"))
    axes.legend(loc="upper left")
    plt.show()

# %% [markdown]
# **What to notice.** Below the diagonal a model is overconfident. That is the effect of rarity: it learnt from points
# among which pines are common. The recalibrated probabilities should lie closer to the diagonal, as far as a few
# answers allow. The order of the pixels has not changed, so this finds no more pines. With the threshold still at 0.5
# it marks *fewer*, because that now asks for more. To mark the same pixels as before, take what 0.5 has become (printed
# above) as the threshold. What recalibration does is to say honestly what is there:

# %%
if filled_in.exists():
    print(f"marked above 0.5:  {float((recalibrated > 0.5).sum()) / 100:7,.0f} ha")
    print(f"sum, recalibrated: {float(recalibrated.sum()) / 100:7,.0f} ha")
    print(f"sum, as before:    {float(pine_map.sum()) / 100:7,.0f} ha")
    print(f"from the sample:   {area:7,.0f} ha, plus or minus {margin:,.0f} ha")

# %% [markdown]
# A sum of probabilities is an area, too, if they can be believed: ten pixels of one tenth make one pixel of pines. (It
# is close to the sample's because it was fitted to it, and its interval is no better.) Here are the two maps in the
# square of four kilometres where most is marked:

# %%
blocks = marked.coarsen(x=100, y=100, boundary="trim").sum()
most = blocks.where(blocks == blocks.max(), drop=True)
west, south, east, north = pine_map.rio.bounds()
x = np.clip(most.x.values[0], west + 2000, east - 2000)
y = np.clip(most.y.values[0], south + 2000, north - 2000)
SQUARE = {"x": slice(x - 2000, x + 2000), "y": slice(y + 2000, y - 2000)}


def in_kilometres(layer):
    """Cut a layer to the square, with kilometres on its axes."""
    part = layer.sel(SQUARE)
    return part.assign_coords(x=part.x / 1000, y=part.y / 1000)


# %%
# Only drawing: run it, no need to read it.
bar = {"location": "bottom", "shrink": 0.6}
bar |= {"label": "probability of pines (0 to 1); grey: not mapped"}
frame = {"aspect": "equal", "xlabel": "km east", "ylabel": "km north"}
frame |= {"facecolor": NOT_MAPPED}

# %%
# Only drawing: run it, no need to read it.
if filled_in.exists():
    figure, panels = plt.subplots(1, 2, figsize=(8, 5.6), sharey=True)
    pair = {"as the model says": pine_map, "recalibrated": recalibrated}
    for axes, (name, layer) in zip(panels, pair.items(), strict=True):
        look = {"cmap": "viridis", "vmin": 0, "vmax": 1, "add_colorbar": False}
        drawn = in_kilometres(layer).plot.imshow(ax=axes, **look)
        axes.set(title=name, **frame)
        axes.locator_params(nbins=4)
        axes.label_outer()
    figure.colorbar(drawn, ax=panels, **bar)
    set_title(figure, cloud.map_title("Probability of pines, before and after"))
    plt.show()

# %% [markdown]
# **What to notice.** The pattern is the same, but where the left map is yellow the right one is mostly green: yellow
# now means what it says. (Grey is not mapped: a plantation, which the area of interest leaves out, or a pixel that
# lesson 04 masked.)
#
# ## The truth, for once: hits, misses, false alarms
#
# Only a simulated scene comes with the truth. (With `COURSE_CLOUD=aws` everything from here to the exercises shows
# nothing.) Was the estimate right?

# %%
if cloud.truth is not None:
    true_hectares = float(true_pine.sum()) / 100
    print(f"true: {true_hectares:,.0f} ha")
    print("inside the interval:", abs(area - true_hectares) < margin)
    print(f"true precision {float(true_pine.where(marked).mean()):.0%}")
    print(f"true recall    {float(marked.where(true_pine).mean()):.0%}")

# %% [markdown]
# One sample in twenty gives an interval that misses the truth, and nobody can know which. That is what 95 % means. Here
# are the errors themselves, in the same square:

# %%
KINDS = {"neither": "white", "missed": "#D55E00"}
KINDS |= {"false alarm": "#56B4E9", "hit": "#000000"}
legend = {"edgecolor": "grey"}
patches = [Patch(facecolor=c, label=kind, **legend) for kind, c in KINDS.items()]
patches.append(Patch(facecolor=NOT_MAPPED, label="not mapped", **legend))

# %%
# Only drawing: run it, no need to read it.

if cloud.truth is not None:
    kinds = in_kilometres((true_pine * 1 + marked * 2).where(mapped))
    figure, axes = plt.subplots(figsize=(8, 7))
    colours = ListedColormap(list(KINDS.values()))
    kinds.plot.imshow(ax=axes, cmap=colours, vmin=0, vmax=3, add_colorbar=False)
    axes.legend(handles=patches, loc="upper left", bbox_to_anchor=(1, 1))
    axes.set(aspect="equal", xlabel="km east", ylabel="km north", facecolor=NOT_MAPPED)
    axes.locator_params(nbins=4)
    axes.set_title(cloud.map_title("Pines: hits, misses, false alarms"))
    plt.show()

# %% [markdown]
# **What to notice.** The errors are not spread evenly. False alarms come in chains and patches; the chains follow
# streams. Misses lie around the hits, where stands thin out, and singly elsewhere. What grows at the false alarms?

# %%
if cloud.truth is not None:
    names = {code: name for name, code in CLASS_CODES.items()}
    alarms = truth["dominant_class"].where(marked & ~true_pine).to_series().dropna()
    display(alarms.map(names).value_counts(normalize=True).round(2).head(4).to_frame())

# %% [markdown]
# ## Why pines are missed: mixture and light
#
# How much of a pixel is pine, and how much sun falls on it? We have the first. We compute the second from the terrain
# model in the catalogue and the sun's position in the scene's properties: the cosine of the angle between the sun's
# rays and the normal of the slope, divided by that of level ground. So 1 is the light on level ground, and 0 or less
# means that the slope itself faces away from the sun.

# %%
if cloud.truth is not None:
    here = {"type": "Point", "coordinates": PLACE}
    search = catalogue.search(collections=["cop-dem-glo-30"], intersects=here)
    terrain = next(search.items_as_dicts())
    height = rioxarray.open_rasterio(terrain["assets"]["data"]["href"], masked=True)[0]
    height = height.rio.reproject_match(pine_map, resampling=Resampling.bilinear)

# %%
if cloud.truth is not None:
    azimuth = np.radians(scene["properties"]["view:sun_azimuth"])
    elevation = np.radians(scene["properties"]["view:sun_elevation"])
    to_north, to_east = np.gradient(height.values, -10, 10)
    uphill = np.sin(azimuth) * to_east + np.cos(azimuth) * to_north
    upright = np.sqrt(1 + to_east**2 + to_north**2)
    light = (1 - uphill / np.tan(elevation)) / upright

# %%
if cloud.truth is not None:
    pixels = pd.DataFrame({"cover": true_cover.values[mapped.values]})
    pixels["light"] = light[mapped.values]
    pixels["in own shadow"] = truth["shadow"].values[mapped.values] > 0
    pixels["found"] = marked.values[mapped.values]
    with_pines = pixels[pixels["cover"] > 0].copy()
    in_shadow = with_pines["in own shadow"].mean()
    print(f"{in_shadow:.1%} of the mapped pixels with pines lie in true shadow")

# %% [markdown]
# **Density classes.** Clearing teams don't speak of "pine" and "no pine", but of how dense the pines are: they plan and
# pay by classes of cover. Here are theirs. What share of each does the map find?

# %%
DENSITY = ["1-5 %", "5-25 %", "25-50 %", "50-75 %", "above 75 %"]
if cloud.truth is not None:
    edges = [0, 5, 25, 50, 75, 100]
    with_pines["density"] = pd.cut(with_pines["cover"], edges, labels=DENSITY)
    steps, lights = (
        [-9, 0.4, 0.7, 1.0, 9],
        ["below 0.4", "0.4 to 0.7", "0.7 to 1", "above 1"],
    )
    with_pines["sun"] = pd.cut(with_pines["light"], steps, labels=lights)
    crossed = {"index": "density", "columns": "sun", "observed": True}
    by_light = with_pines.pivot_table(values="found", **crossed)
    display(by_light.round(2))

# %%
# Only drawing: run it, no need to read it.

if cloud.truth is not None:
    figure, axes = plt.subplots(figsize=(8, 4.5))
    colours, markers = plt.cm.cividis(np.linspace(0, 0.75, 5)), "oD^sv"
    styles = [f"{marker}-" for marker in markers]
    look = {"style": styles, "markersize": 8, "linewidth": 2.5, "ylim": (0, 1)}
    by_light.iloc[::-1].T.plot(ax=axes, color=list(colours), **look)
    axes.set_xticks(range(by_light.shape[1]), by_light.columns)
    axes.set_xlim(-0.3, by_light.shape[1] - 0.7)
    axes.set(xlabel="light (1 = that of level ground)", ylabel="share found (0 to 1)")
    axes.legend(title="cover of pines", loc="upper left", bbox_to_anchor=(1, 1))
    axes.set_title(cloud.map_title("Which pines are found"))
    plt.show()

# %% [markdown]
# **What to notice.** The table separates two reasons.
#
# - **Mixture:** read down a column. Where less than half of a pixel is pine, few are found: its light comes mostly from
#   other plants, and the model names the plants that it sees most of. Young, scattered pines are the ones that are
#   cheap to clear, and the ones that this map can't see. Whoever uses it must know that.
# - **Light:** read along the last row, the top line of the figure. Even closed stands are found less often on slopes that get little sun. The
#   dimmest, and with them nearly all true shadow (the line printed above the table), were masked in lesson 04 and are
#   not on this map. What is left of "below 0.4" still gets too little light. (An L2A product is corrected for terrain
#   with a coarse model: sunlit slopes come out nearly alike, those that the sun only grazes too bright and grainy. So
#   dim pines have spectra of their own, and few of the points are there.)
#
# Neither explains a missed stand of another kind than those at the points.
#
# ## How much is it?
#
# So far "pines" were the pixels with more pine than anything else. The offices that pay for clearing count in
# **[condensed hectares](../docs/glossary.md#condensed-hectares)**: hectares times crown cover, as if the crowns were
# pushed together until they touch (four hectares, a quarter covered, are one condensed hectare). By density class:

# %%
if cloud.truth is not None:
    by_density = with_pines.groupby("density", observed=True)
    much = pd.DataFrame({"hectares": by_density.size() / 100})
    much["condensed"] = by_density["cover"].sum() / 100 / 100
    much["found"] = by_density["found"].sum() / 100
    much.loc["all"] = much.sum()
    display(much.round(0).astype(int))

# %%
# Only drawing: run it, no need to read it.

if cloud.truth is not None:
    figure, axes = plt.subplots(figsize=(8, 4.5))
    bars = much.drop(index="all")
    looks = {"hectares": (SKY, "not on the map"), "found": (WINE, "marked on the map")}
    for what, (colour, label) in looks.items():
        axes.bar(bars.index, bars[what], color=colour, label=label, edgecolor="black")
    look = {"color": "black", "marker": "D", "ls": "none", "ms": 10, "mec": "white"}
    axes.plot(bars.index, bars["condensed"], label="condensed hectares", **look)
    axes.set(xlabel="density class (cover of pines)", ylabel="hectares")
    axes.set_title(cloud.map_title("Pines by density class"))
    axes.legend()
    plt.show()

# %% [markdown]
# **What to notice.** One landscape, three answers: hectares with any pines (the sum of the first column), hectares with
# mostly pines (the *true* hectares printed above the map of errors), condensed hectares (the sum of the second column).
# Say which of them you report. (The column *found* is none of the three: it is what the map marks of the first. Le
# Maitre et al. 2016 give the water that invaders use per condensed hectare.) The thin classes hold most of the land
# with pines, and hardly any of it is on the map. And a map is not yet a plan: after the first clearing teams return to
# the same hectares, because seedlings come up where the trees stood, above all after a fire.

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 11-1: right, in shares of the area
#
# How much of the published map is right? The answer is its **overall accuracy**: the share of the *area* where map and
# ground agree, a number between 0 and 1, to three decimals. Use `published` (visits: a row for what the map says, a
# column for the ground) and `published_hectares`.
#
# Stuck? Run `hint("11-1")`.

# %% tags=["exercise"]
overall_accuracy = ...
check("11-1", overall_accuracy, counts=published, hectares=published_hectares)

# %% [markdown]
# <details><summary>Solution 11-1</summary>
#
# ```python
# right = np.diag(published) / published.sum(axis=1)
# overall_accuracy = (right * published_hectares).sum() / published_hectares.sum()
# ```
#
# Counting the visits alone gives another number. More of them were drawn in the small parts, on purpose, so each part
# must be weighted by its hectares again.
#
# </details>

# %% [markdown]
# ### Exercise 11-2: where would you send the team?
#
# Next year there is time for only **200 visits**. They are drawn at random, some among the pixels that the map marks as
# pines, the others among the pixels that it does not. Suppose you expect that **3 in 10** visits to marked pixels, and
# **2 in 100** visits to unmarked pixels, will find pines. How many of the 200 go to each? The answer is a tuple:
# (visits to marked pixels, visits to unmarked pixels). Choose it so that the interval of the *area* becomes narrow: at
# most a twentieth wider than the narrowest possible. `hectares` holds the sizes of the two parts ("pine" and "no
# pine"), and `area_with_interval` has the formula: copy its line of the variance rather than call it. Defend your
# choice in one sentence.
#
# Stuck? Run `hint("11-2")`.

# %% tags=["exercise"]
visits = ...
check("11-2", visits, hectares=hectares)

# %% [markdown]
# <details><summary>Solution 11-2</summary>
#
# ```python
# share = pd.Series({"pine": 0.3, "no pine": 0.02})
# margins = {}
# for to_marked in range(2, 199):
#     made = pd.Series({"pine": to_marked, "no pine": 200 - to_marked})
#     variance = (hectares**2 * share * (1 - share) / (made - 1)).sum()
#     margins[to_marked] = 1.96 * np.sqrt(variance)
# best = pd.Series(margins).idxmin()
# visits = (int(best), 200 - int(best))
# ```
#
# The part where the map says "no pines" is so large that a few pines missed there weigh more than many false alarms in
# the small part. For the *precision* of the map alone you would send more people to the marked pixels: what you want to
# know decides where to go.
#
# </details>

# %% [markdown]
# ### Exercise 11-3: a team's list
#
# A team hands you its list of stands: their hectares, and the lower and upper limit of each one's density class, in per
# cent of cover. How many **condensed hectares** is that in all, **at least** and **at most**? The answer is a tuple of
# two numbers: (fewest, most).
#
# Stuck? Run `hint("11-3")`.

# %% tags=["exercise"]
team_list = pd.DataFrame(
    {"hectares": [40, 120, 300, 25], "from": [25, 5, 1, 75], "to": [50, 25, 5, 100]},
    index=["Kloof", "Middle slope", "Far slope", "Old stand"],
)
condensed_hectares = ...
check("11-3", condensed_hectares, team_list=team_list)

# %% [markdown]
# <details><summary>Solution 11-3</summary>
#
# ```python
# fewest = (team_list["hectares"] * team_list["from"]).sum() / 100
# most = (team_list["hectares"] * team_list["to"]).sum() / 100
# condensed_hectares = (fewest, most)
# ```
#
# Each stand by itself, then the sum. Classes are quick to judge in the field, but coarse: here the most is about twice
# the fewest, even before anybody makes a mistake.
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. You have counted 1000 ha on a map; a random sample gives 500 ha, plus or minus 200 ha. What do you report?**
#
# <details><summary>a) 1000 ha: the map looks at every pixel, the sample at a few hundred</summary>
#
# **No.** Looking at every pixel does not help if many are wrong in the same way. That mistake does not shrink with more
# pixels.
#
# </details>
# <details><summary>b) 750 ha, the mean of the two</summary>
#
# **No.** A biased number does not become better by being averaged with a good one.
#
# </details>
# <details><summary>c) 500 ha, 95 % interval 300 to 700 ha</summary>
#
# **Yes.** And say what "pine" means and which area was sampled.
#
# </details>
# <details><summary>d) Nothing: an interval that wide is useless</summary>
#
# **No.** It already shows that 1000 ha is too much. You can plan for 300 and for 700 ha.
#
# </details>
#
# **2. The recall of pines is lower on the map than on the testing points. Which of these could be the reason?**
#
# <details><summary>a) Pines are rarer in the landscape than among the points</summary>
#
# **No.** Recall concerns pines alone; it does not matter how common they are. Rarity lowers the precision.
#
# </details>
# <details><summary>b) The pines in the landscape are thinner than those at the points</summary>
#
# **Yes.** It is another population, and the harder part of it was not among the points.
#
# </details>
# <details><summary>c) The sample has fewer places than there are testing points, so fewer pines are found</summary>
#
# **No.** Fewer places make the interval wider. They do not pull the estimate down.
#
# </details>
#
# **3. You want an interval half as wide. About how many visits does that take?**
#
# <details><summary>a) Four times as many</summary>
#
# **Yes.** The standard error falls with the square root of the number of visits.
#
# </details>
# <details><summary>b) Twice as many</summary>
#
# **No.** Twice the visits make it narrower only by the square root of two, about 30 %.
#
# </details>
# <details><summary>c) None: a better model is enough</summary>
#
# **No.** A better map does help, but without visits nobody knows how good it is.
#
# </details>
#
# **4. You recalibrate a map on a random sample. What changes?**
#
# <details><summary>a) More pines are found, and fewer false alarms are raised</summary>
#
# **No.** The order of the pixels is the same: for every threshold on the new map there is one on the old map that marks
# exactly the same pixels.
#
# </details>
# <details><summary>b) Nothing: it is only another colour scale</summary>
#
# **No.** A colour is a choice; whether half of such pixels are pines is a fact, and now the number says so.
#
# </details>
# <details><summary>c) The model no longer needs training points</summary>
#
# **No.** Two numbers were learnt from the sample; everything else still comes from the model.
#
# </details>
# <details><summary>d) A probability can be read as a share of pixels</summary>
#
# **Yes.** That is all, and it is worth a lot: probabilities can be added up and compared with costs.
#
# </details>

# %% [markdown]
# ## Key points
#
# - The area and the accuracy of a map come from a random sample, with an interval; counted pixels are biased.
# - Write down how places are labelled, let two people do it, and remember that both can be wrong.
# - Rarity lowers precision; only another population lowers recall.
# - Test a probability before you believe it; a random sample can recalibrate it.
# - Say which hectares: of any pines, of mostly pines, or condensed.
#
# **What's next:** [12 One round better](12_one_round_better.ipynb): fifty visits, and a better map from them.
