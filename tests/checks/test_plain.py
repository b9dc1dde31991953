"""Outputs and inputs in plain words: no probe's own name reaches a student."""

from __future__ import annotations

import re

import numpy as np
import pytest

from autograder.language.plain import PLACES, entry, in_words

from ..solutions.audited import Audited, each_assignment
from ..solutions.known_words import words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dW", "dW"),
        ("next_h", "next_h"),
        ("out_by_default", "out with the default settings"),
        ("upstream_kept", "whether upstream is left as it was"),
        ("W1_at_start", "W1 at the start"),
        ("out_in_test", 'out in mode "test"'),
        ("refuses_other_kinds", "whether another kind is refused"),
        ("refuses_empty", "whether what is not allowed is refused"),
    ],
)
def test_a_name_is_said_by_its_pattern(name: str, words: str):
    assert in_words(name) == words


def test_an_entry_is_said_so_that_it_can_be_read():
    assert entry("dW", (2, 1)) == "dW[2, 1]"
    assert entry("dx with the default settings", (2, 1)) == "dx with the default settings at [2, 1]"
    assert entry("loss", ()) == "loss"


@each_assignment
def test_whatever_a_report_names_is_known_to_students_or_said_in_words(audit: Audited):
    """An output by a name in its own answers' signatures and docstrings, an input in those of the
    assignment.
    """
    everywhere = words_of(*(audit.right[answer] for answer in audit.answers))
    for exercise in audit.exercises.values():
        own = words_of(*(audit.right[answer] for answer in exercise.answers))
        strange = [name for name in exercise.outputs if not _is_said(exercise, name, own)]
        strange += [name for name in exercise.inputs if not _is_said(exercise, name, everywhere)]
        assert strange == [], exercise.name


def _is_said(exercise, name: str, known: set[str]) -> bool:
    return name in known or name in exercise.words or _by_its_pattern(name, known)


def _by_its_pattern(name: str, known: set[str]) -> bool:
    for pattern, _ in PLACES:
        if found := re.fullmatch(pattern, name):
            return not found.groups() or found.group(1) in known
    return False


@each_assignment
def test_no_two_of_an_exercise_are_said_alike(audit: Audited):
    for exercise in audit.exercises.values():
        names = {*exercise.inputs, *exercise.outputs}
        assert len({exercise.said(name) for name in names}) == len(names), exercise.name


@each_assignment
def test_what_is_said_is_of_names_there_are_and_of_all_entries(audit: Audited):
    for exercise in audit.exercises.values():
        shared = {"W_after", "b_after"}  # words for a model's params come for all their outputs
        unknown = set(exercise.entries) - set(exercise.outputs)
        assert unknown <= shared, exercise.name
        _, sizes = exercise.draw(np.random.default_rng(0))
        for name, words in exercise.entries.items():
            assert len(words) == exercise.outputs[name].shape(sizes)[0], (exercise.name, name)
