"""The frame that every lesson has: each rule is a function that returns what it finds wrong."""

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from lesson_parts import NOTEBOOKS, PROJECT

from tools.frame import FENCED, TIME, Heading, Lesson, headings_of

INSTRUCTOR = PROJECT / "docs" / "instructor"
MOST_LINES = 12
SHORTEST_ALTERNATIVE_TEXT = 30

CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)", re.DOTALL)
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))+\]\(([^)\s]+)[^)]*\)", re.DOTALL)
HTML_PICTURE = re.compile(r"<img\b[^>]*>", re.IGNORECASE | re.DOTALL)
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
FIGURE = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)? ?%|(?<![\w.])\d+\.\d+(?!\.?\w)")

# Figures that need no source: conventions, not findings.
FIGURES_ALLOWED = [
    # the level of confidence that everyone uses, and the factor that belongs to it
    re.compile(r"95 %(?=\W+(?:confidence|interval|means))|1\.96(?= standard errors)"),
]


def prose_of(text: str) -> str:
    """Return a text without its code."""
    return CODE_SPAN.sub("`code`", FENCED.sub("", text))


# ---- one lesson -------------------------------------------------------------------------------


def begins_as_agreed(lesson: Lesson) -> list[str]:
    """One H1, the number of the file in it; question, aims, minutes and needs in the same cell."""
    wrong = []
    titles = [heading.words for heading in lesson.headings if heading.level == 1]
    if len(titles) != 1:
        wrong.append(f"{len(titles)} headings of level 1: {titles}")
    first = lesson.notebook.cells[0]
    if first.cell_type != "markdown" or not re.match(rf"# {lesson.number} \w", first.source):
        wrong.append(f"the first cell does not begin with '# {lesson.number} Title'")
    parts = [r"\*\*The question[^*]*:\*\* \S", r"\*\*You will be able to\*\*", r"\*\*Time:\*\*"]
    places = [found.start() if (found := re.search(p, first.source)) else -1 for p in parts]
    if -1 in places or places != sorted(places):
        wrong.append("the first cell needs the question, what you will be able to do, and the time")
    return wrong


def minutes_add_up(lesson: Lesson) -> list[str]:
    """The two numbers in brackets add up to the lesson's minutes."""
    found = TIME.search(lesson.texts[0]) if lesson.texts else None
    if found is None:
        return ["no '**Time:** 25 minutes (reading 15, exercises 10). **Needs:** ...' at the start"]
    whole, reading, exercises = (int(number) for number in found.groups())
    if reading + exercises != whole:
        return [f"reading {reading} and exercises {exercises} are not {whole} minutes"]
    return []


def ends_as_agreed(lesson: Lesson) -> list[str]:
    """Exercises, Quiz, Key points: the last sections, each once; then what comes next."""
    wrong = []
    end = ["Exercises", "Quiz", "Key points"]
    if lesson.sections[-3:] != end or any(lesson.sections.count(words) > 1 for words in end):
        wrong.append(f"the last sections are {lesson.sections[-3:]}, not {end}")
    if len(lesson.sections) < 4:
        wrong.append("there is no section before the exercises")
    last = lesson.notebook.cells[-1]
    points = re.search(r"^## Key points\n(.*)", last.source, re.MULTILINE | re.DOTALL)
    if last.cell_type != "markdown" or points is None:
        return [*wrong, "the last cell does not hold the key points"]
    listed, _, after = points[1].partition("**What's next:**")
    number = len(re.findall(r"^- \S", listed, re.MULTILINE))
    if not 3 <= number <= 5:
        wrong.append(f"{number} key points, not 3 to 5")
    if not LINK.search(after):
        wrong.append("the last cell does not end with **What's next:** and a link")
    return wrong


def headings_in_order(lesson: Lesson) -> list[str]:
    """No level is skipped; level 3 is for exercises alone; no level below."""
    wrong = [
        f"'{below.words}' (level {below.level}) comes right after level {above.level}"
        for above, below in pairwise(lesson.headings)
        if below.level > above.level + 1
    ]
    section = None
    for heading in lesson.headings:
        if heading.level == 2:
            section = heading.words
        if heading.level == 3 and (
            section != "Exercises" or not re.match(r"Exercise \d\d-\d: \S", heading.words)
        ):
            wrong.append(f"'{heading.words}': level 3 is for exercises, in the section Exercises")
        if heading.level > 3:
            wrong.append(f"'{heading.words}': no headings of level {heading.level}")
    return wrong


def exercises_in_shape(lesson: Lesson) -> list[str]:
    """An exercise is a task that ends with its hint, a cell to fill in, and the solution."""
    wrong = []
    cells = lesson.notebook.cells
    tasks = [
        (place, match[1])
        for place, cell in enumerate(cells)
        if cell.cell_type == "markdown"
        for match in re.finditer(r"^### Exercise (\d\d-\d):", cell.source, re.MULTILINE)
    ]
    numbers = [number for _, number in tasks]
    if numbers != [f"{lesson.number}-{count}" for count in range(1, len(tasks) + 1)]:
        wrong.append(f"the exercises are numbered {numbers}")
    if not 2 <= len(tasks) <= 3:
        wrong.append(f"{len(tasks)} exercises, not 2 or 3")
    for place, number in tasks:
        if not cells[place].source.rstrip().endswith(f'Stuck? Run `hint("{number}")`.'):
            wrong.append(f"the task {number} does not end with the way to its hint")
        blank, solution = [*cells[place + 1 : place + 3], None, None][:2]
        tags = blank.metadata.get("tags", []) if blank else []
        if "exercise" not in tags or f'check("{number}"' not in _on_one_line(blank.source):
            wrong.append(f"no cell tagged 'exercise' with its check follows the task {number}")
        shown = f"<details><summary>Solution {number}</summary>\n\n```python\n"
        if solution is None or not solution.source.startswith(shown):
            wrong.append(f"the solution does not follow the exercise {number}")
    return wrong


def _on_one_line(code: str) -> str:
    return re.sub(r"\(\s+", "(", code)


def pictures_are_described(lesson: Lesson) -> list[str]:
    """Every picture has a text for those who can not see it, and its file exists."""
    wrong = []
    text = prose_of(lesson.text)
    for alternative, target in PICTURE.findall(text):
        words = " ".join(alternative.split())
        if len(words) < SHORTEST_ALTERNATIVE_TEXT:
            wrong.append(f"{target} is described in {len(words)} letters only: '{words}'")
        if not re.match(r"\w+:", target) and not (NOTEBOOKS / target).exists():
            wrong.append(f"there is no picture {target}")
    wrong += [f"write pictures in Markdown: {tag}" for tag in HTML_PICTURE.findall(text)]
    return wrong


def cells_are_short(lesson: Lesson) -> list[str]:
    """A code cell has at most twelve lines of code; blank lines and comments do not count."""
    return [
        f"{count} lines of code: {_first_line(code)}"
        for code in lesson.codes
        if (count := _lines_of_code(code)) > MOST_LINES
    ]


def _lines_of_code(code: str) -> int:
    lines = (line.strip() for line in code.splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def _first_line(code: str) -> str:
    return code.strip().splitlines()[0] if code.strip() else "(empty)"


CLASS_WORDS = re.compile(
    r"class|label|scl|(?<![a-z])codes?(?![a-z])|predict(?!_proba)", re.IGNORECASE
)
# What is counted or measured about classes is no class.
NOT_A_CLASS = re.compile(r"\b(?:len|nunique|size|shape|count|counts|ndim|value_counts)\b|_proba\b")


def no_bare_class_numbers(lesson: Lesson) -> list[str]:
    """Classes have names: no ``points["class"] == 3``, no ``scl.isin([8, 9])``, no ``[:, 2]``."""
    wrong = []
    for node in _nodes(lesson.codes):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            equal = all(
                isinstance(way, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for way in node.ops
            )
            if equal and any(map(_is_number, sides)) and any(map(_is_of_classes, sides)):
                wrong.append(f"a bare number for a class: {ast.unparse(node)}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            numbers = any(_is_number(argument) for argument in node.args)
            if node.func.attr == "isin" and numbers and _is_of_classes(node.func.value):
                wrong.append(f"bare numbers for classes: {ast.unparse(node)}")
        elif isinstance(node, ast.Subscript) and "predict_proba(" in ast.unparse(node.value):
            column = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
            # 1 is the "yes" of a model that says yes or no
            if isinstance(column, ast.Constant) and column.value not in (0, 1):
                wrong.append(f"a bare number for a class: {ast.unparse(node)}")
    return wrong


def _is_number(node: ast.expr) -> bool:
    """Say whether a piece of code is a whole number, or a list of them."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return bool(node.elts) and all(_is_number(part) for part in node.elts)
    return isinstance(node, ast.Constant) and type(node.value) is int


def _is_of_classes(node: ast.expr) -> bool:
    words = ast.unparse(node)
    return bool(CLASS_WORDS.search(words)) and not NOT_A_CLASS.search(words)


def _nodes(codes: list[str]) -> Iterator[ast.AST]:
    """Yield every node of the syntax trees of some cells."""
    for code in codes:
        plain = re.sub(r"^\s*[%!].*$", "pass", code, flags=re.MULTILINE)
        yield from ast.walk(ast.parse(plain))


def nothing_forbidden(lesson: Lesson) -> list[str]:
    """No ``del``, no ``pip install``, no warnings turned off wholesale, no code in comments."""
    wrong = [
        f"installs packages: {line.strip()}"
        for code in lesson.codes
        for line in code.splitlines()
        if re.search(r"\b(?:pip|conda|mamba|uv)\b.*\binstall\b", line)
    ]
    for node in _nodes(lesson.codes):
        if isinstance(node, ast.Delete):
            wrong.append(f"del: {ast.unparse(node)}")
        if isinstance(node, ast.Call) and _turns_all_warnings_off(node):
            wrong.append(f"turns all warnings off: {ast.unparse(node)}")
    for code in lesson.codes:
        wrong += [
            f"code in a comment: {comment}" for comment in _comments(code) if _is_code(comment)
        ]
    return wrong


def _turns_all_warnings_off(call: ast.Call) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    given = {keyword.arg for keyword in call.keywords}
    ignores = any(isinstance(a, ast.Constant) and a.value == "ignore" for a in call.args)
    ignores |= any(ast.unparse(k.value) == "'ignore'" for k in call.keywords if k.arg == "action")
    if name == "filterwarnings":
        return ignores and len(call.args) < 2 and not given & {"message", "category", "module"}
    return name == "simplefilter" and ignores and len(call.args) < 2 and "category" not in given


def _comments(code: str) -> list[str]:
    """Return the comments of a cell; those on lines that follow each other are also joined."""
    plain = re.sub(r"^\s*[%!].*$", "pass", code, flags=re.MULTILINE)
    tokens = tokenize.generate_tokens(io.StringIO(plain + "\n").readline)
    alone = {
        token.start[0]: token.string.removeprefix("#").removeprefix(" ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }
    blocks: list[list[str]] = []
    for line, comment in alone.items():
        if line - 1 in alone:
            blocks[-1].append(comment)
        else:
            blocks.append([comment])
    joined = [textwrap.dedent("\n".join(block)) for block in blocks if len(block) > 1]
    return [*alone.values(), *joined]


def _is_code(comment: str) -> bool:
    """Say whether a comment is a statement of Python that does something."""
    try:
        body = ast.parse(comment.strip()).body
    except SyntaxError:
        return False
    acts = (
        ast.Assign | ast.AugAssign | ast.Import | ast.ImportFrom | ast.Delete | ast.Return
        | ast.For | ast.While | ast.If | ast.With | ast.FunctionDef | ast.Assert | ast.Raise
    )  # fmt: skip
    return any(
        isinstance(part, acts)
        or (isinstance(part, ast.AnnAssign) and part.value is not None)
        or (isinstance(part, ast.Expr) and isinstance(part.value, ast.Call | ast.Subscript))
        for part in body
    )


@dataclass(frozen=True)
class Question:
    """A question of a quiz: its text, and its answers with what is said to each."""

    text: str
    answers: list[tuple[str, str]]

    @property
    def right(self) -> list[int]:
        """The places of its right answers, counted from 0."""
        return [
            place for place, (_, said) in enumerate(self.answers) if said.startswith("**Yes.**")
        ]


QUESTION = re.compile(r"^\*\*(\d)\. (.+?)\*\*[ \t]*$", re.MULTILINE | re.DOTALL)
ANSWER = re.compile(
    r"^<details><summary>([a-d])\) (.+?)</summary>\n\n(.+?)\n\n</details>$",
    re.MULTILINE | re.DOTALL,
)


def questions_of(lesson: Lesson) -> list[Question]:
    """Return the questions of a lesson's quiz."""
    text = lesson.text.partition("\n## Quiz\n")[2] or lesson.text.partition("## Quiz\n")[2]
    pieces = QUESTION.split(text.partition("\n## ")[0])
    return [
        Question(words, [(answer, said) for _, answer, said in ANSWER.findall(after)])
        for words, after in zip(pieces[2::3], pieces[3::3], strict=True)
    ]


def quiz_in_shape(lesson: Lesson) -> list[str]:
    """Two to four questions of three or four answers, one of them right, a sentence to each."""
    wrong = []
    questions = questions_of(lesson)
    if not 2 <= len(questions) <= 4:
        wrong.append(f"{len(questions)} questions, not 2 to 4")
    quiz = lesson.text.partition("## Quiz\n")[2].partition("\n## ")[0]
    numbers = [number for number, _ in QUESTION.findall(quiz)]
    if numbers != [str(count) for count in range(1, len(numbers) + 1)]:
        wrong.append(f"the questions are numbered {numbers}")
    if quiz.count("<details>") != sum(len(question.answers) for question in questions):
        wrong.append("an answer is not written as agreed (blank lines, letter, bracket)")
    for question in questions:
        start = question.text[:40]
        if not 3 <= len(question.answers) <= 4:
            wrong.append(f"{len(question.answers)} answers, not 3 or 4: {start}")
        if len(question.right) != 1:
            wrong.append(f"{len(question.right)} right answers, not 1: {start}")
        for answer, said in question.answers:
            if not re.match(r"\*\*(?:Yes|No)\.\*\* \S.{10,}", said):
                wrong.append(f"no **Yes.** or **No.** with a reason to '{answer}': {start}")
    letters = [match[0] for match in ANSWER.findall(quiz)]
    expected = [letter for question in questions for letter in "abcd"[: len(question.answers)]]
    if letters != expected:
        wrong.append(f"the answers are lettered {letters}")
    return wrong


# What a quiz supposes or a task demands is no finding.
SUPPOSED = [
    re.compile(r"^## Quiz$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL),
    re.compile(r"^### Exercise .*?^Stuck\?", re.MULTILINE | re.DOTALL),
]


def figures_have_a_source(lesson: Lesson) -> list[str]:
    """A decimal number or per cent in prose carries its source, a name and a year.

    Others must be code: written as code, or a setting that stands in a cell of the lesson.
    """
    prose = lesson.text
    for supposed in SUPPOSED:
        prose = supposed.sub("", prose)
    settings = _settings(lesson.codes)
    return [
        f"'{figure}' has no source: {_around(paragraph, figure)}"
        for paragraph in re.split(r"\n\s*\n", prose_of(prose))
        for figure in _figures_without_source(paragraph)
        if figure.replace(" ", "").replace(",", ".") not in settings
    ]


def _settings(codes: list[str]) -> set[str]:
    """Return the decimal numbers of some cells, and what is compared or given as per cent."""
    found = set()
    for node in _nodes(codes):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found |= {f"{node.value}", f"{100 * node.value:g}%"}
        limits = node.comparators if isinstance(node, ast.Compare) else []
        limits = node.values if isinstance(node, ast.Dict) else limits
        found |= {f"{limit.value}%" for limit in limits if isinstance(limit, ast.Constant)}
    return found


def _figures_without_source(paragraph: str) -> list[str]:
    without_links = re.sub(r"\]\([^)]*\)|<https?://[^>]*>", "", paragraph)
    if YEAR.search(without_links):
        return []
    for allowed in FIGURES_ALLOWED:
        without_links = allowed.sub("", without_links)
    return FIGURE.findall(without_links)


def _around(paragraph: str, figure: str) -> str:
    start = max(paragraph.find(figure) - 30, 0)
    return " ".join(paragraph[start : start + 80].split())


def no_branch_on_the_cloud(lesson: Lesson) -> list[str]:
    """The lesson's code is the same on both clouds, but for ``if cloud.truth is not None:``."""
    wrong = []
    for node in _nodes(lesson.codes):
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Match):
            test = ast.unparse(node.subject if isinstance(node, ast.Match) else node.test)
            asks_for_truth = "cloud.truth" in test and test != "cloud.truth is not None"
            if "cloud.name" in test or "COURSE_CLOUD" in test or asks_for_truth:
                wrong.append(f"a branch on the cloud: {test}")
        elif isinstance(node, ast.Compare) and "cloud.name" in ast.unparse(node):
            wrong.append(f"a comparison of the cloud: {ast.unparse(node)}")
        elif isinstance(node, ast.Subscript) and "cloud.name" in ast.unparse(node.slice):
            wrong.append(f"a choice by the cloud: {ast.unparse(node)}")
    return wrong


def links_lead_somewhere(lesson: Lesson) -> list[str]:
    """Files that the lesson links to exist, and so do the headings."""
    return broken_links(lesson.text, NOTEBOOKS / f"{lesson.name}.ipynb")


def instructor_in_step(lesson: Lesson, folder: Path = INSTRUCTOR) -> list[str]:
    """The instructor's page has a row for each section, in order; its minutes add up."""
    path = folder / f"{lesson.name}.md"
    if not path.exists():
        return [f"no page {path.name} for the instructor"]
    text = path.read_text()
    wrong = []
    title = next(heading.words for heading in lesson.headings if heading.level == 1)
    headings = headings_of(text)
    titles = [Heading(1, f"{words}: for the instructor") for words in (title, title.split(":")[0])]
    if not headings or headings[0] not in titles:
        wrong.append(f"the page's title is not '# {title}: for the instructor'")
    rows = re.findall(r"^\| (.+?) \| (\d+) \| .+ \|$", text, re.MULTILINE)
    if [words for words, _ in rows] != lesson.sections:
        wrong.append(f"its rows are {[words for words, _ in rows]}, not {lesson.sections}")
    if (whole := sum(int(minutes) for _, minutes in rows)) != lesson.minutes:
        wrong.append(f"its minutes are {whole} in all, not {lesson.minutes}")
    wanted = ["Where people stumble", "Ask the room", "May be skipped", "Before you begin"]
    if [heading.words for heading in headings if heading.level == 2] != wanted:
        wrong.append(f"its sections are not {wanted}")
    if (length := len(text.splitlines())) > 70:
        wrong.append(f"{length} lines are more than one page")
    return wrong


def nothing_left_to_do(lesson: Lesson) -> list[str]:
    """Nothing of what ``make lesson`` puts in for the author to replace is left."""
    parts = [(f"cell {number}", cell.source) for number, cell in enumerate(lesson.notebook.cells)]
    files = (
        INSTRUCTOR / f"{lesson.name}.md",
        PROJECT / "tests" / "mistakes" / f"{lesson.name}.py",
        PROJECT / "helpers" / "exercises" / f"lesson_{lesson.number}.py",
    )
    parts += [(str(path.relative_to(PROJECT)), path.read_text()) for path in files if path.exists()]
    return [
        f"{where}: {line.strip()}"
        for where, text in parts
        for line in text.splitlines()
        if "TODO" in line
    ]


RULES = [
    begins_as_agreed,
    minutes_add_up,
    ends_as_agreed,
    headings_in_order,
    exercises_in_shape,
    pictures_are_described,
    cells_are_short,
    no_bare_class_numbers,
    nothing_forbidden,
    quiz_in_shape,
    figures_have_a_source,
    no_branch_on_the_cloud,
    links_lead_somewhere,
    instructor_in_step,
    nothing_left_to_do,
]


# ---- links of any page ------------------------------------------------------------------------


def broken_links(text: str, page: Path) -> list[str]:
    """Return the links of a page, and its pictures, that lead nowhere."""
    prose = prose_of(text)
    targets = [*LINK.findall(prose), *(target for _, target in PICTURE.findall(prose))]
    wrong = []
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        if file and not path.exists():
            wrong.append(f"{target}: there is no such file")
        elif anchor and anchor not in _anchors(text if path == page else _text_of(path)):
            wrong.append(f"{target}: there is no such heading")
    return wrong


def _text_of(path: Path) -> str:
    return Lesson.read(path.stem).text if path.suffix == ".ipynb" else path.read_text()


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings: lower case, no punctuation, spaces as hyphens."""
    words = [heading.words.lower() for heading in headings_of(text)]
    return {re.sub(r"[^\w\- ]", "", line).replace(" ", "-") for line in words}


# ---- the course as a whole --------------------------------------------------------------------


def right_answers_vary(lessons: list[Lesson]) -> list[str]:
    """Over the course the right answer is not always at one place, nor mostly the longest."""
    questions = [question for lesson in lessons for question in questions_of(lesson)]
    questions = [question for question in questions if len(question.right) == 1]
    if not questions:
        return ["no questions at all"]
    places = [question.right[0] for question in questions]
    longest = [
        max(range(len(question.answers)), key=lambda place: len(question.answers[place][0]))
        for question in questions
    ]
    most_common = max(places.count(place) for place in set(places)) / len(places)
    is_longest = sum(a == b for a, b in zip(places, longest, strict=True)) / len(places)
    wrong = []
    if most_common > 0.6:
        wrong.append(f"{most_common:.0%} of the right answers are at the same place")
    if is_longest > 0.6:
        wrong.append(f"{is_longest:.0%} of the right answers are the longest")
    return wrong
