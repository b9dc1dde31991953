"""The file of the expected answers: what is written is read, and what was changed is refused."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.released.expected import Expected
from autograder.released.sheet import Sheet, UnreadableSheet, read_sheet, write_sheet

from .catalogue import worked_out

DATA = write_sheet(Sheet("of these sources", {"svm_loss": worked_out("svm", "svm_loss")}))


def test_what_is_written_is_read() -> None:
    sheet, before = read_sheet(DATA), worked_out("svm", "svm_loss")
    after = sheet.exercises["svm_loss"]
    assert sheet.made_of == "of these sources"
    assert (after.tolerances, after.locked) == (before.tolerances, before.locked)
    for one, other in zip(before.rights, after.rights, strict=True):
        assert (one.place, one.attempt, one.inputs) == (other.place, other.attempt, other.inputs)
        for name, array in one.outputs.items():
            assert array.dtype == other.outputs[name].dtype
            np.testing.assert_array_equal(array, other.outputs[name])


def test_it_comes_out_the_same_again() -> None:
    assert write_sheet(read_sheet(DATA)) == DATA
    worked_out.cache_clear()
    again = Sheet("of these sources", {"svm_loss": worked_out("svm", "svm_loss")})
    assert write_sheet(again) == DATA


def test_an_exercise_of_which_nothing_is_released_has_its_place() -> None:
    assert read_sheet(write_sheet(Sheet("", {"claims": Expected()}))).exercises == {
        "claims": Expected()
    }


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (DATA[:-1] + b"\0", "is damaged: fetch the assignment again"),
        (b"PK\3\4", "is damaged: fetch the assignment again"),
        (b"", "is damaged: fetch the assignment again"),
        (
            DATA.replace(b"answers 1\n", b"answers 2\n", 1),
            "is of a newer release: update chainrule",
        ),
    ],
)
def test_anything_else_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableSheet, match=sentence):
        read_sheet(data)


def test_hints_cannot_be_read_in_it() -> None:
    from ..solutions.audited import audited

    sheet = read_sheet(DATA).exercises["svm_loss"].locked
    content = b"".join([*sheet.hints, *sheet.records, sheet.locks])
    for hint in audited("svm").wrong.HINTS["svm_loss"].values():
        assert not any(word.encode() in content for word in hint.split() if len(word) > 4)
