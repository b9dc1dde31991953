"""The commands, run as people and scripts run them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from courses.course import HALF_SQUARE, RIGHT, ROW_SUMS, TinyCourse

from autograder.collected.files import Unread
from autograder.collected.measure import Measured
from autograder.collected.pieces import FoundAnswer
from autograder.commandline.measure import show_table
from autograder.language.verdict import Finding, Verdict

COMMANDS = ["build", "check", "grade", "demo", "audit", "doctor"]
COMMANDS += ["publish", "report", "extensions", "site", "leaderboard"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str, tiny_built: TinyCourse):
    shown = tiny_built.run("chainrule", command, "--help").stdout
    assert f"Example: chainrule {command}" in shown
    assert "--json" in shown


def test_help_imports_nothing_heavy():
    watch = (
        "import sys\nfrom autograder.commandline.app import app\n"
        "try: app(['grade', '--help'])\nexcept SystemExit: pass\n"
        "heavy = ('torch', 'nbgrader', 'nbformat', 'IPython', 'matplotlib')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, timeout=60)
    assert ran.stdout.splitlines()[-1] == "[]"


def check(course: TinyCourse, *arguments: str | Path) -> tuple[int, dict, str]:
    ran = course.run("chainrule", "check", *map(str, arguments), "--json", ok=False)
    return ran.returncode, json.loads(ran.stdout), ran.stderr


def test_check_of_a_solved_notebook(tiny_built: TinyCourse):
    code, said, _ = check(tiny_built, "build/source/tiny/tiny.ipynb")
    assert code == 0
    assert said["notebook"] == "build/source/tiny/tiny.ipynb"
    assert (said["assignment"], said["score"], said["max_score"]) == ("tiny", 10, 10)
    assert list(said) == ["notebook", "assignment", "score", "max_score", "exercises"]
    assert [list(one) for one in said["exercises"]] == [
        ["name", "points", "score", "status", "findings"]
    ] * 2
    assert list(said["exercises"][0]["findings"][0]) == [
        "check",
        "passed",
        "message",
        "hint",
        "part",
    ]
    assert {one["status"] for one in said["exercises"]} == {"passed"}


def test_check_of_a_mistaken_notebook_under_another_name(tiny_built: TinyCourse, tmp_path: Path):
    mistaken = {
        **RIGHT,
        "half_square": HALF_SQUARE.replace(" / len(x)", ""),
        "row_sums": "import time\ntime.sleep(0)",
    }
    (tmp_path / "homework.ipynb").write_text(json.dumps(tiny_built.notebook(mistaken)))
    code, said, _ = check(tiny_built, tmp_path / "homework.ipynb")
    assert code == 1
    assert said["assignment"] == "tiny"
    assert {one["name"]: one["status"] for one in said["exercises"]} == {
        "half_square": "partial",
        "row_sums": "not_attempted",
    }
    hints = [finding["hint"] for finding in said["exercises"][0]["findings"]]
    assert "dw is summed over the examples; divide by N as the loss does." in hints


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("tiny.ipynb", b"{", "damaged"),
        ("tiny.ipynb", b'{"nbformat": 3, "worksheets": []}', "old format"),
        ("other.ipynb", b'{"cells": [{"cell_type": "code", "source": "1"}]}', "--assignment"),
        ("missing.ipynb", None, "there is no file"),
    ],
)
def test_check_of_what_cannot_be_graded(
    name: str, content: bytes | None, words: str, tiny_built: TinyCourse, tmp_path: Path
):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, said, stderr = check(tiny_built, tmp_path / name)
    assert code == 2
    assert words.lower() in said["error"].lower()
    assert said["error"] == stderr.strip()
    assert len(stderr.strip().splitlines()) == 1


def test_outside_a_course_one_sentence_says_so(tmp_path: Path):
    ran = TinyCourse(tmp_path).run("chainrule", "grade", "svm", ok=False)
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.startswith("No course here")
    assert len(ran.stderr.strip().splitlines()) == 1


@pytest.mark.integration
def test_grade_registers_a_new_assignment_and_prints_only_json(tiny_course: TinyCourse):
    (tiny_course.root / "gradebook.db").unlink()
    tiny_course.hand_in("ada", tiny_course.notebook())
    tiny_course.hand_in("ben", tiny_course.notebook({"row_sums": ROW_SUMS}))
    said = json.loads(tiny_course.run("chainrule", "grade", "tiny", "--jobs", "1", "--json").stdout)
    assert {row["student"]: row["score"] for row in said["students"]} == {"ada": 10, "ben": 4}
    assert all(Path(row["feedback"]).is_file() for row in said["students"])


def test_grade_prints_a_table(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook())
    shown = tiny_course.run("chainrule", "grade", "tiny", "--jobs", "1").stdout
    assert "ada" in shown
    assert "10 / 10" in shown
    assert "2 passed" in shown


def test_build_says_what_changed(tiny_course: TinyCourse):
    said = json.loads(tiny_course.run("chainrule", "build", "--json").stdout)
    assert said == {
        "built": [
            {"assignment": "tiny", "points": 12, "exercises": 2, "questions": 1, "changed": []}
        ]
    }
    assert "nothing changed" in tiny_course.run("chainrule", "build", "tiny").stdout
    refused = tiny_course.run("chainrule", "build", "huge", ok=False)
    assert refused.returncode == 2
    assert "no assignment 'huge'" in refused.stderr


def test_demo_shows_a_class(tiny_course: TinyCourse):
    said = json.loads(tiny_course.run("chainrule", "demo", "tiny", "--jobs", "1", "--json").stdout)
    (shown,) = said["assignments"]
    rows = {row["student"]: row for row in shown["students"]}
    assert {name: row["score"] for name, row in rows.items()} == {
        "forger": 3,
        "mistaken": 5,
        "right": 10,
    }
    assert "divide by N" in Path(rows["mistaken"]["feedback"]).read_text()
    page = Path(shown["report"]).read_text().replace("<wbr>", "")
    assert all(name in page for name in ("half_square", "row_sums", "mistaken"))
    assert said["course"] == str(tiny_course.root / "build/demo")
    refused = tiny_course.run("chainrule", "demo", "tiny", "--into", "source", ok=False)
    assert refused.returncode == 2
    assert "holds something else" in refused.stderr


@pytest.mark.integration
def test_demo_for_people_over_an_earlier_one(tiny_course: TinyCourse):
    (tiny_course.root / "build/demo").mkdir()
    (tiny_course.root / "build/demo/.chainrule-demo").touch()
    (tiny_course.root / "build/demo/old.txt").touch()
    shown = tiny_course.run("chainrule", "demo", "tiny", "--jobs", "1").stdout
    assert "What the feedback says to mistaken" in shown
    assert "divide by N" in " ".join(shown.split())
    assert "build/demo/feedback/forger/tiny/tiny.html" in shown
    assert not (tiny_course.root / "build/demo/old.txt").exists()


def test_doctor_says_which_isolation_there_is(tiny_built: TinyCourse):
    said = json.loads(tiny_built.run("chainrule", "doctor", "--json").stdout)
    names = [piece["name"] for piece in said["machine"]]
    assert len(names) == len(set(names)) >= 1
    shown = tiny_built.run("chainrule", "doctor").stdout
    assert all(name.split()[0] in shown for name in names)
    assert said["images"]["doodles"] == "drawn by the course itself"
    assert "Fashion-MNIST" in shown


def test_audit_of_files_says_what_the_judge_makes_of_them(tiny_built: TinyCourse, tmp_path: Path):
    """Right and wrong, named, unwritten, endless on import, and one that tries to read the
    reference.
    """
    start = "import numpy as np\n"
    files = {
        "ada.py": start + HALF_SQUARE + ROW_SUMS,
        "ben.py": start + HALF_SQUARE.replace(" / len(x)", ""),
        "cem.py": start + HALF_SQUARE.replace("(x, w)", "(x, weights)").replace("@ w", "@ weights"),
        "dan.py": "def row_sums(x): raise NotImplementedError\n",
        "eve.py": f"SPY = open({str(tiny_built.root / 'solutions/tiny.py')!r}).read()\n"
        "def row_sums(x): return exec(SPY, globals()) or row_sums(x)\n",
        "fay.py": "def row_sums(x) return x\n",
        "gil.py": "def row_sums(): return 0\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    ran = tiny_built.run("chainrule", "audit", "--files", str(tmp_path), "--seed", "3", "--json")
    said = json.loads(ran.stdout)
    rows = {(one["exercise"], one["files"][0]): one for one in said["pieces"]}
    assert rows.pop(("row_sums", "eve.py"))["score"] == 0
    assert {key: one["status"] for key, one in rows.items()} == {
        ("half_square", "ada.py"): "passed",
        ("half_square", "ben.py"): "partial",
        ("half_square", "cem.py"): "passed",
        ("row_sums", "ada.py"): "passed",
        ("row_sums", "dan.py"): "not_attempted",
    }
    ben = rows["half_square", "ben.py"]
    assert ben["names"] == ["half_square: not_averaged"]
    assert ben["failed"]
    assert [one["file"] for one in said["left_out"]] == ["gil.py"]
    assert [one["file"] for one in said["unread"]] == ["fay.py"]
    total = said["total"]
    assert (total["files"], total["found"], total["distinct"]) == (6, 6, 6)
    assert (total["right"], total["named"], total["faults"]) == (3, 1, 0)


def test_audit_of_files_in_a_table(capsys: pytest.CaptureFixture[str]):
    lost = Measured("tiny", FoundAnswer("row_sums", "", ("a.py", "b.py")), None, "the wall fell")
    mistakes = (("row_sums", "columns"),)
    finding = Finding("Right values", False, "total is wrong", mistakes=mistakes)
    verdict = Verdict("row_sums", 4, 1.5, "partial", (finding,), 3)
    wrong = Measured("tiny", FoundAnswer("row_sums", "", ("[c].py",)), verdict)
    show_table(3, 3, [lost, wrong], [], [Unread("d.py", "no Python 3")])
    lines = " ".join(capsys.readouterr().out.split())
    assert "row_sums a.py and 1 more ? the wall fell" in lines
    assert "row_sums [c].py 1.5 / 4 Right values row_sums: columns" in lines
    assert "not read: d.py: no Python 3" in lines
    assert "3 answers, 2 distinct: 0 right, 1 wrong, 1 of these named, 0 not written, 1" in lines
