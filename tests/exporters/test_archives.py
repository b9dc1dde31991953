"""What Canvas and Moodle pack, collected by nbgrader's own command."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from courses.course import RIGHT, TinyCourse
from nbgrader.api import Gradebook

from autograder.gradebook.archives import Packed, unpacked
from autograder.grading.folder import find_notebook


@pytest.mark.parametrize(
    ("path", "packed"),
    [
        (
            "submissions/doejane_4711_90210_tiny-1.ipynb",
            Packed(Path("tiny-1.ipynb"), user="4711", again="90210"),
        ),
        (
            "submissions/doejane_late_4711_90210_my_2_work.ipynb",
            Packed(Path("my_2_work.ipynb"), user="4711", late=True, again="90210"),
        ),
        (
            "submissions/doejane_LATE_4711_90210_hw/part/tiny.ipynb",
            Packed(Path("part/tiny.ipynb"), user="4711", late=True, again="90210"),
        ),
        (
            "all/Jane van Doe_123_assignsubmission_file_/tiny.ipynb",
            Packed(Path("tiny.ipynb"), name="Jane van Doe", again="123"),
        ),
        (
            "all/Jane Doe_123_assignsubmission_file_tiny.ipynb",
            Packed(Path("tiny.ipynb"), name="Jane Doe", again="123"),
        ),
        ("all/readme.txt", None),
    ],
)
def test_whose_a_file_is(path: str, packed: Packed | None):
    assert unpacked(Path(path)) == packed


def _zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def _students(course: TinyCourse) -> None:
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as opened:
        gradebook: Any = opened
        gradebook.add_student("jane", first_name="Jane", last_name="Doe", lms_user_id="4711")
        gradebook.add_student("kim", first_name="Kim", last_name="Lee", lms_user_id="4712")


def test_both_are_collected_into_folders_that_can_be_graded(tiny_course: TinyCourse):
    _students(tiny_course)
    right = json.dumps(tiny_course.notebook(RIGHT)).encode()
    canvas = _zipped(
        {
            "doejane_late_4711_90210_tiny-1.ipynb": right,
            "doejane_late_4711_90211_data.csv": b"1",
            "who_4713_90300_hw.zip": _zipped(
                {"part/tiny.ipynb": right, "part/timestamp.txt": b"2001-01-01"}
            ),
        }
    )
    moodle = _zipped({"Kim Lee_77_assignsubmission_file_/sub/tiny.ipynb": right})
    archive = tiny_course.root / "downloaded/tiny/archive"
    archive.mkdir(parents=True)
    (archive / "canvas.zip").write_bytes(canvas)
    (archive / "moodle.zip").write_bytes(moodle)
    ran = tiny_course.run(
        "nbgrader",
        "zip_collect",
        "tiny",
        "--collector=autograder.gradebook.archives.LmsCollector",
    )
    submitted = tiny_course.root / "submitted"
    files = {path.relative_to(submitted).as_posix() for path in submitted.rglob("*.*")}
    assert files == {
        "jane/tiny/tiny-1.ipynb",
        "jane/tiny/data.csv",
        "4713/tiny/part/tiny.ipynb",
        "kim/tiny/sub/tiny.ipynb",
    }
    assert "jane handed in late, says Canvas" in ran.stderr
    assert "nobody in the gradebook is 4713" in ran.stderr
    for student in ("jane", "kim", "4713"):
        found = find_notebook(submitted / student / "tiny", "tiny", tiny_course.release)
        assert (found.data, found.doubt) == (right, None)
