"""A leaderboard says what the judge measured, of those who want it: nobody gets up it without
training, and nobody's name costs others anything.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from courses.course import TinyCourse, once

from autograder.classreport.leaderboard import leaderboards
from autograder.classreport.record import Answered, ClassRecord, Handed
from autograder.course.marks import verdicts_on_record
from autograder.grading.pseudonym import Pseudonym
from autograder.language.verdict import Finding, Performance, Verdict

from .race import HTML, RIGHT, STUDENTS, graded_race, hand_in


@pytest.fixture(scope="module")
def race(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    return once(tmp_path_factory, "race", graded_race)


def asked(course: TinyCourse, *options: str) -> dict[str, Any]:
    return json.loads(course.run("chainrule", "leaderboard", "race", "--json", *options).stdout)


@pytest.fixture(scope="module")
def said(race: TinyCourse) -> dict[str, Any]:
    return asked(race)


def autograded(course: TinyCourse, student: str) -> dict[str, Any]:
    path = course.root / "autograded" / student / "race/race.ipynb"
    return json.loads(path.read_bytes())


@pytest.mark.integration
def test_it_ranks_by_what_was_measured_as_a_ratio_to_the_reference(said: dict[str, Any]) -> None:
    (board,) = said["boards"]
    assert (board["exercise"], board["measured"]) == ("fit", "accuracy where clusters overlap")
    rows = {row["pseudonym"]: row for row in board["rows"]}
    best, lazy = rows["quick fox (1)"], rows["slow fox"]
    assert (best["rank"], best["ratio"]) == (1, 1.0)
    assert best["reached"] == best["reference"] > 0.5
    assert (best["steps"], best["parameters"], best["device"]) == (20, 60, "cpu")
    assert 0 < lazy["ratio"] < 1
    assert lazy["ratio"] == pytest.approx(lazy["reached"] / lazy["reference"], abs=1e-3)
    assert lazy["steps"] == 20  # on a part of the examples
    ranks = [row["rank"] for row in board["rows"]]
    assert ranks[:4] == [1, 1, 1, 4]  # three trained alike
    ratios = [row["ratio"] for row in board["rows"]]
    assert ratios == sorted(ratios, reverse=True)


def learning(course: TinyCourse, student: str) -> tuple[Verdict, Finding]:
    """A verdict, without the seconds, and what it says of learning."""
    (marked,) = verdicts_on_record(autograded(course, student))
    (found,) = [one for one in marked.verdict.findings if one.check == "Learns"]
    return replace(marked.verdict, seconds=0.0), found


def test_who_is_judged_alike_is_told_apart_by_harder_examples(
    race: TinyCourse, said: dict[str, Any]
) -> None:
    judged = [learning(race, student)[1] for student in ("ada", "ben")]
    assert all(one.message.startswith("accuracy 1.000, 1.000, 1.000 ") for one in judged)
    rows = {row["pseudonym"]: row for row in said["boards"][0]["rows"]}
    assert rows["slow fox"]["rank"] > rows["quick fox (1)"]["rank"]


def test_who_does_not_want_to_be_compared_is_judged_the_same_and_asked_for_nothing_more(
    race: TinyCourse,
) -> None:
    wants, compared = learning(race, "ada")
    wants_not, judged = learning(race, "fay")  # the same answer
    assert compared.performance is not None
    assert judged.performance is None
    without = tuple(replace(one, performance=None) for one in wants.findings)
    assert replace(wants, findings=without) == wants_not


def test_what_was_measured_otherwise_is_not_compared() -> None:
    before = Performance("accuracy", 1.0, 1.0, "cpu")
    now = replace(before, measured="accuracy in clutter")
    handed = tuple(
        Handed(
            name,
            exercises=(Answered("fit", 1, 1, "passed", "", False, performance=reached),),
            pseudonym=Pseudonym(name),
        )
        for name, reached in (("old", before), ("new", now))
    )
    record = ClassRecord("race", handed, (), {}, {"fit": "accuracy in clutter"})
    (board,) = leaderboards(record)
    assert [row["pseudonym"] for row in board["rows"]] == ["new"]
    (left_out,) = board["left_out"]
    assert "graded again" in left_out["why"]


def test_nobody_gets_up_it_without_training(race: TinyCourse, said: dict[str, Any]) -> None:
    (board,) = said["boards"]
    trained, untrained = board["rows"][:-2], board["rows"][-2:]
    assert {row["pseudonym"] for row in untrained} == {"a guess", "printer"}
    assert max(row["ratio"] for row in untrained) < min(row["ratio"] for row in trained)
    assert max(row["reached"] for row in untrained) < 0.4  # of five classes
    left_out = {row["pseudonym"]: row["why"] for row in board["left_out"]}
    assert left_out.keys() == {"by heart", "one step"}
    assert "not those of the model" in left_out["by heart"]
    assert left_out["one step"] == "over the budget: 800 steps, where the reference has 20"
    text = (race.root / "submitted/cyd/race/race.ipynb").read_text()
    assert '"reached": 1.0' in text  # it was tried
    (marked,) = verdicts_on_record(autograded(race, "cyd"))
    reached = [one.performance for one in marked.verdict.findings if one.performance]
    assert [one.reached < 0.4 for one in reached] == [True]


def test_who_gives_no_name_is_not_on_it_and_nobody_is_by_their_own(
    race: TinyCourse, said: dict[str, Any]
) -> None:
    shown = json.dumps(said["boards"]) + json.dumps(said["names"])
    assert not any(f'"{student}"' in shown for student in STUDENTS)
    assert "Lovelace" not in shown
    assert said["handed_in"] == len(STUDENTS)
    known = asked(race, "--identities")["boards"][0]
    who = {row["pseudonym"]: row["student"] for row in (*known["rows"], *known["left_out"])}
    assert who["quick fox (1)"] == "ada"
    assert who["Quick Fox (2)"] == "ida"
    assert "fay" not in who.values()
    assert {row["pseudonym"] for row in known["rows"]} >= {"a" * 30}


def test_what_is_no_name_is_said_once_and_costs_nobody_anything(
    race: TinyCourse, said: dict[str, Any]
) -> None:
    refused = {one["student"]: one["why"] for one in asked(race, "--identities")["names"]}
    assert refused.keys() == {"gus", "hal", "jon", "kim", "lea"}
    assert "cut to 30 characters" in refused["hal"]
    assert "how somebody else of this course is called" in refused["kim"]
    assert "must be a text in quotes" in refused["lea"]
    assert all("letters, digits, spaces" in refused[one] for one in ("gus", "jon"))
    assert not any(character in json.dumps(said) for character in (HTML, "\\u001b", "\\u202e"))
    for student in ("ada", "fay", "gus", "hal", "ida", "jon", "kim"):
        (marked,) = verdicts_on_record(autograded(race, student))
        assert marked.verdict.status == "passed", student
    for student, words in (("gus", "letters, digits"), ("hal", "cut to 30"), ("ada", "")):
        note = autograded(race, student)["cells"][0]
        assert ("leaderboard" in str(note)) is bool(words)
        assert words in str(note)


def test_the_report_has_it_too_and_shows_what_was_written_as_nothing_else(
    race: TinyCourse, tmp_path: Path, said: dict[str, Any]
) -> None:
    ran = race.run("chainrule", "report", "race", "--json", "--into", str(tmp_path))
    report = json.loads(ran.stdout)
    assert report["leaderboards"] == said["boards"]
    page = (tmp_path / "race.html").read_text()
    assert "quick fox (1)" in page
    assert "onerror" not in page.partition('id="leaderboard"')[2].partition("</section>")[0]


def test_for_people_it_is_a_table(race: TinyCourse) -> None:
    shown = race.run("chainrule", "leaderboard", "race").stdout
    lines = " ".join(shown.split())
    assert "fit: accuracy where clusters overlap, as a ratio to the reference's" in lines
    assert "1 quick fox (1) 1.000" in lines
    assert "not on it: one step: over the budget" in lines
    assert "ada" not in shown.replace("adapt", "")
    assert "ada" in race.run("chainrule", "leaderboard", "race", "--identities").stdout


def test_where_nothing_ranks_one_sentence_says_so(tiny_course: TinyCourse) -> None:
    tiny_course.hand_in("ada", tiny_course.notebook())
    ran = tiny_course.run("chainrule", "leaderboard", "tiny", ok=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "No exercise of tiny has a leaderboard" in ran.stderr


def test_before_anybody_is_graded_it_is_empty(race: TinyCourse, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(race.root, tmp_path / "course")
    course = TinyCourse(tmp_path / "course")
    shutil.rmtree(course.root / "autograded")
    hand_in(course, "zoe", RIGHT, "'late'")
    assert asked(course)["boards"][0] | {"measured": ""} == {
        "exercise": "fit",
        "measured": "",
        "rows": [],
        "left_out": [],
    }
    assert "nobody is on it" in course.run("chainrule", "leaderboard", "race").stdout
