"""The report of a whole course, of two assignments that were really graded; the rules on numbers
made for them; the page on a telephone.
"""

from __future__ import annotations

import csv
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from courses.course import RIGHT, TinyCourse, once
from courses.formgrader import formgrader
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, expect

from autograder.authoring.outline import OutlinedAssignment, course_outline
from autograder.classreport.behind import ClassStanding, worries
from autograder.classreport.discrimination import corrected_item_total, reading
from autograder.classreport.earlier import compare, read_earlier
from autograder.classreport.overview import overview
from autograder.classreport.page import render_course, render_progress
from autograder.classreport.record import Answered, ClassRecord, Handed, Marks, RecognisedMistake
from autograder.classreport.summary import summarise
from autograder.errors import ClassError

from .cohort import HOSTILE_ID, NOT_AVERAGED

PHONE: Any = {"width": 390, "height": 800}
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def two_assignments(cohort: TinyCourse, root: Path) -> TinyCourse:
    """The made-up class goes on to a second assignment, which asks the same under another name."""
    shutil.copytree(cohort.root, root)
    for part in ("solutions", "solutions/mistakes"):
        shutil.copy(root / part / "tiny.py", root / part / "next.py")
    shutil.copy(root / "solutions/rubrics/tiny.toml", root / "solutions/rubrics/next.toml")
    shutil.copytree(root / "source/tiny", root / "source/next")
    text = (root / "source/next/tiny.md").read_text()
    text = text.replace(
        "points: 12", "points: 12\n  order: 2\n  due: 2026-03-09 12:00 Europe/Berlin"
    )
    (root / "source/next/tiny.md").unlink()
    (root / "source/next/next.md").write_text(text.replace("# Tiny", "# Tiny again"))
    course = TinyCourse(root)
    course.run("chainrule", "build", "next")
    released = json.loads((root / "assignments/next/next.ipynb").read_bytes())
    for student in ("ada", "ben", "cyd"):
        answers = RIGHT | {"half_square": NOT_AVERAGED} if student != "ada" else RIGHT
        for cell in released["cells"]:
            cell["source"] = answers.get(cell["id"], cell["source"])
        folder = root / "submitted" / student / "next"
        folder.mkdir(parents=True)
        (folder / "next.ipynb").write_text(json.dumps(released))
    (root / "extensions.csv").write_text(
        "student,assignment,until\neve,next,2999-01-01 00:00 UTC\ndot,next,1 hour\n"
    )
    course.run("chainrule", "grade", "next", "--no-feedback", "--isolation", "none")
    return course


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, cohort: TinyCourse) -> TinyCourse:
    return once(tmp_path_factory, "tiny-course", lambda root: two_assignments(cohort, root))


@pytest.fixture(scope="module")
def written(course: TinyCourse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("course-report")
    said = course.run("chainrule", "report", "--into", str(into)).stdout
    assert "14 students, 2 assignments" in " ".join(said.split())
    return into


@pytest.fixture(scope="module")
def numbers(written: Path) -> dict[str, Any]:
    return json.loads((written / "course-report.json").read_text())


@pytest.mark.integration
def test_the_outline_is_in_the_courses_order(course: TinyCourse) -> None:
    second, first = course_outline(course.root)  # an order comes before none
    assert [second.name, second.title, second.points] == ["next", "Tiny again", 12]
    assert second.due == datetime.fromisoformat("2026-03-09 12:00+01:00")
    assert (first.name, first.title, first.due) == ("tiny", "Tiny", None)


def test_one_page_over_all_assignments(numbers: dict[str, Any]) -> None:
    assert [one["name"] for one in numbers["assignments"]] == ["next", "tiny"]
    assert numbers["assignments"][0]["due"] == "2026-03-09T11:00+00:00"
    assert numbers["assignments"][0]["counts"]["handed_in"] == 3
    behind = {
        one["student"]: [why["sentence"] for why in one["worries"]] for one in numbers["behind"]
    }
    assert behind["zoe"] == ["nothing for next, tiny"]
    assert behind["dot"] == ["nothing for next"]
    assert "ada" not in behind
    assert "nothing for next" not in behind.get("eve", [])  # whose extension has not ended
    students = {one["student"]: one for one in numbers["students"]}
    assert students["ada"]["assignments"]["tiny"]["state"] == "to grade"
    assert students["ada"]["assignments"]["tiny"]["share"] == 100
    assert students["zoe"]["mean"] is None


def test_a_mistake_returns_with_those_who_made_it_again(numbers: dict[str, Any]) -> None:
    first, second = numbers["mistakes"]
    assert (first["name"], first["students"], first["again"]) == ("not_averaged", 3, ["ben", "cyd"])
    assert [(one["assignment"], one["count"]) for one in first["places"]] == [
        ("next", 2), ("tiny", 3)
    ]  # fmt: skip
    assert (second["name"], second["again"]) == ("columns", [])


def test_questions_tell_students_apart_where_enough_answered(numbers: dict[str, Any]) -> None:
    found = {(one["assignment"], one["name"]): one for one in numbers["questions"]}
    assert found["next", "half_square"]["discrimination"] is None
    assert found["next", "half_square"]["reading"] == "cannot be told"
    assert found["tiny", "half_square"]["answers"] == 12
    assert -1 <= found["tiny", "half_square"]["discrimination"] <= 1


def test_the_files(written: Path, numbers: dict[str, Any]) -> None:
    assert {path.name for path in written.iterdir()} == {
        "course-report.html",
        "course-report.json",
        "course-report-students.csv",
        "next.html",
        "tiny.html",
    }
    with (written / "course-report-students.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert (rows["zoe"]["worries"], rows["zoe"]["tiny"]) == ("missing", "")
    assert len(rows) == numbers["counts"]["students"]


def test_beside_an_earlier_class(course: TinyCourse, written: Path, tmp_path: Path) -> None:
    earlier = json.loads((written / "course-report.json").read_text())
    for one in earlier["questions"]:
        if one["name"] == "row_sums":
            one["share"] = 10.0
    (tmp_path / "then.json").write_text(json.dumps(earlier))
    options = ["--into", str(tmp_path), "--compare", str(tmp_path / "then.json"), "--json"]
    compared = json.loads(course.run("chainrule", "report", *options).stdout)["compared"]
    assert {one["name"] for one in compared["questions"][:2]} == {"row_sums"}
    assert compared["questions"][0]["change"] > 50
    assert {one["change"] for one in compared["mistakes"]} == {0}
    assert "ben" not in str(compared)
    assert "Beside the earlier class" in (tmp_path / "course-report.html").read_text()


def test_what_cannot_be_compared_is_said(course: TinyCourse, numbers, tmp_path: Path) -> None:
    for text, says in (("{", "is no JSON"), ("{}", "is no report of a course")):
        (tmp_path / "earlier.json").write_text(text)
        with pytest.raises(ClassError, match=says):
            read_earlier(tmp_path / "earlier.json")
    with pytest.raises(ClassError, match="cannot be read"):
        read_earlier(tmp_path / "none.json")
    with pytest.raises(ClassError, match="no assignment in common"):
        compare(numbers, numbers | {"assignments": []})
    with pytest.raises(ClassError, match="lacks some of its numbers"):
        compare(numbers, {"assignments": numbers["assignments"]})
    ran = course.run("chainrule", "report", "tiny", "--compare", "x.json", ok=False)
    assert (ran.returncode, "leave the assignment out" in ran.stderr) == (2, True)


def test_an_assignment_that_cannot_be_read_costs_the_others_nothing(
    course: TinyCourse, tmp_path: Path
) -> None:
    shutil.copytree(course.root, tmp_path / "course")
    (tmp_path / "course/assignments/next/next.ipynb").write_text("{")
    broken = TinyCourse(tmp_path / "course")
    report = json.loads(broken.run("chainrule", "report", "--json").stdout)
    assert [one["name"] for one in report["assignments"]] == ["tiny"]
    assert "build it again" in report["left_out"]["next"]


def test_a_course_without_submissions(tiny_course: TinyCourse) -> None:
    ran = tiny_course.run("chainrule", "report", ok=False)
    assert ran.returncode == 2
    assert "nobody has handed in anything yet" in ran.stderr


def test_discrimination_is_pearsons_r_with_the_rest() -> None:
    rng = np.random.default_rng(0)
    able = rng.normal(size=40)
    items = {"good": able + rng.normal(size=40), "also": able + rng.normal(size=40)}
    items |= {"noise": rng.normal(size=40), "against": -able, "same": np.ones(40)}
    points = [{name: float(values[k]) for name, values in items.items()} for k in range(40)]
    r = corrected_item_total(points)
    rest = sum(values for name, values in items.items() if name != "good")
    assert r["good"] == pytest.approx(np.corrcoef(items["good"], rest)[0, 1], abs=0.005)
    assert r["same"] is None
    assert (r["against"] or 0) < 0
    assert reading(r["against"]).startswith("against")
    assert set(corrected_item_total(points[:9]).values()) == {None}
    assert [reading(value) for value in (None, 0.1, 0.2, 0.4)] == [
        "cannot be told", "hardly", "fairly", "well"
    ]  # fmt: skip


def test_who_falls_behind() -> None:
    everybody = {f"s{k}": 80.0 for k in range(8)}
    first = ClassStanding("one", everybody | {"ada": 85}, 80, 80, frozenset({"kim"}))
    second = ClassStanding("two", everybody | {"ada": 45}, 80, 75, frozenset({"kim", "s0"}))
    easier = ClassStanding(
        "two", {name: 60 for name in everybody} | {"ada": 62}, 60, 60, frozenset()
    )
    assert [one["kind"] for one in worries("ada", [first, second])] == ["fell", "low"]
    assert worries("ada", [first, easier]) == []  # everybody had fewer points
    assert worries("kim", [first, second]) == [
        {"kind": "missing", "sentence": "nothing for one, two"}
    ]
    assert worries("s1", [first, second]) == []


def crowd(count: int, assignments: int = 5) -> dict[str, Any]:
    """A course with long names, all kinds of numbers, and an earlier class to compare with."""
    rng = np.random.default_rng(3)
    mistake = RecognisedMistake("gradient_not_averaged", "Divide by N as the loss does, each time.")
    names = [f"a_rather_long_assignment_{k}" for k in range(assignments)]
    outline = [
        OutlinedAssignment(name, f"Title of {name}", k, 100, NOW - timedelta(days=k))
        for k, name in enumerate(names)
    ]
    reports = {}
    for name in names:
        handed = []
        for k in range(count):
            able = rng.normal()
            exercises = tuple(
                Answered(
                    f"exercise_with_a_long_name_{number}",
                    10,
                    float(np.clip(5 + 3 * able + rng.normal(), 0, 10)),
                    "partial",
                    "",
                    False,
                    (mistake,) if number == 0 and k % 3 == 0 else (),
                )
                for number in range(6)
            )
            total = sum(one.score for one in exercises)
            marks = Marks(total, 62, 1, 2, 0, ())
            who = HOSTILE_ID if k == 0 else f"student-with-a-long-id-{k:04}"
            handed.append(Handed(who, f"Name {k}", marks, exercises, minutes=float(60 + k)))
        reports[name] = summarise(ClassRecord(name, tuple(handed), ("absent-one",), {}))
    course = overview(outline, reports, NOW) | {"left_out": {"extra": "it does not load."}}
    return course | {"compared": compare(course, course)}


@pytest.fixture(scope="module")
def crowd_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("crowd") / "page.html"
    page.write_text(render_course(crowd(40), {}))
    return page


@pytest.mark.parametrize("which", ["crowd", "course", "assignment"])
def test_on_a_telephone_every_table_is_read_to_its_last_column(
    browser: Browser, crowd_page: Path, written: Path, which: str
) -> None:
    page = browser.new_context(viewport=PHONE).new_page()
    paths = {
        "crowd": crowd_page,
        "course": written / "course-report.html",
        "assignment": written / "tiny.html",
    }
    page.goto(paths[which].as_uri())
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    cut = page.evaluate(
        """() => [...document.querySelectorAll('td, th')].filter(one => {
          const box = one.getBoundingClientRect();
          const seen = getComputedStyle(one).display !== 'none' && !one.closest('thead');
          return seen && box.width && (box.right > innerWidth + 0.5 || box.left < -0.5);
        }).map(one => one.outerHTML.slice(0, 100))"""
    )
    assert cut == []
    assert page.locator("td").count() > 20
    assert page.title() != "PWNED"


@pytest.mark.integration
def test_formgrader_shows_it_and_links_to_it(
    course: TinyCourse, browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "settings").mkdir()
    with formgrader(course.root, tmp_path / "settings", "word") as address:
        page = browser.new_context(viewport=PHONE).new_page()
        page.goto(f"{address}/formgrader/manage_students?token=word")
        page.get_by_role("link", name="Class Report").click()
        page.locator("h2", has_text="Which questions tell students apart").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert page.locator("script").count() == 0
        page.locator("#assignments").get_by_role("link", name="tiny").click()
        expect(page).to_have_title("tiny: class report")
        page.get_by_role("link", name="The course").click()
        expect(page.locator("#behind")).to_contain_text("nothing for next, tiny")
        page.get_by_role("link", name="Formgrader").click()
        expect(page.get_by_role("link", name="Written Answers")).to_be_visible()
        stranger = browser.new_context().new_page()
        answer = stranger.goto(f"{address}/formgrader/report")
        assert answer is not None
        assert "behind" not in answer.text()


def test_the_page_with_the_bar_asks_again_by_itself(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(render_progress("svm", 2, 5))
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.locator("progress").get_attribute("value") == "2"
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "2"
    assert "2 of 5" in page.locator("body").inner_text()


def test_one_is_said_in_the_singular(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(render_course(crowd(1, assignments=1), {}))
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    text = page.locator("body").inner_text()
    for wrong in ("1 students", "1 assignments", "1 submissions"):
        assert wrong not in text
    assert "over 1 assignment," in text


def test_written_points_are_questions_too(course: TinyCourse, tmp_path: Path) -> None:
    shutil.copytree(course.root, tmp_path / "course")
    with Gradebook(f"sqlite:///{tmp_path}/course/gradebook.db") as opened:
        gradebook: Any = opened
        for student, points in (("ada", 2.0), ("eve", 0.5)):
            grade = gradebook.find_grade("why", "tiny", "tiny", student)
            grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()
    report = json.loads(
        TinyCourse(tmp_path / "course").run("chainrule", "report", "tiny", "--json").stdout
    )
    (why,) = report["questions"]
    assert (why["name"], why["points"]) == ("why", 2)
    students = {one["student"]: one for one in report["students"]}
    assert students["ada"]["questions"] == {"why": 2}
    assert students["eve"]["questions"] == {"why": 0.5}
