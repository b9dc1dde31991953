"""Solved assignments in three styles, graded as a class behind the strongest wall: nobody loses a
point to it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from courses import commands
from courses.course import TinyCourse

from autograder.authoring import build
from autograder.commandline.cast import Student, submission

from .audited import Audited, each_assignment
from .conftest import COURSE
from .test_styles import styled

WHOLE = """
from types import ModuleType
mine = ModuleType('mine')
exec(compile({source!r}, 'mine.py', 'exec'), vars(mine))
"""


def handed_in(audit: Audited) -> list[Student]:
    """Who writes as the reference does, as the mistakes' module where none is made, and as the
    third style.
    """
    found = [Student("reference", "", "solved", ())]
    for place, folder in enumerate(("mistakes", "styles")):
        source = (COURSE / "solutions" / folder / f"{audit.name}.py").read_text()
        own = [("", WHOLE.format(source=source))]
        own += [(answer, f"{answer} = mine.{answer}\n") for answer in audit.answers]
        found.append(Student(folder, str(place), "solved", tuple(own)))
    return found


def course_of(audit: Audited, root: Path) -> TinyCourse:
    """The assignment as it is released, and its three students."""
    for folder in ("source", "assignments"):
        shutil.copytree(COURSE / folder / audit.name, root / folder / audit.name)
    ignored = shutil.ignore_patterns("styles", "__pycache__")
    shutil.copytree(COURSE / "solutions", root / "solutions", ignore=ignored)
    shutil.copy(COURSE / "nbgrader_config.py", root)
    (built,) = build(root, [audit.name])
    release = json.loads((built.release / f"{audit.name}.ipynb").read_bytes())
    solved = json.loads(built.notebook.read_bytes())
    for student in handed_in(audit):
        folder = root / "submitted" / student.name / audit.name
        folder.mkdir(parents=True)
        (folder / f"{audit.name}.ipynb").write_bytes(submission(student, release, solved))
    return TinyCourse(root)


@pytest.mark.long
@pytest.mark.timeout(1200)
@each_assignment
def test_nobody_honest_loses_a_point(audit: Audited, tmp_path: Path):
    course = course_of(audit, tmp_path / "course")
    command = ("chainrule", "grade", audit.name, "--jobs", "2", "--json")
    ran = commands.run(*command, cwd=course.root, seconds=1000)
    assert ran.returncode == 0, ran.stderr
    graded = json.loads(ran.stdout)
    assert graded["failures"] == {}
    for row in graded["students"]:
        for one in row["exercises"]:
            lost = {each["check"] for each in one["findings"] if not each["passed"]}
            assert lost == _loops(audit, row["student"], one["name"]), (row["student"], one)


def _loops(audit: Audited, student: str, name: str) -> set[str]:
    """The checks that a style fails for being written with a loop on purpose."""
    if student == "reference":
        return set()
    return styled(audit, name)[student == "styles"][2]
