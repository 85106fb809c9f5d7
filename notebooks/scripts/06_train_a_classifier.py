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
# # 06 Train a classifier
#
# **The question:** can a program learn from the points we have to name a pixel it has never seen?
#
# **You will be able to**
#
# - split observations into features and labels, and by the job of each group;
# - train a gradient-boosted tree model (XGBoost) and say what its main settings do;
# - use the validation group to see whether more trees would help;
# - read accuracy, F1, precision and recall of the pines, and a confusion matrix.
#
# **Time:** 30 minutes. **Needs:** the spectra of lesson 05.

# %%
import geopandas as gpd
import holoviews as hv
import hvplot.pandas
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    classification_report,
    f1_score,
    precision_score,
    recall_score,
)
from xgboost import XGBClassifier

# %%
from helpers import BANDS, find_or_make, open_cloud

hv.extension("bokeh", inline=True)
cloud = open_cloud()

# %% [markdown]
# ## Features and labels
#
# The **features** are what the model may look at: the reflectance in twelve bands. The **label** is what it should
# say: the class. Place is not among the features, on purpose: a model that knows where it is learns the map by heart.

# %%
spectra = gpd.read_parquet(find_or_make("spectra_at_points.parquet"))
class_names = spectra.groupby("class")["name"].first()
group_jobs = {0: "validation", 1: "training", 2: "testing"}
spectra["job"] = spectra["group"].map(group_jobs)
spectra["job"].value_counts().to_frame()

# %%
training = spectra[spectra["job"] == "training"]
validation = spectra[spectra["job"] == "validation"]
testing = spectra[spectra["job"] == "testing"]

# %% [markdown]
# ## From one tree to a hundred
#
# A **decision tree** asks yes/no questions: is `nir` below 0.2? is `swir16` above 0.1? It is easy to read
# and easily fooled. **Boosting** adds trees one after the other, and each new one mends some of the mistakes that
# those before it still make.
#
# | setting | value | what it does |
# |---|---|---|
# | `n_estimators` | 100 | rounds of boosting; with ten classes each round adds ten trees |
# | `max_depth` | 7 | questions in a row that one tree may ask |
# | `learning_rate` | 0.1 | how much of each new tree is added; small steps go further, slowly |
# | `subsample` | 0.8 | the share of the points that each tree sees; chance keeps trees from agreeing on a mistake |
# | `tree_method` | `"hist"` | sort values into bins first: much faster |
# | `random_state` | 0 | the seed of that chance, so that you get the same model as we did |

# %%
model = XGBClassifier(
    max_depth=7,
    learning_rate=0.1,
    subsample=0.8,
    n_estimators=100,
    tree_method="hist",
    random_state=0,
)
watched = [
    (training[BANDS], training["class"]),
    (validation[BANDS], validation["class"]),
]
model.fit(training[BANDS], training["class"], eval_set=watched, verbose=False)

# %% [markdown]
# ## Are a hundred rounds enough?
#
# This is a decision, so we ask the **validation** group, not the testing group. The loss says how surprised the model is by
# the true class; lower is better.

# %%
loss = pd.DataFrame(
    {
        "training": model.evals_result()["validation_0"]["mlogloss"],
        "validation": model.evals_result()["validation_1"]["mlogloss"],
    }
)
loss.index += 1  # the first round is number 1

# %%
loss.hvplot.line(
    xlabel="boosting round",
    ylabel="loss (multi-class log loss)",
    color=["#882255", "#332288"],
    line_width=2.5,
    width=700,
    height=350,
    grid=True,
    legend="top_right",
    title="Loss by round: what the model has seen, and what it has not",
)

# %%
best_round = int(loss["validation"].idxmin())
print(
    f"The validation loss is lowest after round {best_round}: {loss['validation'].min():.3f}"
)
print(f"After the last round it is {loss['validation'].iloc[-1]:.3f}")

# %% [markdown]
# **What to notice.** The training loss falls towards zero: the model learns its own points by heart. The
# validation loss falls, then levels out, and may rise a little. Once it no longer falls, more rounds are wasted. Here we stay
# with one hundred, the published lesson's number, so that the results compare.
#
# ## How often is it right?
#
# Now the testing points, which took no part in training or in choosing settings.

# %%
predicted = pd.Series(model.predict(testing[BANDS]), index=testing.index)
true_names = testing["name"]
predicted_names = predicted.map(class_names)
print(
    f"On the points it was trained on: {model.score(training[BANDS], training['class']):.3f}"
)
print(
    f"On the testing points:           {accuracy_score(true_names, predicted_names):.3f}"
)

# %% [markdown]
# The first figure means nothing: a model that has learnt by heart gets it, too. The second is a first estimate; lesson 07 examines it.
#
# ## And the pines?
#
# Accuracy counts all classes alike. For the pines there are two questions:
#
# - **precision** (user's accuracy): of what the model calls pine, how much is pine? Low precision sends
#   clearing teams to the wrong slopes.
# - **recall** (producer's accuracy): of the pines that are there, how many does the model find? Low recall leaves seed trees
#   standing.
#
# **F1** is one number for both, and is low as soon as one of the two is.

# %%
pine = {"labels": ["Dense Pines"], "average": None}
pine_scores = {
    "precision": precision_score(true_names, predicted_names, **pine)[0],
    "recall": recall_score(true_names, predicted_names, **pine)[0],
    "F1": f1_score(true_names, predicted_names, **pine)[0],
}
pd.Series(pine_scores, name="Dense Pines").round(3).to_frame()

# %% [markdown]
# All classes side by side (*support* is the number of testing points):

# %%
report = classification_report(
    true_names, predicted_names, output_dict=True, zero_division=0
)
by_class = (
    pd.DataFrame(report).drop(columns=["accuracy", "macro avg", "weighted avg"]).T
)
by_class.round(2).astype({"support": int}).sort_values("f1-score", ascending=False)

# %% [markdown]
# Look at the classes with few points: their scores are often low, and uncertain, because a few points decide them.
#
# ## Which classes does it confuse?
#
# In a **confusion matrix** every row is a true class, every column what the model said. Here each row is divided by its
# sum: the diagonal is then the recall of each class.

# %%
figure, axes = plt.subplots(figsize=(9, 8), layout="constrained")
ConfusionMatrixDisplay.from_predictions(
    true_names,
    predicted_names,
    normalize="true",
    values_format=".2f",
    cmap="cividis",
    xticks_rotation="vertical",
    ax=axes,
)
axes.set(
    title=cloud.map_title("Confusion matrix: share of each true class"),
    xlabel="class the model says",
    ylabel="class seen on the ground",
)
plt.show()

# %% [markdown]
# **What to notice.** Read along the row of *Dense Pines*: where do the missed pines go? Then down its column: what is
# taken for pine? Compare with the spectra of lesson 05: what looks alike gets confused.
#
# ## Leave the model for the next lessons

# %%
model.save_model(cloud.outputs / "pine_classifier.ubj")
print(f"{(cloud.outputs / 'pine_classifier.ubj').stat().st_size / 1e6:.1f} MB")

# %% [markdown]
# ## Key points
#
# - Train on one group, decide with a second, judge with a third.
# - Accuracy on the training points says nothing.
# - Precision and recall are two different risks; ask which one costs you more.
#
# **What's next:** [07 How good is it?](07_how_good_is_it.ipynb): we look for reasons not to believe these figures.
