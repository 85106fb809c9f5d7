"""Exercises of lesson 01: coordinates, imbalance, and groups that are not far apart."""

import geopandas as gpd
import pandas as pd

from helpers.course import CRS
from helpers.exercises.core import NUMBER, exercise, same

CHOICES = (50, 100, 250, 500, 1000)


@exercise(
    "01-1",
    kind=NUMBER,
    right="All that the model will ever know about the ground comes from this area, and from the "
    "few places in it that have points: they are no evidence for a map of any other place.",
    hints=[
        "Areas need a CRS in metres: one of the tables above has it.",
        "points_utm.union_all().convex_hull.area is in square metres.",
        "A square kilometre is 1000 m by 1000 m: divide by a million.",
    ],
)
def surveyed_area(answer: float, *, points: gpd.GeoDataFrame) -> str | None:
    """Compare with the area of the convex hull of the points."""
    in_metres = points.to_crs(CRS).union_all()
    square_metres = in_metres.convex_hull.area
    if same(answer, square_metres / 1e6):
        return None
    if same(answer, square_metres):
        return "That is in square metres; the exercise asks for square kilometres."
    if same(answer, square_metres / 1e3):
        return "A square kilometre is not 1000 square metres, but 1000 times 1000."
    if same(answer, square_metres / 1e4):
        return "That is in hectares; 100 of them make a square kilometre."
    if same(answer, in_metres.envelope.area / 1e6):
        return "That is the box around the points; take their convex hull, which is smaller."
    in_degrees = points.to_crs("EPSG:4326").union_all().convex_hull.area
    if any(same(answer, in_degrees / divisor) for divisor in (1, 1e3, 1e4, 1e6)):
        return "That area is in square degrees, which have no fixed size: use the table in metres."
    return "That is not the area of the convex hull in km2: its .area, in metres, divided by 1e6."


@exercise(
    "01-2",
    kind=NUMBER,
    right="Nobody could learn the rarest class well from so few points, neither you nor the model: "
    "see what becomes of it in lesson 07.",
    hints=[
        "The rows with the job 'training' were picked out above: they are in the table training.",
        'training["name"].value_counts() counts each class; it has a .max() and a .min().',
    ],
)
def training_imbalance(answer: float, *, points: pd.DataFrame) -> str | None:
    """Compare with the ratio of the largest to the smallest class in training."""
    largest, smallest = _extremes(points[points["group"] == _group("training")])
    if same(answer, largest / smallest, within=0.02):
        return None
    if same(answer, smallest / largest, within=0.02):
        return "The wrong way round: divide the larger count by the smaller."
    if answer == largest - smallest:
        return "That is the difference; the exercise asks how many times as many."
    if answer in (largest, smallest):
        return "That is one of the two counts: now divide the larger by the smaller."
    in_training = points["group"] == _group("training")
    if same(answer, in_training.sum() / smallest, within=0.02):
        return "You have divided the sum of all classes: the row 'all' of the table is not a class."
    everything = _extremes(points)
    if same(answer, everything[0] / everything[1], within=0.02):
        return (
            "That is the ratio among all points, training or not: pick the training points first."
        )
    for job in ("testing", "validation"):
        other = _extremes(points[points["group"] == _group(job)])
        if same(answer, other[0] / other[1], within=0.02):
            return f"That is the ratio among the {job} points: look up which group is for training."
    return "That is not the ratio of the largest to the smallest count among the training points."


@exercise(
    "01-3",
    kind=NUMBER,
    right="Every step away from the training points makes the exam more honest, and leaves fewer "
    "questions in it; lesson 07 does the same with blocks of a kilometre.",
    hints=[
        'For one distance: nearest_training["metres"] >= 50 is True where a point remains.',
        "The mean of True and False is the share of True: it must be at least 0.5.",
        "Try the five distances in turn, in a loop or by hand, and take the last that passes.",
    ],
)
def stricter_exam(answer: float, *, metres: pd.Series) -> str | None:
    """Compare with the largest distance that leaves half of the testing points."""
    remaining = {choice: float((metres >= choice).mean()) for choice in CHOICES}
    enough = [choice for choice in CHOICES if remaining[choice] >= 0.5]
    if enough and answer == enough[-1]:
        return None
    if answer in enough:
        return (
            f"{answer:.0f} m leaves {remaining[answer]:.0%} of the testing points: that is at "
            "least half, but so does a larger distance."
        )
    if answer in CHOICES:
        return f"{answer:.0f} m leaves only {remaining[answer]:.0%} of the testing points."
    if same(answer, metres.median(), within=0.02):
        return (
            "That is the median: half of the points are farther away than this. A good start: "
            "now take the largest of the five distances that is not larger."
        )
    if 0 < answer < 1:
        return "That is a share of points; the answer is the distance in metres that leaves it."
    if answer in [(metres >= choice).sum() for choice in CHOICES]:
        return "That is a number of points; the answer is the distance that leaves them."
    return "Choose one of the five distances: 50, 100, 250, 500 or 1000."


def _group(job: str) -> int:
    return {"validation": 0, "training": 1, "testing": 2}[job]


def _extremes(points: pd.DataFrame) -> tuple[int, int]:
    """Return the number of points of the most common and of the rarest class."""
    counts = points["name"].value_counts()
    return int(counts.max()), int(counts.min())
