"""Formgrader's Autograde button: the call that its handler makes, in a process of its own as a
server's is.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from courses.course import HALF_SQUARE, RIGHT, TinyCourse

BUTTON = """
import json, sys
from nbgrader.apps.api import NbGraderAPI
from nbgrader.apps.baseapp import NbGrader
app = NbGrader()
app.initialize([])
api = NbGraderAPI(app.coursedir, parent=app)
done = [api.autograde("tiny", student) for student in ("ada", "ben", "ada")]
feedback = [api.generate_feedback("tiny", student) for student in ("ada", "ben")]
scores = {student: api.get_submission("tiny", student)["score"] for student in ("ada", "ben")}
json.dump([[one["success"] for one in done + feedback], scores, [one["log"] for one in done]], sys.stdout)
"""


@pytest.mark.integration
def test_the_button_grades_one_student_at_a_time(tiny_course: TinyCourse):
    tiny_course.hand_in(
        "ada", tiny_course.notebook({**RIGHT, "half_square": HALF_SQUARE.replace(" / len(x)", "")})
    )
    tiny_course.hand_in("ben", b"{")
    ran = subprocess.run(
        [sys.executable, "-c", BUTTON],
        cwd=tiny_course.root,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stderr
    succeeded, scores, log = json.loads(ran.stdout)
    assert all(succeeded), log
    assert scores == {"ada": 5, "ben": 0}
    page = (tiny_course.root / "feedback/ada/tiny/tiny.html").read_text()
    assert "divide by N" in page
    assert "<script" not in page
