"""Every sentence an author can read when something does not fit: one line, the file, the line, what
to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from autograder.authoring import solved_notebook

from .conftest import Course

CHECK = "```{code-cell}\n:check: double\n```"
SOLUTION = "```{code-cell}\n:solution: double\n```"
SETUP = "import numpy as np\nfrom autograder import check\n"
QUESTION = '+++ {"manual": "derivation", "points": 3.5}\n\nThe gradient is two.\n'

IN_TEXT = {
    "unknown exercise": (
        (":check: double", ":check: dubble"),
        r"tiny\.md:28: check cell dubble: source/tiny/exercises\.py has no such exercise; it has: double, layer",
    ),
    "exercise nobody asks for": (
        (CHECK, ""),
        r"exercises\.py:5: nobody asks for double: source/tiny/tiny\.md needs a cell with ':check: double'",
    ),
    "unknown answer": (
        (":solution: double", ":solution: doubel"),
        r"tiny\.md:28: check cell double: it calls double, but there is no cell with ':solution: double'",
    ),
    "answer that does not exist": (
        (SOLUTION, SOLUTION + "\n\n```{code-cell}\n:solution: doubel\n```"),
        r"tiny\.md:28: solution cell doubel: solutions/tiny\.py defines no function or class doubel: "
        r"did you mean double\?",
    ),
    "answer nobody offers": (
        (SOLUTION, ""),
        r"tiny\.md:26: check cell double: it calls double, but there is no cell with ':solution: double'",
    ),
    "answer after its check": (
        (SOLUTION + "\n\n" + CHECK, CHECK + "\n\n" + SOLUTION),
        r"tiny\.md:24: check cell double: it calls double, whose cell comes after it: move the check down",
    ),
    "duplicate check": (
        (CHECK, CHECK + "\n\n" + CHECK),
        r"tiny\.md:32: check cell double: the id 'check_double' is taken already, by the cell at line 28",
    ),
    "duplicate name": (
        (":name: setup", ":name: double"),
        r"tiny\.md:24: solution cell double: the id 'double' is taken already, by the cell at line 13",
    ),
    "filled solution cell": (
        (":solution: double\n", ":solution: double\n\nreturn 2 * x\n"),
        r"tiny\.md:24: solution cell double: must be empty: the build fills it",
    ),
    "filled check cell": (
        (":check: double\n", ":check: double\n\nassert True\n"),
        r"tiny\.md:28: check cell double: must be empty: the build fills it",
    ),
    "tags on a check": (
        (":check: double\n", ":check: double\n:tags: [demo]\n"),
        r"tiny\.md:28: .*: takes no tags",
    ),
    "empty code cell": (
        (SETUP, "\n"),
        r"tiny\.md:13: code cell setup: is empty: give it ':solution: NAME', ':check: NAME' or some code",
    ),
    "misspelt option": (
        (":check: double", ":chekc: double"),
        r"tiny\.md:28: code cell: unknown option 'chekc': it may be one of check, manual, name, points, solution, tags",
    ),
    "two meanings": (
        (":check: double", ":check: double\n:solution: double"),
        r"tiny\.md:28: code cell: solution and check exclude each other",
    ),
    "bad id": (
        (":name: setup", ":name: set up"),
        r"tiny\.md:13: code cell: 'set up' is no name: use letters, digits",
    ),
    "id that YAML reads as a truth": (
        (":name: setup", ":name: yes"),
        r"tiny\.md:13: True is no name: ",
    ),
    "tags that are no list": (
        (":tags: [demo]", ":tags: demo"),
        r"tiny\.md:32: tags are a list, written",
    ),
    "option without its colon": (
        (":check: double", ":check double"),
        r"tiny\.md:28: an option is written ':name: value', with the second colon",
    ),
    "options that are no YAML": (
        (":check: double", ":check: [double"),
        r"tiny\.md:28: the cell's options cannot be read: expected ',' or '\]'",
    ),
    "question that is no JSON": (
        ('"points": 3.5}', '"points": }'),
        r"tiny\.md:50: the cell's options cannot be read: Expecting value",
    ),
    "points on a check": (
        (":check: double", ":check: double\n:points: 3"),
        r"tiny\.md:28: check cell double: points are stated in exercises\.py, or with a written question",
    ),
    "question without points": (
        (', "points": 3.5', ""),
        r"tiny\.md:50: written question derivation: needs points, a positive number",
    ),
    "question without its text": (
        ("Derive the gradient of $2x$.\n", ""),
        r"tiny\.md:49: written question derivation: has no question: that is the text right before",
    ),
    "question without a cell": (
        ("The gradient is two.\n", ""),
        r"tiny\.md:50: the cell of this \+\+\+ is empty: write 'YOUR ANSWER HERE' in it",
    ),
    "question as a code cell": (
        (":check: double", ":manual: double"),
        r"tiny\.md:28: code cell: 'manual' belongs to a \+\+\+ line",
    ),
    "check as text": (
        ('"manual"', '"check"'),
        r"tiny\.md:50: text: 'check' belongs to a code cell",
    ),
    "points that do not sum": (
        ('"points": 3.5', '"points": 4'),
        r"tiny\.md:1: the points sum to 20\.5 \(checks 16\.5, written questions 4\), not to 20: change them, "
        r"or the total in the front matter, 'chainrule: \{points: \.\.\.\}'",
    ),
    "total not stated": (
        ("  points: 20\n", "  points: 100\n"),
        r"tiny\.md:1: the points sum to 20 .*, not to 100: ",
    ),
    "total that is no number": (
        ("  points: 20\n", "  points: many\n"),
        r"points must be a positive number, not 'many'",
    ),
    "unknown setting": (
        ("  points: 20\n", "  total: 20\n"),
        r"chainrule knows three settings: 'points', 'order' and 'due'",
    ),
    "due without a zone": (
        ("  points: 20\n", "  points: 20\n  due: 2026-03-05 23:59\n"),
        r"tiny\.md:1: in the front matter, due: '2026-03-05 23:59' names no zone",
    ),
    "front matter that is no YAML": (
        ("  points: 20\n", "  points: ]\n"),
        r"cannot be read as a MyST notebook: ",
    ),
    "fence that is not closed": (
        ("print(double(np.arange(3)))\n```", "print(double(np.arange(3)))\n"),
        r"tiny\.md:32: demo cell: is not closed: its fence swallows the cells after it",
    ),
    "nested cell": (
        (CHECK, "- a list\n\n  ```{code-cell}\n  :check: double\n  ```"),
        r"tiny\.md:28: text: '```\{code-cell\}' is nested or no cell: JupyterLab shows plain Markdown only",
    ),
    "directive": (
        ("Twice is $2x$.", ":::{note}\nTwice.\n:::"),
        r"tiny\.md:20: text: ':::\{note\}' is nested or no cell",
    ),
    "raw cell": (
        ("```{code-cell}\n:tags: [demo]", "```{raw-cell}"),
        r"tiny\.md:32: code cell: raw cells are not",
    ),
    "markers of nbgrader": (
        ("print(double(np.arange(3)))", "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        r"tiny\.md:32: demo cell: 'BEGIN SOLUTION' is nbgrader's own marker: answers come from solutions/ only",
    ),
    "answer in a demonstration": (
        ("print(double(np.arange(3)))", "def double(x):\n    return 2 * x"),
        r"tiny\.md:32: demo cell: it binds the name double, which is an answer's",
    ),
    "check is not imported": (
        (SETUP, "import numpy as np\n"),
        r"tiny\.md:27: check cell double: no code cell before it does 'from autograder import check'",
    ),
    "answer that uses what the notebook has not": (
        (SETUP, "from autograder import check\n"),
        r"tiny\.md:23: solution cell double: it uses np of solutions/tiny\.py, which no read-only cell of the notebook "
        r"imports or defines",
    ),
}

ONE_LINE = 'def forward(self, x): "Scale x."; out = x * self.factor; return'

IN_SOLUTIONS = {
    "no docstring": (
        ('    """Twice x.\n\n    x: (N,).\n    """\n', ""),
        r"tiny\.md:24: solution cell double: solutions/tiny\.py:9: double has no docstring: it is all a student sees",
    ),
    "class without docstring": (
        ('    """A layer that scales."""\n', ""),
        r"solutions/tiny\.py:25: Layer has no docstring",
    ),
    "method without docstring": (
        ('        """Scale x."""\n', ""),
        r"solutions/tiny\.py:34: Layer\.forward has no docstring",
    ),
    "no body": (
        ("\n        return dout * self.factor\n", ""),
        r"solutions/tiny\.py:43: Layer\.backward has a docstring and no body: there is nothing to write",
    ),
    "docstring on the line of the signature": (
        (
            'def forward(self, x):\n        """Scale x."""\n        out = x * self.factor  # the '
            "factor\n        return",
            ONE_LINE,
        ),
        r"solutions/tiny\.py:34: Layer\.forward must have its docstring on lines of its own",
    ),
    "given function": (
        (") -> np.ndarray:", ") -> np.ndarray:  # given"),
        r"double is '# given', so there is nothing",
    ),
    "marker in a body": (
        ("# two is enough", "### BEGIN SOLUTION"),
        r"tiny\.py:17: double holds a marker that the build",
    ),
    "syntax error": (("gain = 1.0", "gain = = 1.0"), r"^solutions/tiny\.py:28: invalid syntax$"),
}

IN_EXERCISES = {
    "syntax error": (("answers=[", "answers=[["), r"^source/tiny/exercises\.py:13: "),
    "an exception": (
        ("layer.checks = [Dimensions()]", "layer.checks = [Dimension()]"),
        r"^source/tiny/exercises\.py:18: NameError: name 'Dimension' is not defined",
    ),
    "an exercise that makes no sense": (
        ("points=10", "points=0"),
        r"^source/tiny/exercises\.py:5: double: points must be positive, not 0$",
    ),
    "no checks": (
        ("layer.checks = [Dimensions()]\n", ""),
        r"^source/tiny/exercises\.py:13: layer has no checks: assign layer\.checks$",
    ),
    "defined twice": (
        (
            "layer.checks = [Dimensions()]\n",
            "layer.checks = [Dimensions()]\nfirst, layer.name = layer, 'double'\n",
        ),
        r"^source/tiny/exercises\.py:5: the exercise double is defined twice$",
    ),
}


@pytest.mark.parametrize(("edit", "sentence"), IN_TEXT.values(), ids=IN_TEXT)
def test_a_text_that_does_not_fit(course: Course, edit: tuple[str, str], sentence: str) -> None:
    course.replace(course.text, *edit)
    assert re.search(sentence, course.refusal())


@pytest.mark.parametrize(("edit", "sentence"), IN_SOLUTIONS.values(), ids=IN_SOLUTIONS)
def test_solutions_that_do_not_fit(course: Course, edit: tuple[str, str], sentence: str) -> None:
    course.replace(course.solutions, *edit)
    assert re.search(sentence, course.refusal())


@pytest.mark.parametrize(("edit", "sentence"), IN_EXERCISES.values(), ids=IN_EXERCISES)
def test_exercises_that_do_not_fit(course: Course, edit: tuple[str, str], sentence: str) -> None:
    course.replace(course.exercises, *edit)
    assert re.search(sentence, course.refusal())


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda course: course.text.unlink(),
            r"^source/tiny/tiny\.md does not exist: it must hold",
        ),
        (
            lambda course: course.text.write_bytes(b"\xff\xfe"),
            r"^source/tiny/tiny\.md cannot be read: ",
        ),
        (
            lambda course: course.exercises.unlink(),
            r"^source/tiny/exercises\.py \(or exercises/__init__\.py\) does not exist: ",
        ),
        (
            lambda course: course.solutions.unlink(),
            r"solutions/tiny\.py defines no function or class double: write it there$",
        ),
        (
            lambda course: (course.text.parent / "key.py").symlink_to(course.solutions),
            r"^source/tiny/key\.py is a link",
        ),
    ],
)
def test_files_that_are_not_there(
    course: Course, spoil: Callable[[Course], object], sentence: str
) -> None:
    spoil(course)
    assert re.search(sentence, course.refusal())


def test_the_tiny_course_itself_is_accepted(course: Course) -> None:
    assert len(solved_notebook(course.root, "tiny")["cells"]) == 12


def test_reading_exercises_leaves_nothing_behind(course: Course) -> None:
    (course.text.parent / "shared_inputs.py").write_text("WIDTH = 3\n")
    course.exercises.write_text("import shared_inputs\n" + course.exercises.read_text())
    solved_notebook(course.root, "tiny")
    assert sorted(path.name for path in course.text.parent.iterdir()) == [
        "exercises.py",
        "shared_inputs.py",
        "tiny.md",
    ]
