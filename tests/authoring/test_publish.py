"""What students get: it is all there, it installs, and nothing of an answer is in it, however it
came in.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from autograder.authoring import build
from autograder.authoring.publish import publish
from autograder.errors import AuthoringError

from .conftest import Course

HINT = "You add one where the exercise asks for twice the number it was given."
MISTAKES = f'NOTHING = frozenset()\nHINTS = {{"double": {{"plus": "{HINT}"}}}}\n'
RENAMED = """\
import numpy as np


def twice(values):
    doubled = np.asarray(values) * 2.0
    sure = np.where(np.isnan(doubled), 0.0, doubled)
    return sure.reshape(doubled.shape)
"""
SUMMED = "def added(some):\n    return sum([some, some])\n"


@pytest.fixture(scope="module")
def built(new_course: Callable[[], Course]) -> Course:
    """The tiny course with a catalogue of one mistake, built once."""
    course = new_course()
    (course.root / "README.md").write_text("# A tiny course\n")
    mistakes = course.root / "solutions" / "mistakes"
    mistakes.mkdir()
    (mistakes / "tiny.py").write_text(MISTAKES)
    build(course.root)
    return course


def released(course: Course) -> Path:
    return course.root / "assignments" / "tiny"


def refusal(course: Course, into: Path) -> str:
    with pytest.raises(AuthoringError) as caught:
        publish(course.root, into)
    assert not into.exists()
    return str(caught.value)


def planted(course: Course, name: str, text: str, into: Path) -> str:
    path = released(course) / name
    path.write_text(text)
    try:
        return refusal(course, into)
    finally:
        path.unlink()


@pytest.mark.integration
def test_everything_and_nothing_else(built: Course, tmp_path: Path) -> None:
    done = publish(built.root, tmp_path / "public", address="https://example.org/course/")
    files = {path.relative_to(done.folder).as_posix() for path in done.folder.rglob("*.*")}
    expected = {"README.md", "environment.yml", ".published", "contents.json", done.wheel}
    expected |= {"assignments/tiny/tiny.ipynb", "assignments/tiny/exercises.py"}
    expected |= {"assignments/tiny/expected.answers"}
    assert files == expected
    readme = (done.folder / "README.md").read_text()
    assert readme.startswith("# A tiny course\n")
    assert "fetches the rest from <https://example.org/course>" in readme
    assert "$" not in readme
    with ZipFile(done.folder / done.wheel) as wheel:
        names = wheel.namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {
        "autograder",
        "coursekit",
    }
    again = publish(built.root, done.folder)
    assert again.size < done.size  # made anew, this time without the address


@pytest.mark.integration
def test_the_wheel_installs_and_checks(built: Course, tmp_path: Path) -> None:
    done = publish(built.root, tmp_path / "public")
    place = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*install, str(place), str(done.folder / done.wheel)], check=True)
    code = "import autograder, coursekit; print(autograder.__file__); autograder.check"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert ran.stdout.strip() == str(place / "autograder" / "__init__.py")


def test_an_answer_under_other_names(built: Course, tmp_path: Path) -> None:
    said = planted(built, "more.py", RENAMED, tmp_path / "public")
    assert said == (
        "assignments/tiny/more.py line 5: gives away part of the answer double of solutions/tiny.py"
    )


@pytest.mark.integration
def test_a_function_that_answers_an_exercise_however_it_is_written(
    new_course: Callable[[], Course], tmp_path: Path
) -> None:
    course = new_course()
    course.replace(course.exercises, "import Dimensions", "import Dimensions, Reference")
    course.replace(
        course.exercises,
        "double.checks = [Dimensions()",
        "double.checks = [Dimensions(), Reference()",
    )
    build(course.root)
    said = planted(course, "more.py", SUMMED, tmp_path / "public")
    assert said == (
        "assignments/tiny/more.py line 1: added gives away the answer double: it earns 5 points of the "
        "exercise double"
    )


def test_a_hint_in_the_clear(built: Course, tmp_path: Path) -> None:
    first, second = HINT[:30], HINT[30:]
    said = planted(
        built, "more.py", f'TOLD = (\n    "{first}"\n    "{second}"\n)\n', tmp_path / "p"
    )
    assert said == (
        "assignments/tiny/more.py: tells the hint for double/plus to whoever looks for it"
    )
    assert "notes.txt" in planted(built, "notes.txt", HINT.upper(), tmp_path / "p")


def test_a_folder_of_somebody_else_is_left_alone(built: Course, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(AuthoringError, match="was not made by publish"):
        publish(built.root, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("address", ["example.org/course", "file:///srv", "https://a.org/'x'"])
def test_an_address_that_no_notebook_could_ask_is_refused(
    built: Course, tmp_path: Path, address: str
) -> None:
    with pytest.raises(AuthoringError, match="is no address of the web"):
        publish(built.root, tmp_path / "public", address=address)


def test_a_release_that_is_missing_is_named(
    new_course: Callable[[], Course], tmp_path: Path
) -> None:
    said = refusal(new_course(), tmp_path / "public")
    assert said == "assignments/tiny/tiny.ipynb is missing: chainrule build tiny"
