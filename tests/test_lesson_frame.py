"""Every lesson keeps to the frame; and each rule can fail: a lesson broken on purpose proves it."""

import jupytext
import lesson_rules as rules
import pytest
from lesson_parts import LESSONS, PROJECT
from lesson_rules import RULES

from tools.frame import Lesson

PAGES = sorted(
    [
        *PROJECT.glob("*.md"),
        *(PROJECT / "docs").glob("*.md"),
        *(PROJECT / "docs" / "instructor").glob("*.md"),
    ]
)


def _name(part):
    return getattr(part, "__name__", str(part))


@pytest.mark.parametrize("rule", RULES, ids=_name)
@pytest.mark.parametrize("name", LESSONS)
def test_lesson(name, rule):
    wrong = rule(Lesson.read(name))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_of_page(page):
    wrong = rules.broken_links(page.read_text(), page)
    assert not wrong, "\n".join(wrong)


def test_right_answers_are_not_where_one_expects_them():
    wrong = rules.right_answers_vary([Lesson.read(name) for name in LESSONS])
    assert not wrong, "\n".join(wrong)


# ---- the rules themselves ---------------------------------------------------------------------

GOOD = """\
# %% [markdown]
# # 03 Tiny
#
# **The question:** why?
#
# **You will be able to**
#
# - say why.
#
# **Time:** 10 minutes (reading 6, exercises 4). **Needs:** nothing.

# %% [markdown]
# ## Look
#
# ![A hill with a pine on its top, and another one below](../docs/pictures/pine_probability.png)
#
# Red light is absorbed; 71 % were right (Mtengwana 2020).
#
# The threshold is `0.5`. See [the next section](#look-again).

# %%
# the first points are enough
few = points.head(3)
pines = points["name"] == "Dense Pines"
usable = mask == 1

# %% [markdown]
# ## Look again
#
# ```python
# # 95 % of this is code
# ```

# %%
if cloud.truth is not None:
    print(len(class_names) == 10)

# %% [markdown]
# ## Exercises

# %% [markdown]
# ### Exercise 03-1: count
#
# How many?
#
# Stuck? Run `hint("03-1")`.

# %% tags=["exercise"]
number = ...
check("03-1", number)

# %% [markdown]
# <details><summary>Solution 03-1</summary>
#
# ```python
# number = 3
# ```
#
# Three.
#
# </details>

# %% [markdown]
# ### Exercise 03-2: count again
#
# How many?
#
# Stuck? Run `hint("03-2")`.

# %% tags=["exercise"]
number = ...
check(
    "03-2",
    number,
)

# %% [markdown]
# <details><summary>Solution 03-2</summary>
#
# ```python
# number = 4
# ```
#
# </details>

# %% [markdown]
# ## Quiz
#
# **1. Is it so?**
#
# <details><summary>a) It is, most of the time.</summary>
#
# **No.** It never is, look again.
#
# </details>
# <details><summary>b) It is not.</summary>
#
# **Yes.** It never was, you see.
#
# </details>
# <details><summary>c) Who knows?</summary>
#
# **No.** You do, if you look.
#
# </details>
#
# **2. And so?**
#
# <details><summary>a) Yes.</summary>
#
# **Yes.** For this there are reasons.
#
# </details>
# <details><summary>b) No, never.</summary>
#
# **No.** For that there are none.
#
# </details>
# <details><summary>c) Perhaps.</summary>
#
# **No.** There is no doubt about it.
#
# </details>

# %% [markdown]
# ## Key points
#
# - One.
# - Two.
# - Three.
#
# **What's next:** [04 Clouds and shadows](04_clouds_and_shadows.ipynb): more.
"""

PAGE = """# 03 Tiny: for the instructor

| section | minutes | what it is for |
|---|---|---|
| Look | 2 | to see |
| Look again | 2 | to see better |
| Exercises | 4 | to do |
| Quiz | 1 | to ask |
| Key points | 1 | to keep |

## Where people stumble
## Ask the room
## May be skipped
## Before you begin
"""

# rule, what is replaced, by what, words of the complaint
BROKEN = [
    (rules.begins_as_agreed, "# # 03 Tiny", "# # 04 Tiny", "does not begin with '# 03"),
    (rules.begins_as_agreed, "# ## Look again", "# # Look again", "2 headings of level 1"),
    (rules.begins_as_agreed, "**The question:**", "**Question:**", "needs the question"),
    (rules.minutes_add_up, "reading 6", "reading 5", "are not 10 minutes"),
    (rules.minutes_add_up, " (reading 6, exercises 4)", "", "no '**Time:**"),
    (rules.ends_as_agreed, "## Quiz", "## Questions", "the last sections are"),
    (rules.ends_as_agreed, "## Key points", "## Key Points", "does not hold the key points"),
    (rules.ends_as_agreed, "# - Two.\n", "", "2 key points"),
    (rules.ends_as_agreed, "**What's next:**", "Next:", "does not end with"),
    (rules.ends_as_agreed, "# ## Look again", "# ## Quiz", "the last sections are"),
    (rules.headings_in_order, "# ## Look again", "# #### Look again", "right after level 2"),
    (rules.headings_in_order, "# ## Look again", "# ### Look again", "level 3 is for exercises"),
    (rules.exercises_in_shape, "Exercise 03-2", "Exercise 03-3", "are numbered"),
    (rules.exercises_in_shape, '# Stuck? Run `hint("03-1")`.', "# Good luck.", "to its hint"),
    (rules.exercises_in_shape, '# %% tags=["exercise"]', "# %%", "no cell tagged 'exercise'"),
    (rules.exercises_in_shape, 'check("03-1"', 'check("03-2"', "with its check follows"),
    (rules.exercises_in_shape, "Solution 03-1", "Solution", "solution does not follow"),
    (rules.pictures_are_described, "A hill with a pine on its top, and another one below", "Hill",
     "4 letters only"),
    (rules.pictures_are_described, "pine_probability.png", "nowhere.png", "no picture"),
    (rules.pictures_are_described, "Red light", '<img src="a.png"> Red light', "in Markdown"),
    (rules.cells_are_short, "few = points.head(3)", "\n".join(["few = 1"] * 11), "13 lines"),
    (rules.no_bare_class_numbers, '"name"] == "Dense Pines"', '"class"] == 2', "['class'] == 2"),
    (rules.no_bare_class_numbers, "mask == 1", "scl.isin([8, 9])", "scl.isin([8, 9])"),
    (rules.no_bare_class_numbers, "mask == 1", "scene_classes != 3", "scene_classes != 3"),
    (rules.no_bare_class_numbers, "mask == 1", "model.predict(x) == 2", "predict(x) == 2"),
    (rules.no_bare_class_numbers, "mask == 1", "m.predict_proba(x)[:, 2]", "[:, 2]"),
    (rules.nothing_forbidden, "usable = mask == 1", "del pines", "del: del pines"),
    (rules.nothing_forbidden, "usable = mask == 1", "%pip install rioxarray", "installs"),
    (rules.nothing_forbidden, "usable = mask == 1", "!python -m pip install -q x", "installs"),
    (rules.nothing_forbidden, "usable = mask == 1", 'warnings.filterwarnings("ignore")',
     "all warnings off"),
    (rules.nothing_forbidden, "usable = mask == 1", 'warnings.simplefilter("ignore")',
     "all warnings off"),
    (rules.nothing_forbidden, "# the first points are enough", "# few = points.head()",
     "code in a comment: few = points.head()"),
    (rules.nothing_forbidden, "# the first points are enough", "# points.plot()", "code in a"),
    (rules.nothing_forbidden, "# the first points are enough",
     "# for point in points:\n#     show(point)", "code in a comment: for point"),
    (rules.quiz_in_shape, "**2. And so?**", "**3. And so?**", "are numbered ['1', '3']"),
    (rules.quiz_in_shape, "**2. And so?**", "And so?", "1 questions"),
    (rules.quiz_in_shape, "**Yes.** It never was", "**No.** It never was", "0 right answers"),
    (rules.quiz_in_shape, "**No.** It never is", "**Yes.** It never is", "2 right answers"),
    (rules.quiz_in_shape, "**Yes.** For this there are reasons.", "**Yes.**", "with a reason"),
    (rules.quiz_in_shape, "c) Perhaps", "d) Perhaps", "are lettered"),
    (rules.quiz_in_shape, "c) Perhaps.</summary>\n#\n", "c) Perhaps.</summary>\n", "as agreed"),
    (rules.figures_have_a_source, " (Mtengwana 2020)", "", "'71 %' has no source"),
    (rules.figures_have_a_source, "`0.5`. See", "0.5. See", "'0.5' has no source"),
    (rules.figures_have_a_source, " (Mtengwana 2020)", " in `2020`", "'71 %' has no source"),
    (rules.figures_have_a_source, "Three.", "Three of 4.2.", "'4.2' has no source"),
    (rules.no_branch_on_the_cloud, "cloud.truth is not None", 'cloud.name == "local"', "a branch"),
    (rules.no_branch_on_the_cloud, "cloud.truth is not None", "cloud.truth", "a branch"),
    (rules.no_branch_on_the_cloud, "cloud.truth is not None", 'environ["COURSE_CLOUD"]', "branch"),
    (rules.no_branch_on_the_cloud, "mask == 1", "{'local': 1}[cloud.name]", "a choice"),
    (rules.no_branch_on_the_cloud, "mask == 1", "cloud.name != 'aws'", "a comparison"),
    (rules.links_lead_somewhere, "04_clouds_and_shadows.ipynb", "04_snow.ipynb", "no such file"),
    (rules.nothing_left_to_do, "Red light", "TODO: say why. Red light", "cell 1: TODO: say why"),
    (rules.links_lead_somewhere, "#look-again", "#look-away", "no such heading"),
]  # fmt: skip


def _lesson(script=GOOD):
    return Lesson("03_tiny", jupytext.reads(script, fmt="py:percent"))


def _folder(tmp_path, page=PAGE):
    (tmp_path / "03_tiny.md").write_text(page)
    return tmp_path


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_a_good_lesson_passes(rule, tmp_path):
    folder = {"folder": _folder(tmp_path)} if rule is rules.instructor_in_step else {}
    assert rule(_lesson(), **folder) == []


@pytest.mark.parametrize(("rule", "old", "new", "words"), BROKEN, ids=_name)
def test_a_broken_lesson_is_found(rule, old, new, words):
    assert old in GOOD
    wrong = rule(_lesson(GOOD.replace(old, new, 1)))
    assert any(words in complaint for complaint in wrong), wrong


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("| Look again | 2 |", "| Look twice | 2 |", "its rows are"),
        ("| Look | 2 |", "| Look | 3 |", "minutes are 11"),
        ("# 03 Tiny:", "# 03 Small:", "title is not"),
        ("## Ask the room\n", "", "sections are not"),
        ("## Before you begin\n", "## Before you begin\n" + "more\n" * 60, "than one page"),
    ],
)
def test_an_instructors_page_out_of_step_is_found(old, new, words, tmp_path):
    folder = _folder(tmp_path, PAGE.replace(old, new))
    (wrong,) = rules.instructor_in_step(_lesson(), folder)
    assert words in wrong


def test_a_missing_instructors_page_is_found(tmp_path):
    assert "no page" in rules.instructor_in_step(_lesson(), tmp_path)[0]


def test_every_rule_can_fail():
    assert {rule for rule, *_ in BROKEN} | {rules.instructor_in_step} == set(RULES)


@pytest.mark.parametrize(
    "code",
    [
        "few = 1  # of many",
        "# not needed: see above\nfew = 1",
        "# noqa: F821\nfew = 1",
        "# metres (of the grid)\nfew = 1",
        "# type: ignore\nfew = 1",
        'warnings.filterwarnings("ignore", message="no crs")',
        'classes = len(class_names) == 10 and labels["name"] == "Rock"',
        "counts = class_table.size == 3",
        "probability = model.predict_proba(x)[:, 1]",
        "probability = model.predict_proba(x)[:, pine_column]",
    ],
)
def test_good_code_is_left_alone(code):
    lesson = _lesson(GOOD.replace("few = points.head(3)", code))
    assert rules.nothing_forbidden(lesson) == []
    assert rules.no_bare_class_numbers(lesson) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mask == 1", "mask > 0.5"),
        ("`0.5`. See", "50 %. See"),
        ("why?", "why? At 95 % confidence."),
        ("# **1. Is it so?**", "# **1. Is it so in 20 % of all cases?**"),
        ("# How many?", "# How many, if you keep 20 %?"),
    ],
)
def test_figures_that_need_no_source(old, new):
    script = GOOD.replace("mask == 1", "mask > 0.5").replace("`0.5`. See", "0.5. See")
    lesson = _lesson(script.replace(old, new))
    assert rules.figures_have_a_source(lesson) == []


def test_right_answers_at_one_place_are_found():
    swapped = GOOD.replace("a) Yes.", "a) No.").replace("**Yes.** For", "**No.** For")
    swapped = swapped.replace("**No.** For that there", "**Yes.** For that there")
    assert rules.right_answers_vary([_lesson()]) == []
    assert "same place" in rules.right_answers_vary([_lesson(swapped)])[0]


def test_right_answers_that_are_longest_are_found():
    longer = GOOD.replace("b) It is not.", "b) It is not, and never was, and will not be.")
    longer = longer.replace("a) Yes.", "a) Yes, in all the cases that we know of.")
    assert "longest" in rules.right_answers_vary([_lesson(longer)])[0]


def test_links_of_pages(tmp_path):
    (tmp_path / "glossary.md").write_text("# Glossary\n\n## false colour\n\n## `COG`\n")
    page = tmp_path / "page.md"
    text = "[a](glossary.md#false-colour) [b](glossary.md#cog) [c](https://example.org) `[d](e)`"
    assert rules.broken_links(text, page) == []
    assert rules.broken_links("[a](glossary.md#true-colour)", page) == [
        "glossary.md#true-colour: there is no such heading"
    ]
    assert rules.broken_links("[a](nothing.md)", page) == ["nothing.md: there is no such file"]
