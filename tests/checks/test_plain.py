"""Outputs in plain words: no probe's own name reaches a student."""

from __future__ import annotations

import pytest

from autograder.language.plain import in_words

from ..solutions.audited import each_assignment


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dW", "dW"),
        ("next_h", "next_h"),
        ("out_by_default", "out with the default settings"),
        ("upstream_kept", "whether upstream is left as it was"),
        ("W1_at_start", "W1 at the start"),
        ("out_in_test", 'out in mode "test"'),
        ("scores_of_images", "scores of images"),
        ("refuses_other_kinds", "whether what is not allowed is refused"),
    ],
)
def test_a_name_is_said_by_its_pattern(name: str, words: str):
    assert in_words(name) == words


@each_assignment
def test_no_output_is_called_by_a_name_with_underscores_that_no_student_knows(audit):
    for exercise in audit.exercises.values():
        known = " ".join(
            str(audit.right[answer].__doc__) for answer in exercise.answers if answer in audit.right
        )
        strange = [
            said
            for output in exercise.outputs
            for said in [exercise.said(output)]
            if "_" in said and '"' not in said and said not in known and said != "next_w"
        ]
        assert strange == [], exercise.name
