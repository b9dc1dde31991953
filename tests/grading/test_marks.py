"""What is written into notebooks' metadata is read back as it was, from the first edition too, and
from no later one.
"""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from courses.course import TinyCourse
from hypothesis import given
from hypothesis import strategies as st

from autograder.classes.kept import KeptVerdicts
from autograder.course import marks
from autograder.course.assignment import unpack
from autograder.course.bundle import read_bundle
from autograder.course.marks import MarkedVerdict, NotebookMarks
from autograder.errors import AssignmentError, MarksError, Refusal
from autograder.grading.nbtext import text_of_notebook
from autograder.grading.submission import Judged
from autograder.language.codec import finding_from_public, from_json, to_json
from autograder.language.verdict import Finding, Performance, Status, Verdict, replace

Notebook = dict[str, Any]
NUMBERS = st.floats(0, 1000, allow_nan=False) | st.integers(0, 1000)
COUNTS = st.none() | st.integers(0, 10**9)
PERFORMANCES = st.builds(
    Performance,
    measured=st.text(),
    reached=st.floats(-9, 9),
    reference=st.floats(-9, 9),
    device=st.text(),
    steps=COUNTS,
    most_steps=COUNTS,
    parameters=COUNTS,
    most_parameters=COUNTS,
    genuine=st.booleans(),
)
FINDINGS = st.builds(
    Finding,
    check=st.text(),
    passed=st.sampled_from([True, False, None]),
    message=st.text(),
    hint=st.text(),
    share=NUMBERS,
    decisive=st.booleans(),
    mistakes=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
    part=st.floats(0, 1, exclude_max=True),
    performance=st.none() | PERFORMANCES,
)
VERDICTS = st.builds(
    Verdict,
    name=st.text(),
    points=NUMBERS,
    score=NUMBERS,
    status=st.sampled_from(get_args(Status)),
    findings=st.lists(FINDINGS, max_size=4).map(tuple),
    seed=st.none() | st.integers(0, 2**63),
    note=st.text(),
    failure=st.text(),
    seconds=st.integers(0, 10**6).map(lambda milliseconds: milliseconds / 1000),
)

FIRST_EDITION: Notebook = {
    "cells": [
        {
            "cell_type": "markdown",
            "id": "chainrule-note",
            "metadata": {"chainrule": {"note": True}},
            "source": "",
        },
        {
            "cell_type": "code",
            "id": "f",
            "metadata": {"chainrule": {"solution": "f", "skip": True}},
            "source": "",
        },
        {
            "cell_type": "code",
            "id": "check_f",
            "metadata": {
                "chainrule": {
                    "check": "f",
                    "verdict": {
                        "name": "f",
                        "score": 1,
                        "points": 6,
                        "status": "partial",
                        "failure": "",
                        "checks": [
                            ["Dimensions", True],
                            ["Right values", False],
                            ["Gradient dw", False],
                        ],
                        "mistakes": [["f", "not_averaged"]],
                        "seed": 7,
                        "seconds": 0.25,
                        "sentence": "dw is wrong. Divide by N.",
                        "ours": False,
                    },
                }
            },
            "source": "",
        },
    ],
    "metadata": {
        "chainrule": {"notes": ["The cell f was missing from the notebook."], "judged": "a key"}
    },
}


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def notebook(*cells: Notebook, **own: Any) -> Notebook:
    made = [
        {"cell_type": "code", "id": str(k), "source": "", "outputs": [], **one}
        for k, one in enumerate(cells)
    ]
    return {
        "cells": made,
        "metadata": {"chainrule": own} if own else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


# --- a verdict ------------------------------------------------------------------------------------


@given(VERDICTS)
def test_a_verdict_comes_back_as_it_was(verdict: Verdict) -> None:
    again = from_json(through_json(to_json(verdict)))
    assert again == verdict
    assert again.seconds == verdict.seconds
    assert json.dumps(again.public()) == json.dumps(verdict.public())  # 6 points are not 6.0 points
    assert again.sentence() == verdict.sentence()


@given(FINDINGS)
def test_what_students_see_of_a_finding_can_be_sent(finding: Finding) -> None:
    told = finding_from_public(through_json(finding.public()))
    public = finding.check, finding.passed, finding.message, finding.hint
    assert told == Finding(*public, part=finding.part)


@pytest.mark.parametrize(
    "wrong", [{"passed": 1}, {"passed": "yes"}, {"message": None}, {"hint": ["a"]}, {"check": 3}]
)
def test_what_is_no_finding_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        finding_from_public({**Finding("Right values", False, "no").public(), **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "perfect"},
        {"score": "6"},
        {"points": True},
        {"seed": 1.5},
        {"findings": [{}]},
        {"note": None},
    ],
)
def test_what_is_no_verdict_is_none(wrong: dict[str, Any]) -> None:
    stated = to_json(Verdict("f", 6, 6, "passed"))
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json({**stated, **wrong})


@pytest.mark.parametrize("version", [0, 4, 99, "2", None, True, [2]])
def test_a_verdict_of_another_version_is_refused_with_a_sentence(version: object) -> None:
    with pytest.raises(
        MarksError, match=r"^a verdict of version .* install the chainrule that wrote it"
    ) as refused:
        from_json({**to_json(Verdict("f", 6, 6, "passed")), "version": version})
    assert isinstance(refused.value, Refusal)


def test_a_verdict_of_before_leaderboards_is_read() -> None:
    reached = Performance("accuracy", 0.5, 0.8, "cpu", 3, 3, 7, 7)
    verdict = Verdict("f", 6, 6, "passed", (Finding("Learns", True, "", performance=reached),))
    stated = through_json(to_json(verdict))
    assert from_json(stated) == verdict
    stated["version"] = 2
    del stated["findings"][0]["performance"]
    before = replace(verdict, findings=(replace(verdict.findings[0], performance=None),))
    assert from_json(stated) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"reached": float("inf")},
        {"reference": "1"},
        {"steps": 1.5},
        {"genuine": 1},
        {"device": None},
    ],
)
def test_what_is_no_performance_is_none(wrong: dict[str, Any]) -> None:
    reached = Performance("accuracy", 0.5, 0.8, "cpu")
    verdict = Verdict("f", 6, 6, "passed", (Finding("Learns", True, "", performance=reached),))
    stated = through_json(to_json(verdict))
    stated["findings"][0]["performance"] |= wrong
    with pytest.raises((TypeError, ValueError)):
        from_json(stated)


def test_students_see_nothing_of_it() -> None:
    reached = Performance("accuracy", 0.5, 0.8, "cpu")
    finding = Finding("Learns", True, "", performance=reached)
    assert "performance" not in finding.public()
    assert finding_from_public(through_json(finding.public())).performance is None


# --- a notebook -----------------------------------------------------------------------------------


@given(
    st.builds(
        NotebookMarks,
        notes=st.lists(st.text(), max_size=3).map(tuple),
        problem=st.none() | st.text(min_size=1),
        judged=st.none() | st.text(),
    )
)
def test_a_notebooks_marks_come_back_as_they_were(written: NotebookMarks) -> None:
    marked = notebook(notes=["an older one"], problem="an older one", judged="an older one")
    marks.mark_notebook(marked, written)
    assert marks.notebook_marks(through_json(marked)) == written


@given(VERDICTS, st.booleans())
def test_a_marked_verdict_comes_back_beside_the_marks_of_its_cell(
    verdict: Verdict, ours: bool
) -> None:
    marked = notebook({"metadata": marks.check_mark("f")}, {"metadata": marks.solution_mark("f")})
    marks.mark_skipped(marked["cells"][0])
    marks.mark_verdict(marked["cells"][0], verdict, ours=ours)
    check, solution = through_json(marked)["cells"]
    assert (marks.check_of(check), marks.solution_of(check), marks.skipped(check)) == (
        "f",
        None,
        True,
    )
    assert (marks.check_of(solution), marks.solution_of(solution), marks.skipped(solution)) == (
        None,
        "f",
        False,
    )
    assert marks.verdicts_on_record(through_json(marked)) == [MarkedVerdict(verdict, ours)]


def test_without_marks_there_is_nothing() -> None:
    plain = notebook({"metadata": {}}, {"metadata": {"chainrule": {}}})
    assert marks.notebook_marks(plain) == NotebookMarks()
    assert [marks.check_of(one) for one in plain["cells"]] == [None, None]
    assert marks.verdicts_on_record(plain) == []


def test_a_check_without_a_verdict_is_nobodys_grade() -> None:
    with pytest.raises(KeyError):
        marks.verdicts_on_record(notebook({"metadata": marks.check_mark("f")}))


def test_the_text_of_a_graded_notebook_tells_what_it_was_judged_for() -> None:
    graded = notebook()
    marks.mark_notebook(graded, NotebookMarks(judged="abc"))
    text = text_of_notebook(graded).encode()
    assert marks.judged_for(text, "abc")
    assert not marks.judged_for(text, "ab")


def test_the_first_editions_marks_are_read() -> None:
    found = marks.notebook_marks(FIRST_EDITION)
    assert found == NotebookMarks(("The cell f was missing from the notebook.",), judged="a key")
    assert [marks.skipped(one) for one in FIRST_EDITION["cells"]] == [False, True, False]
    (marked,) = marks.verdicts_on_record(FIRST_EDITION)
    verdict = marked.verdict
    assert (verdict.name, verdict.score, verdict.points, verdict.status, verdict.seed) == (
        "f",
        1,
        6,
        "partial",
        7,
    )
    assert verdict.sentence() == "dw is wrong. Divide by N."
    assert [(one.check, one.passed) for one in verdict.findings] == [
        ("Dimensions", True),
        ("Right values", False),
        ("Gradient dw", False),
    ]
    assert verdict.mistakes == (("f", "not_averaged"),)
    assert (verdict.seconds, marked.ours) == (0.25, False)


@pytest.mark.parametrize("version", [0, marks.VERSION + 1, "1", None])
def test_marks_of_another_version_are_refused_with_a_sentence(version: object) -> None:
    later = notebook({"metadata": marks.check_mark("f")}, version=version, notes=[])
    for read in (marks.notebook_marks, marks.verdicts_on_record, marks.refuse_unknown_version):
        with pytest.raises(
            MarksError,
            match="this chainrule reads versions 1 to 2: install the chainrule that wrote it",
        ):
            read(later)


# --- where they are read --------------------------------------------------------------------------


def test_a_release_states_no_version_and_a_later_one_is_refused(tiny_built: TinyCourse) -> None:
    assert "chainrule" not in tiny_built.release["metadata"]
    bundle = read_bundle(tiny_built.root, "tiny")
    later = {**tiny_built.release, "metadata": {"chainrule": {"version": 3}}}
    with pytest.raises(
        AssignmentError, match=r"^assignments/tiny/tiny.ipynb: a notebook with marks of version 3"
    ):
        unpack(replace(bundle, release=json.dumps(later).encode()))


def test_a_kept_verdict_comes_back_and_one_of_a_later_version_is_judged_again(tmp_path) -> None:
    findings = (
        Finding("Right values", False, "no", "a hint", 2.0, mistakes=(("f", "not_averaged"),)),
    )
    verdict = Verdict("f", 6, 1.5, "partial", findings, seed=3)
    kept = KeptVerdicts(tmp_path, "tiny")
    kept.keep("ada", "a key", 3, Judged("", (verdict,), isolation="none"))
    found = kept.find("ada", "a key")
    assert found is not None
    assert found.judged.verdicts == (verdict,)
    assert kept.find("ada", "another key") is None
    record = tmp_path / "build/judged/tiny/ada.json"
    stated = json.loads(record.read_bytes())
    stated["verdicts"][0]["version"] = 4
    record.write_text(json.dumps(stated))
    assert kept.find("ada", "a key") is None


def test_evidence_is_not_kept() -> None:
    from autograder.language.verdict import Evidence

    finding = Finding("Right values", False, "no", evidence=Evidence("dw", (0,), 1.0, 2.0))
    verdict = Verdict("f", 6, 0, "failed", (finding,))
    assert from_json(to_json(verdict)) == replace(
        verdict, findings=(replace(finding, evidence=None),)
    )
