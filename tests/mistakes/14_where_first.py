"""Answers that learners may give in lesson 14 by mistake, each with words of its hint."""

# ruff: noqa: F821

# %% 14-1 | still looks fifteen years ahead
stands_changed = int((best_plan(middle_benefit(), costs) != plans["solver"]).sum())

# %% 14-1 | only those that come in
stands_changed = int((best_plan(middle_benefit(years=1), costs) & ~plans["solver"]).sum())

# %% 14-1 | that are alike
stands_changed = int((best_plan(middle_benefit(years=1), costs) == plans["solver"]).sum())

# %% 14-1 | differs from `final_plan`
stands_changed = int((best_plan(middle_benefit(years=1), costs) != final_plan).sum())

# %% 14-1 | whole number of stands
stands_changed = 1000

# %% 14-2 | two means
first, second = ((saved / paid).sel(catchment=c, density=d).mean() for c, d in rivals)
first_is_better = float(first > second)

# %% 14-2 | the other way round
second, first = ((saved / paid).sel(catchment=c, density=d) for c, d in rivals)
first_is_better = float((first > second).mean())

# %% 14-2 | per cent
first, second = ((saved / paid).sel(catchment=c, density=d) for c, d in rivals)
first_is_better = 100 * float((first > second).mean())

# %% 14-2 | which is cheaper
first, second = (paid.sel(catchment=c, density=d) for c, d in rivals)
first_is_better = float((first < second).mean())

# %% 14-2 | between 0 and 1
first_is_better = -3
