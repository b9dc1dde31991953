"""Grades passed on to Canvas and Moodle, over real HTTP to servers that hold every request to what
the interfaces document.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from courses.course import BIN, TinyCourse
from nbgrader.api import Gradebook

from autograder.commandline.push import LmsPlace, run
from autograder.errors import LmsError
from autograder.lms.differences import differences
from autograder.lms.people import Identity, Matches, match, read_roster
from autograder.lms.site import RemotePerson
from autograder.lms.web import LmsWeb

from .servers import COURSE, TOKEN, FakeCanvas, FakeMoodle, served

STUDENTS = ("ada", "ben", "cyd", "dot", "eve", "fay", "gus")
FINAL = {"ada": 12.0, "ben": 6.5, "cyd": 10.0, "dot": 4.0, "eve": 11.0, "gus": 3.0}
"""Fay's written answer waits."""


def enrol(course: TinyCourse) -> None:
    """Grades of seven students, as people and the grader gave them. Ada is known by her number,
    Ben by his e-mail, Gus not at all; the others by their names there.
    """
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as opened:
        book: Any = opened
        known = {"ada": {"lms_user_id": "101"}, "ben": {"email": "Ben@Example.org"}}
        for student in STUDENTS:
            book.update_or_create_student(student, **known.get(student, {}))
            (notebook,) = book.add_submission("tiny", student).notebooks
            for grade in notebook.grades:
                written = grade.cell.cell_type == "markdown"
                points = max(FINAL.get(student, 5.0) - 10, 0) if written else 0
                grade.manual_score = points if written else None
                grade.needs_manual_grade = written and student == "fay"
            first, second = (one for one in notebook.grades if one.cell.cell_type == "code")
            code = min(FINAL.get(student, 5.0), 10)
            first.auto_score, second.auto_score = code, 0.0
        book.db.commit()


PEOPLE = {
    "canvas": [
        {"id": 101, "name": "Ada", "login_id": "lovelace", "email": "l@example.org"},
        {"id": 102, "name": "Ben", "login_id": "b.b", "email": "ben@example.org"},
        {"id": 103, "name": "Cyd", "login_id": "CYD", "sis_user_id": None},
        {"id": 104, "name": "Dot", "login_id": "d", "sis_user_id": "dot"},
        {"id": 105, "name": "Eve", "login_id": "eve"},
        {"id": 106, "name": "Fay", "login_id": "fay"},
    ],
    "moodle": [
        {"id": 101, "fullname": "Ada", "username": "lovelace", "email": "l@example.org"},
        {"id": 102, "fullname": "Ben", "username": "b.b", "email": "ben@example.org"},
        {"id": 103, "fullname": "Cyd", "username": "cyd", "idnumber": ""},
        {"id": 104, "fullname": "Dot", "username": "dot", "idnumber": "9"},
        {"id": 105, "fullname": "Eve", "username": "eve"},
        {"id": 106, "fullname": "Fay", "username": "fay"},
        {
            "id": 107,
            "fullname": "Prof",
            "username": "gus",
            "roles": [{"roleid": 3, "name": "", "shortname": "editingteacher", "sortorder": 0}],
        },
    ],
}
THERE = {103: 10.0, 105: 1.0}
"""Cyd's grade is there already; somebody gave Eve one."""
KINDS = {"canvas": FakeCanvas, "moodle": FakeMoodle}


@pytest.fixture
def course(tiny_course: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> TinyCourse:
    enrol(tiny_course)
    monkeypatch.setenv("CHAINRULE_CANVAS_TOKEN", TOKEN)
    monkeypatch.setenv("CHAINRULE_MOODLE_TOKEN", f"{TOKEN}\n")
    monkeypatch.setenv("CHAINRULE_LMS_PAUSE", "0.01")
    return tiny_course


@pytest.fixture
def push(course: TinyCourse, capsys: pytest.CaptureFixture[str]):
    """The command, in this process: its exit code, and what it said."""

    def pushed(lms: str, address: str, *, send: bool = False, **wishes: Any) -> tuple[int, dict]:
        place = LmsPlace(lms, address, str(COURSE), wishes.pop("called", None), None)
        settings = {"roster": None, "overwrite": False, "scale": False} | wishes
        try:
            code = run("tiny", course.root, place, *settings.values(), send=send, json=True)
        finally:
            said = capsys.readouterr()
            assert TOKEN not in said.out + said.err
        return code, json.loads(said.out)

    return pushed


def changes(said: dict[str, Any]) -> dict[str, float]:
    return {one["student"]: one["points"] for one in said["send"]}


@pytest.mark.parametrize("lms", KINDS)
def test_only_what_differs_goes_and_only_when_told_to(push, lms: str) -> None:
    fake = KINDS[lms](PEOPLE[lms], THERE)
    with served(fake) as address:
        code, said = push(lms, address)
        assert (code, said["dry_run"], said["sent"], fake.grades) == (1, True, [], THERE)
        assert changes(said) == {"ada": 12, "ben": 6.5, "dot": 4}
        assert (said["same"], said["waiting"]) == (["cyd"], ["fay"])
        assert said["unmatched"] == {"gus": "nobody there"}
        assert said["theirs"] == [{"student": "eve", "id": "105", "points": 11, "before": 1}]

        code, said = push(lms, address, send=True)
        assert said["sent"] == ["ada", "ben", "dot"]
        assert fake.grades == THERE | {101: 12, 102: 6.5, 104: 4}

        code, said = push(lms, address, send=True)
        assert (changes(said), len(fake.saved)) == ({}, 1)
        code, said = push(lms, address, send=True, overwrite=True)
        assert fake.grades[105] == 11


@pytest.mark.parametrize("lms", KINDS)
def test_our_own_grade_is_replaced_and_anybody_elses_is_not(push, course, lms: str) -> None:
    fake = KINDS[lms](PEOPLE[lms], {})
    with served(fake) as address:
        push(lms, address, send=True)
        fake.grades[104] = 5  # somebody thought better of it
        with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as opened:
            book: Any = opened
            for student in ("ada", "dot"):
                (notebook,) = book.find_submission("tiny", student).notebooks
                next(one for one in notebook.grades if one.auto_score).auto_score = 2
            book.db.commit()
        _, said = push(lms, address, send=True)
        assert said["sent"] == ["ada"]
        assert [one["student"] for one in said["theirs"]] == ["dot"]
        assert (fake.grades[101], fake.grades[104]) == (4, 5)


@pytest.mark.parametrize("lms", KINDS)
def test_what_was_interrupted_goes_on(push, lms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.lms import canvas, moodle

    fake = KINDS[lms](PEOPLE[lms], {})
    kind = {"canvas": canvas.CanvasSite, "moodle": moodle.MoodleSite}[lms]
    monkeypatch.setattr(kind, "batch", 2)
    plain = kind.send

    def interrupted(self: Any, assignment: Any, points: Any) -> Any:
        if fake.saved:
            raise KeyboardInterrupt
        return plain(self, assignment, points)

    with served(fake) as address:
        monkeypatch.setattr(kind, "send", interrupted)
        with pytest.raises(KeyboardInterrupt):
            push(lms, address, send=True)
        monkeypatch.setattr(kind, "send", plain)
        assert len(fake.grades) == 2
        _, said = push(lms, address, send=True)
        assert len(said["sent"]) == 3
        assert sorted(fake.grades) == [101, 102, 103, 104, 105]
        assert all(len(one) <= 2 for one in fake.saved)


def test_patience(push) -> None:
    """Both ways in which Canvas asks for it, servers that stumble, a line that goes dead."""
    fake = FakeCanvas(PEOPLE["canvas"], {})
    limit = "403 Forbidden (Rate Limit Exceeded)\n"
    fake.trouble = [
        (429, {"Retry-After": "0"}, {"errors": []}),
        (403, {"X-Rate-Limit-Remaining": "0.0"}, limit),
        (403, {}, limit),
        (500, {}, "oops"),
        (503, {}, "busy"),
        (0, {}, ""),
    ]
    with served(fake) as address:
        _, said = push("canvas", address)
        assert len(said["send"]) == 5
        assert sum("page=2" in one for one in fake.asked) == 2  # people and submissions
        fake.trouble = [(502, {}, ""), (0, {}, "")]
        push("canvas", address, send=True)
        assert len(fake.grades) == 5


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ([(503, {}, "busy")] * 10, "answers 503: also after 6 tries"),
        ([(403, {}, "403 Forbidden (Rate Limit Exceeded)")] * 20, "answers 403"),
        ([(403, {}, {"status": "unauthorized"})], "the token may not do this"),
        ([(200, {}, "<html>Log in</html>")], "answers no JSON"),
        ([(200, {}, {"a": 1})], "answers no list"),
        ([(302, {"Location": "https://elsewhere.example"}, "")], "answers 302"),
        ([(200, {"Link": '<https://elsewhere.example/x>; rel="next"'}, [])], "to another place"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(push, trouble, says: str) -> None:
    fake = FakeCanvas(PEOPLE["canvas"], {})
    fake.trouble = [*trouble]
    with served(fake) as address, pytest.raises(LmsError, match=says) as raised:
        push("canvas", address, send=True)
    assert TOKEN not in str(raised.value)
    assert fake.grades == {}


def test_tokens_and_addresses(push, course, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    fake = FakeMoodle(PEOPLE["moodle"], {})
    with served(fake) as address:
        with pytest.raises(LmsError, match=r"worth .*|no assignment"):
            push("moodle", address, called="Another")
        monkeypatch.setenv("CHAINRULE_MOODLE_TOKEN", "another")
        with pytest.raises(LmsError, match="Invalid token"):
            push("moodle", address)
    monkeypatch.setenv("CHAINRULE_MOODLE_TOKEN", "")
    with pytest.raises(LmsError, match="set CHAINRULE_MOODLE_TOKEN"):
        push("moodle", "https://moodle.example")
    for address, says in (("http://moodle.example", "not encrypted"), ("moodle", "no address")):
        with pytest.raises(LmsError, match=says):
            LmsWeb(address, TOKEN)
    with pytest.raises(LmsError, match="cannot be reached") as raised:
        LmsWeb("http://127.0.0.1:9", TOKEN, pause=0).ask("POST", "/", data={"wstoken": TOKEN})
    assert TOKEN not in str(raised.value)


def test_points_that_are_worth_something_else_there(push) -> None:
    fake = FakeCanvas(PEOPLE["canvas"], {})
    fake.assignments[0]["points_possible"] = 6.0
    with served(fake) as address:
        with pytest.raises(LmsError, match=r"12 points here and 6 in Canvas.*--scale"):
            push("canvas", address)
        _, said = push("canvas", address, scale=True)
        assert changes(said)["ada"] == 6
        with pytest.raises(LmsError, match="Essay has no points in Canvas"):
            push("canvas", address, called="8")
        with pytest.raises(LmsError, match=r"no assignment Other.*Tiny \(7\), Essay \(8\)"):
            push("canvas", address, called="Other")


def test_one_whom_moodle_refuses_costs_nobody_else(push) -> None:
    fake = FakeMoodle(PEOPLE["moodle"], {})
    fake.refuses = {102}
    with served(fake) as address:
        code, said = push("moodle", address, send=True)
    assert (code, list(said["refused"])) == (1, ["ben"])
    assert "Could not save grade" in said["refused"]["ben"]
    assert sorted(fake.grades) == [101, 103, 104, 105]


def test_what_canvas_does_not_work_off_is_sent_again(push) -> None:
    fake = FakeCanvas(PEOPLE["canvas"], {})
    fake.fails = "The job was cancelled."
    with served(fake) as address:
        code, said = push("canvas", address, send=True)
        assert (code, said["sent"]) == (1, [])
        assert set(said["refused"].values()) == {"The job was cancelled."}
        fake.fails = ""
        assert len(push("canvas", address, send=True)[1]["sent"]) == 5


def test_a_roster_says_who_is_who(push, tmp_path: Path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("student,login\ngus,d\nada,Lovelace\n")
    fake = FakeCanvas(PEOPLE["canvas"], {})
    with served(fake) as address:
        _, said = push("canvas", address, roster=roster)
    assert changes(said)["ada"] == 12
    # Gus is Dot's person now: neither is sent, both are named
    assert said["unmatched"] == {
        "dot": "would be the same person there as gus",
        "gus": "would be the same person there as dot",
    }
    roster.write_text("name,login\n")
    with pytest.raises(LmsError, match="needs the column student"):
        read_roster(roster)


def test_two_people_with_one_key_are_not_guessed_between() -> None:
    people = [RemotePerson(one, one, (), (), "both@example.org") for one in ("1", "2")]
    matches = match({"ada": Identity("", "", "both@example.org")}, people)
    assert matches.unmatched == {"ada": "several people there have this key"}
    assert differences({"ada": 1.0}, matches, {}, {}).send == ()
    assert differences({}, Matches({}, {"x": "nobody there"}), {}, {}).unmatched == {}


@pytest.mark.integration
def test_the_command_with_its_settings_and_its_words(course: TinyCourse, tmp_path: Path) -> None:
    fake = FakeCanvas(PEOPLE["canvas"], THERE)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with served(fake) as address:
        (course.root / "lms.toml").write_text(
            f'[canvas]\naddress = "{address}"\ncourse = {COURSE}\nassignments = {{ tiny = 7 }}\n'
        )
        command = [str(BIN / "chainrule"), "push", "canvas", "tiny"]
        command += ["--token-file", str(tmp_path / "token")]
        environment = os.environ | {"COLUMNS": "200"}

        def pushed(*options: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [*command, *options],
                cwd=course.root,
                env=environment,
                capture_output=True,
                text=True,
            )

        dry = pushed()
        assert "nothing -> 12" in dry.stdout
        assert "3 grades to send; nothing was sent: add --send; 1 there already" in dry.stdout
        assert "eve has 1 in Canvas, which was not sent from here (11)" in dry.stdout
        assert "gus is not matched in Canvas: nobody there" in dry.stdout
        assert "waits for a person: fay" in dry.stdout
        sent = pushed("--send")
        assert "3 grades sent" in sent.stdout
        assert TOKEN not in dry.stdout + dry.stderr + sent.stdout + sent.stderr
        assert fake.grades[101] == 12
    (course.root / "lms.toml").unlink()
    nowhere = pushed()
    assert (nowhere.returncode, "Say it by --address" in nowhere.stderr) == (2, True)
