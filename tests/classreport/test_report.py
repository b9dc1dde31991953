"""The report of a class that was really graded: every number can be told from what was handed
in.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from courses.course import TinyCourse

from autograder.classreport.gather import gather
from autograder.errors import AssignmentError, ClassError

from .cohort import ANSWERS, HOSTILE_ID, HOSTILE_NAME, report_of


def attention(report: dict[str, Any]) -> dict[str, list[str]]:
    return {one["student"]: [need["kind"] for need in one["needs"]] for one in report["attention"]}


def test_who_handed_in_and_who_did_not(report):
    assert report["counts"] | {"need_a_person": 0} == {
        "handed_in": len(ANSWERS) + 2,
        "graded": len(ANSWERS) + 1,
        "absent": 1,
        "need_a_person": 0,
    }
    assert report["absent"] == ["zoe"]
    assert {one["student"] for one in report["students"]} == {*ANSWERS, "kim", "late"}


def test_the_mistakes_of_the_class_are_ranked_by_students(report):
    found = [
        (one["name"], one["count"], one["students"], one["exercises"]) for one in report["mistakes"]
    ]
    assert found == [
        ("not_averaged", 3, ["ben", "cyd", "eve"], ["half_square"]),
        ("columns", 2, ["cyd", "dot"], ["row_sums"]),
    ]
    assert (
        report["mistakes"][0]["hint"]
        == "dw is summed over the examples; divide by N as the loss does."
    )


def test_a_mistake_without_a_name_is_shown_as_one(report):
    (one,) = report["unnamed"]
    assert (one["exercise"], one["count"], one["students"]) == ("row_sums", 1, ["fay"])
    assert one["told"]
    assert one["told"][0] in str(report)


def test_the_checks_that_failed_and_what_judging_took(report):
    half_square, row_sums = report["exercises"]
    assert half_square["failed"]["Gradient dw"] >= half_square["statuses"]["partial"] == 3
    assert row_sums["failed"]["Right values"] == 3  # cyd, dot and fay
    seconds = {one["student"]: one["judging"] for one in report["students"] if one["graded"]}
    assert seconds.pop("kim") == 0  # nothing to judge in what cannot be read
    assert min(seconds.values()) > 0
    assert report["judging"]["seconds"] == pytest.approx(sum(seconds.values()), abs=0.1)
    longest = report["judging"]["longest"]
    assert longest["seconds"] <= max(seconds.values()) + 0.05
    assert longest["exercise"] in ("half_square", "row_sums")


def test_what_needs_a_person(report):
    found = attention(report)
    assert found["ada"] == found["eve"] == ["written"]
    assert found["late"] == ["not_graded"]
    assert found["kim"] == ["unreadable"]
    assert found["dot"] == ["again"]
    assert found["jon"] == found[HOSTILE_ID] == ["stopped"]
    assert "ben" not in found
    assert report["counts"]["need_a_person"] == len(["ada", "eve", "late", "kim", "dot"])
    assert report["attention"][0]["student"] == "late"


def test_scores_are_those_of_the_gradebook(report):
    students = {one["student"]: one for one in report["students"]}
    assert (students["ada"]["code"], students["ada"]["max_code"], students["ada"]["to_grade"]) == (
        10,
        10,
        1,
    )
    assert students["ida"]["code"] == 4
    assert students["kim"]["code"] == 0
    assert students["late"]["graded"] is False
    shares = [10 * students[student]["code"] for student in (*ANSWERS, "kim")]
    assert report["scores"]["mean"] == pytest.approx(sum(shares) / len(shares), abs=0.05)
    counts = [bin["count"] for bin in report["scores"]["bins"]]
    assert sum(counts) == len(shares)
    assert counts[-1] == sum(share >= 90 for share in shares)
    assert counts[0] == sum(share < 10 for share in shares)


def test_points_per_exercise(report):
    half_square, row_sums = report["exercises"]
    assert half_square["name"] == "half_square"
    # ada, dot, fay, and the two long ways; the gradient of ben, cyd and eve is wrong
    assert half_square["statuses"]["passed"] == 5
    assert half_square["statuses"]["partial"] == 3
    assert half_square["statuses"]["not_attempted"] == 1
    assert (
        half_square["statuses"]["error"] == 3
    )  # jon, the hostile one, and the notebook that could not be read
    assert row_sums["statuses"]["passed"] == len(ANSWERS) - 3
    rows = [one["exercises"]["row_sums"] for one in report["students"] if one["graded"]]
    assert row_sums["mean"] == pytest.approx(sum(rows) / len(rows), abs=0.01)


def test_time_is_known_where_the_notebook_tells(report):
    assert report["time"]["known"] == 1
    assert {one["student"]: one["minutes"] for one in report["students"]}["ada"] == 45.0


def test_a_copy_under_other_names_is_found_and_nothing_else(report):
    (group,) = report["groups"]
    assert group["students"] == ["gus", "hal"]
    assert group["pairs"][0]["answers"] == {"half_square": False}
    assert {one["student"] for one in group["shown"]["code"]} == {"gus", "hal"}


def test_the_tables(report, into: Path):
    with open(report["files"]["students"], newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert len(rows) == report["counts"]["handed_in"]
    assert (rows["ada"]["half_square"], rows["ada"]["code"], rows["ada"]["needs"]) == (
        "6.0",
        "10.0",
        "written",
    )
    assert rows["late"]["code"] == ""
    assert rows[HOSTILE_ID]["name"] == f"{HOSTILE_NAME} =1+1"
    with open(report["files"]["mistakes"], newline="") as file:
        assert [row["mistake"] for row in csv.DictReader(file)] == ["not_averaged", "columns"]
    assert {path.name for path in into.iterdir()} == {
        "tiny.html",
        "tiny-students.csv",
        "tiny-mistakes.csv",
    }


def test_the_report_is_short_in_a_terminal(cohort: TinyCourse, tmp_path: Path):
    said = cohort.run("chainrule", "report", "tiny", "--into", str(tmp_path)).stdout
    assert "13 handed in, 12 graded, 5 need a person, 1 group is alike" in " ".join(said.split())
    assert "3 made not_averaged" in said
    assert "tiny.html" in said


def test_the_report_lies_in_the_course_by_default(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook())
    report = report_of(tiny_course)
    assert report["files"]["page"] == str(tiny_course.root / "reports/tiny.html")
    assert report["counts"] == {"handed_in": 1, "graded": 0, "absent": 0, "need_a_person": 1}
    assert report["scores"]["quartiles"] is None
    assert "Nothing is graded yet." in Path(report["files"]["page"]).read_text()


def test_what_keeps_a_report_from_being_made_is_said(tiny_course: TinyCourse):
    with pytest.raises(ClassError, match="nobody has handed in tiny"):
        gather(tiny_course.root, "tiny")
    with pytest.raises(AssignmentError, match="no released notebook"):
        gather(tiny_course.root, "huge")
    tiny_course.hand_in("ada", tiny_course.notebook())
    (tiny_course.root / "gradebook.db").unlink()
    with pytest.raises(ClassError, match="chainrule build tiny"):
        gather(tiny_course.root, "tiny")
    tiny_course.configure("1 / 0")
    ran = tiny_course.run("chainrule", "report", "tiny", ok=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "nbgrader_config.py: ZeroDivisionError: division by zero.\n"


def test_a_folder_that_cannot_be_written(cohort: TinyCourse, tmp_path: Path):
    (tmp_path / "file").touch()
    ran = cohort.run("chainrule", "report", "tiny", "--into", str(tmp_path / "file"), ok=False)
    assert ran.returncode == 2
    assert "name another folder with --into" in " ".join(ran.stderr.split())
