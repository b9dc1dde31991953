"""What is handed in is judged as it arrives, by the real exchange and behind the real wall; grading
starts from there.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from courses.course import RIGHT, ROW_SUMS, WRITTEN, TinyCourse

from autograder.classes.kept import bears
from autograder.gradebook.arrivals.receipts import Receipt, receipts_of, write_receipt
from autograder.gradebook.arrivals.receiving import Receiver
from autograder.gradebook.classroom import ClassGrades, Wishes, grade_class

COURSE = "chainrule"
HALF = {"row_sums": ROW_SUMS}
pytestmark = pytest.mark.xdist_group("receiving")


class Arrivals:
    """A course, nbgrader's exchange, and what was judged when it arrived."""

    def __init__(self, root: Path, course: TinyCourse) -> None:
        self.course, self.exchange, self.root = course, root / "exchange", root
        for name in ("outbound", "inbound", "feedback"):
            (self.exchange / COURSE / name).mkdir(parents=True)
        course.configure(
            "c.ExchangeFactory.collect = 'autograder.gradebook.exchange.CollectWithCare'\n"
            f"c.Exchange.root = {str(self.exchange)!r}\nc.Exchange.path_includes_course = True\n"
            "c.ExchangeCollect.check_owner = False\nc.Receiving.show_points = True"
        )
        (self.exchange / COURSE).chmod(0o755)
        self.exchange.chmod(0o777)
        course.run("nbgrader", "release_assignment", "tiny")

    def submit(self, student: str, answers: dict[str, str]) -> None:
        """Hand in by nbgrader's own command, from a home of the student's own."""
        home = TinyCourse(self.root / student)
        if not home.root.exists():
            home.root.mkdir()
            (home.root / "nbgrader_config.py").write_text(
                f"c = get_config()\nc.CourseDirectory.course_id = {COURSE!r}\n"
                f"c.Exchange.root = {str(self.exchange)!r}\n"
                "c.Exchange.path_includes_course = True\n"
                f"c.Exchange.cache = {str(home.root / 'cache')!r}\n"
            )
            home.run("nbgrader", "fetch_assignment", "tiny", "--student", student)
        notebook = home.root / COURSE / "tiny/tiny.ipynb"
        notebook.write_text(json.dumps(self.course.notebook(answers)))
        home.run("nbgrader", "submit", "tiny", "--student", student)

    def put(self, name: str, notebook: bytes = b"{}") -> Path:
        """What somebody with a shell can put into the exchange."""
        folder = self.exchange / COURSE / "inbound" / name
        folder.mkdir()
        (folder / "tiny.ipynb").write_bytes(notebook)
        (folder / "timestamp.txt").write_text(name.split("+")[2])
        (folder / "submission_secret.txt").write_text("s" * 128)
        return folder

    def receipt(self, student: str) -> Receipt:
        place = receipts_of(self.course.root) / "tiny" / f"{student}.json"
        found = json.loads(place.read_bytes())
        said = found.pop("said")
        receipt = Receipt(**found)
        assert said == receipt.sentence()
        return receipt

    def collect_and_grade(self, **wishes: Any) -> ClassGrades:
        self.course.run("nbgrader", "collect", "tiny", "--update")
        return grade_class(self.course.root, "tiny", Wishes(feedback=False, **wishes))

    def seed(self, student: str) -> int:
        """The seed of the verdict that grading has on record."""
        record = self.course.root / "build/judged/tiny" / f"{student}.json"
        return json.loads(record.read_bytes())["seed"]


@pytest.fixture(scope="module")
def arrivals(tiny_built: TinyCourse, tmp_path_factory: pytest.TempPathFactory) -> Arrivals:
    root = tmp_path_factory.mktemp("arrivals")
    shutil.copytree(tiny_built.root, root / "course")
    arrivals = Arrivals(root, TinyCourse(root / "course"))
    arrivals.submit("ada", RIGHT | WRITTEN)
    notebook = json.dumps(arrivals.course.notebook(HALF)).encode()
    arrivals.put("ben+tiny+2026-03-01 10:00:00 UTC+bbbb", notebook)
    arrivals.put("cyd+tiny+2026-03-01 10:00:00 UTC+cccc", b"no notebook at all")
    links = arrivals.put("dan+tiny+2026-03-01 10:00:00 UTC+dddd", notebook)
    (links / "answers.py").symlink_to(arrivals.course.root / "solutions/tiny.py")
    os.mkfifo(links / "pipe")
    (arrivals.exchange / COURSE / "inbound/..+tiny+2026-03-01 10:00:00 UTC+eeee").mkdir()
    (arrivals.exchange / COURSE / "inbound/eve+tiny+soon+eeee").mkdir()
    written = arrivals.put("fay+tiny+2026-03-01 10:00:00 UTC+ffff", notebook)
    (written / "submission_secret.txt").unlink()  # nbgrader's submit is still at it
    return arrivals


@pytest.fixture(scope="module")
def receiver(arrivals: Arrivals) -> Receiver:
    receiver = Receiver(arrivals.course.root, jobs=2)
    assert receiver.look() == 4
    return receiver


def test_a_student_is_told_the_points_for_code(arrivals: Arrivals, receiver: Receiver) -> None:
    said = arrivals.receipt("ada").sentence()
    assert said == "received, judged: 10 of 10 points without written answers"
    assert arrivals.receipt("ada").submission.startswith("ada+tiny+")
    ben = "ben+tiny+2026-03-01 10:00:00 UTC+bbbb"
    assert arrivals.receipt("ben") == Receipt(ben, True, None, 4.0, 10.0)


def test_what_cannot_be_judged_is_said_and_costs_nobody_else(
    arrivals: Arrivals, receiver: Receiver
) -> None:
    said = arrivals.receipt("cyd").sentence()
    assert said.startswith("received. This submission could not be graded: ")
    assert "no valid JSON" in said
    received = arrivals.course.root / "build/received"
    copied = received / "submitted/dan/tiny"
    assert {path.name for path in copied.iterdir()} == {
        "tiny.ipynb", "timestamp.txt", "submission_secret.txt"
    }  # fmt: skip
    receipts = {path.stem for path in (received / "receipts/tiny").iterdir()}
    assert receipts == {"ada", "ben", "cyd", "dan"}


def test_nothing_is_judged_twice_while_it_stays_as_it_is(
    arrivals: Arrivals, receiver: Receiver
) -> None:
    assert receiver.look() == 0
    told: list[str] = []
    again = Receiver(arrivals.course.root)  # as after a restart
    assert again.look(lambda assignment, student, receipt: told.append(student)) == 0
    assert sorted(told) == ["ada", "ben", "cyd", "dan"]


@pytest.mark.integration
def test_grading_takes_over_what_is_still_the_same(arrivals: Arrivals, receiver: Receiver) -> None:
    asked = {
        student: json.loads(
            (arrivals.course.root / "build/received/judged/tiny" / f"{student}.json").read_bytes()
        )["seed"]
        for student in ("ada", "ben", "cyd", "dan")
    }
    grades = arrivals.collect_and_grade()
    assert grades.failures == {}
    assert grades.on_arrival == 4
    assert {one.student: one.score for one in grades.students} == {
        "ada": 10, "ben": 4, "cyd": 0, "dan": 4, "fay": 4
    }  # fmt: skip
    assert {student: arrivals.seed(student) for student in asked} == asked
    assert arrivals.seed("fay") == grades.seed
    # the record in the gradebook stays where nobody hands in anew
    assert arrivals.collect_and_grade().on_arrival == 0
    assert arrivals.receipt("ada").points == 10

    # a new submission is judged anew, by whoever comes first
    arrivals.submit("ada", HALF)
    arrivals.put(
        "ben+tiny+2026-03-02 10:00:00 UTC+bbbb",
        json.dumps(arrivals.course.notebook(RIGHT)).encode(),
    )
    assert receiver.look() == 2
    assert arrivals.receipt("ada").points == 4
    arrivals.put("dan+tiny+2026-03-02 10:00:00 UTC+dddd", b"{}")
    grades = arrivals.collect_and_grade()
    assert grades.on_arrival == 2
    assert arrivals.seed("dan") == grades.seed
    assert {one.student: one.score for one in grades.students}["ben"] == 10

    # whoever asks for other inputs gets them
    receiver.look()
    grades = arrivals.collect_and_grade(seed=7)
    assert grades.on_arrival == 0
    assert arrivals.seed("ada") == 7


@pytest.mark.integration
def test_points_are_told_only_where_the_course_allows_it(
    arrivals: Arrivals, receiver: Receiver
) -> None:
    arrivals.course.configure("c.Receiving.show_points = False")
    arrivals.put(
        "gus+tiny+2026-03-01 10:00:00 UTC+gggg",
        json.dumps(arrivals.course.notebook(HALF)).encode(),
    )
    ran = arrivals.course.run("chainrule", "receive", "--json")
    said = json.loads(ran.stdout)
    assert {"assignment": "tiny", "student": "gus", "said": "received, judged"} in said[
        "submissions"
    ]
    kept = (arrivals.course.root / "build/received/receipts/tiny/gus.json").read_text()
    assert json.loads(kept)["points"] is None


@pytest.mark.integration
def test_nbgraders_own_autograde_starts_from_there_too(
    arrivals: Arrivals, receiver: Receiver
) -> None:
    course = arrivals.course
    arrivals.put(
        "hal+tiny+2026-03-01 10:00:00 UTC+hhhh",
        json.dumps(course.notebook(HALF)).encode(),
    )
    assert Receiver(course.root).look() >= 1  # the configuration has changed since
    record = json.loads((course.root / "build/received/judged/tiny/hal.json").read_bytes())
    course.run("nbgrader", "collect", "tiny", "--update")
    autograde = ("nbgrader", "autograde", "tiny", "--student", "hal", "--force")
    autograded = course.root / "autograded/hal/tiny/tiny.ipynb"

    course.run(*autograde)
    assert bears(autograded, record["key"])
    # another notebook than the one that was judged when it came is judged now
    handed_in = course.root / "submitted/hal/tiny/tiny.ipynb"
    handed_in.write_text(json.dumps(course.notebook(RIGHT)))
    course.run(*autograde)
    assert not bears(autograded, record["key"])


@pytest.mark.parametrize("mode", [0o700, 0o750])
def test_receipts_are_as_open_as_their_folder(tmp_path: Path, mode: int) -> None:
    (tmp_path / "receipts").mkdir(mode=mode)
    write_receipt(tmp_path / "receipts", "first", "ada", Receipt("ada+first+now", judged=False))
    made = (tmp_path / "receipts/first").stat()
    assert stat.S_IMODE(made.st_mode) == mode
