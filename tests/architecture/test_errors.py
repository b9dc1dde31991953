"""Errors for people: one tree, drawn as it is, and every one of them says in a sentence what is
wrong and what follows.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from autograder import errors
from autograder.errors import Refusal

from .imports import modules

HANDED_ON = {
    "autograder.commandline.check: graded.problem": (
        "the sentence of a SubmissionError, from the notebook"
    ),
    "autograder.commandline.check: progress.problem": "what loading the exercises said, or a sentence of ours",
    "autograder.authoring.expected: str(problem)": "the sentence of an AssignmentError",
    "autograder.authoring.build: str(problem)": "the sentence of an ExerciseError, with its place",
    "autograder.authoring.publish: str(problem)": "the sentence of an AssignmentError",
    "autograder.authoring.publish: str(one)": "what is given away, with its place",
    "autograder.course.assignment: str(error)": "the sentence of an ExerciseError, with its place",
    "autograder.gradebook.classroom: str(error)": "the sentence of another Refusal",
    "autograder.gradebook.release: _in_a_line(name, log.lines or [str(problem)])": "nbgrader's words, in one line",
}
"""Sentences that are made elsewhere: where, and what they are."""

OUTSIDE_THE_TREE = {
    "FetchFailed": "shown in a student's notebook, as one line",
    "CheckFailed": "an AssertionError in a notebook that nbgrader runs, which looks for one",
}
"""Exceptions that nobody in here catches, and that are no Refusals: why."""


@dataclass(frozen=True)
class Said:
    """A sentence as it stands in the source, with … for what is filled in; None when it is no text
    there.
    """

    where: str
    kind: str
    source: str
    text: str | None


def kinds(base: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


@cache
def sentences() -> list[Said]:
    """What every Refusal that is made in autograder says."""
    names = {kind.__name__ for kind in kinds()} | {"Refusal"}
    found = []
    for module, path in modules("autograder").items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (kind := _kind(node, names)):
                said = (
                    node.args[1 if kind == "text.error" else 0] if node.args else ast.Constant("")
                )
                found.append(
                    Said(
                        f"{module}:{node.lineno}",
                        kind,
                        f"{module}: {ast.unparse(said)}",
                        _text(said),
                    )
                )
    return found


def _kind(call: ast.Call, names: set[str]) -> str:
    """Which Refusal a call makes, if it does. ``text.error(cell, sentence)`` makes an
    AuthoringError.
    """
    func = call.func
    if getattr(func, "attr", "") == "error" and ast.unparse(func) == "text.error":
        return "text.error"
    last = getattr(func, "attr", getattr(func, "id", ""))
    return last if last in names else ""


def _text(said: ast.expr) -> str | None:
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        return said.value
    if isinstance(said, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in said.values
        )
    return None


def test_the_tree_is_drawn_as_it_is() -> None:
    above = ["Refusal"]
    drawn = {}
    for branch, name, words in re.findall(
        r"^ {4}([ │]*[├└]── )(\w+) +(\S.*)$", errors.__doc__ or "", re.MULTILINE
    ):
        depth = len(branch) // 4
        assert words
        drawn[name] = above[depth - 1]
        above[depth:] = [name]
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in kinds()}


def test_the_tree_stands_in_one_module() -> None:
    assert {kind.__module__ for kind in kinds()} == {"autograder.errors"}


def test_there_is_something_to_read() -> None:
    """Lest the others pass because nothing was found."""
    said = {one.kind for one in sentences()}
    assert said >= {kind.__name__ for kind in kinds()}


@pytest.mark.parametrize(
    "said", [one for one in sentences() if one.text is not None], ids=lambda said: said.where
)
def test_an_error_for_people_is_a_sentence_that_says_what_follows(said: Said) -> None:
    """One line, of two parts: what is wrong, and after a colon, a semicolon or a comma what to do
    about it or why.
    """
    text = said.text or ""
    assert text == text.strip()
    assert "\n" not in text
    assert "Traceback" not in text
    if said.kind == "text.error":  # it stands behind the place, and a colon
        assert len(text.split()) > 2 or text == "…"
    else:
        assert re.search(r"\S(?:[:;,]| \() ?\S", text), text


def test_sentences_that_are_made_elsewhere_are_known() -> None:
    made_elsewhere = {
        one.source for one in sentences() if one.text is None and one.kind != "text.error"
    }
    assert made_elsewhere == set(HANDED_ON)


def test_any_other_exception_is_caught_in_here() -> None:
    """It steers the program: whatever is meant for people is a Refusal."""
    defined, caught = set[str](), set[str]()
    for module, path in modules("autograder").items():
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.ClassDef)
                and module != "autograder.errors"
                and _is_exception(node)
            ):
                defined.add(node.name)
            elif isinstance(node, ast.ExceptHandler) and node.type is not None:
                caught |= _names(node.type)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "isinstance",
                "suppress",
            ):
                caught |= set[str]().union(*map(_names, node.args))
    assert defined - caught == set(OUTSIDE_THE_TREE)


def _is_exception(node: ast.ClassDef) -> bool:
    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
    return any(re.fullmatch(r"(Base)?Exception|\w+Error|Refusal", base) for base in bases)


def _names(node: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} | {
        one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)
    }
