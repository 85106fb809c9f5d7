"""Exercises of lesson 14: a plan with its uncertainty."""

from collections.abc import Callable

import pandas as pd
import xarray as xr

from helpers.exercises.core import NUMBER, exercise, same

CLOSE = 0.0006  # so close is a share that has been rounded to three decimals


@exercise(
    "14-1",
    kind=NUMBER,
    right="A plan depends on how far one looks ahead. Say how far, or somebody else will decide.",
    hints=[
        "middle_benefit(years=1) gives the water of the next year, stand by stand.",
        "Give that and costs to best_plan: the new plan is True for the stands that it clears.",
        'Compare it with plans["solver"] by !=, and count: (new != plans["solver"]).sum()',
    ],
)
def stands_changed(
    answer: float,
    *,
    costs: pd.Series,
    benefit_of: Callable[..., pd.Series],
    best_plan: Callable[[pd.Series, pd.Series], pd.Series],
    final_plan: pd.Series,
) -> str | None:
    """Expect how many stands are in one of two plans but not in the other."""
    old = best_plan(benefit_of(), costs)
    new = best_plan(benefit_of(years=1), costs)
    changed = int((old != new).sum())
    if answer == changed:
        return None
    if answer == 0:
        return (
            "The plans are not the same. Perhaps your new one still looks fifteen years ahead: "
            "years=1 goes into middle_benefit."
        )
    slips = [
        (abs(int(new.sum()) - int(old.sum())), "That is how many more stands one plan has than "
         "the other. One may leave and another come in: compare them stand by stand."),
        (int((old == new).sum()), "Those are the stands that are alike in both, in or out of the "
         "plan: count where the two differ."),
        (int(new.sum()), "That is how many stands the new plan has, whether they are new or not."),
        (int(old.sum()), "That is how many stands the old plan has."),
        (int((new != final_plan).sum()), "That is in how many stands it differs from "
         '`final_plan`. The old plan here is `plans["solver"]`, made without the draws.'),
        (int((new & ~old).sum()), "You count only those that come in. Others leave the plan."),
        (int((old & ~new).sum()), "You count only those that leave. Others come in."),
    ]  # fmt: skip
    # some counts may be the same by chance: then each slip is named
    said = [hint for count, hint in slips if count == answer]
    return " Or: ".join(said) or (
        "That is not it. The answer is a whole number of stands: those for which the plan for "
        'years=1 and `plans["solver"]` differ.'
    )


@exercise(
    "14-2",
    kind=NUMBER,
    right="A decision needs no narrow intervals. It needs one of the two to be better nearly "
    "always; where that fails, a visit is worth more than a solver.",
    hints=[
        "Divide first: saved / paid has water per rand for every draw and every stand.",
        "Take each rival out of it with .sel(catchment=..., density=...): two rows of draws.",
        "float((first > second).mean()) is the share of the draws in which the first is better.",
    ],
)
def first_is_better(
    answer: float,
    *,
    saved: xr.DataArray,
    paid: xr.DataArray,
    rivals: list[tuple[str, str]],
) -> str | None:
    """Expect the share of the draws in which the first of two stands gives more per rand."""
    first, second = rivals

    def share(values: xr.DataArray) -> float:
        return float((_stand(values, first) > _stand(values, second)).mean())

    right = share(saved / paid)
    if abs(answer - right) <= CLOSE:
        return None
    if answer in (0, 1):
        return (
            "It looks as if you compared two means, or the water without its cost. Two means say "
            "which is larger, but not how often: compare saved / paid draw by draw, and take the "
            "mean of the answers."
        )
    slips = {
        100 * right: "That is per cent; the answer is a share between 0 and 1.",
        1 - right: "That is the other way round: how often the second is better.",
        share(saved): "That compares the water alone, not water for the money: divide by paid.",
        1 - share(paid): "That says which is cheaper. What does the money give back?",
    }
    for slip, hint in slips.items():
        if same(answer, slip):
            return hint
    return (
        "That is not it. The answer is a share between 0 and 1: of all draws, those in which "
        "saved / paid of the first is larger than that of the second."
    )


def _stand(values: xr.DataArray, name: tuple[str, str]) -> xr.DataArray:
    """Return the draws of one stand, named by catchment and density class."""
    catchment, density = name
    return values.sel(catchment=catchment, density=density)
