"""From texts to nbgrader's release, with the real nbgrader and its real gradebook."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from courses import commands
from nbgrader.api import Gradebook

from autograder.authoring import Built, assignments_in_source, build, in_step
from autograder.errors import AuthoringError, ConfigError

from .conftest import Course


@pytest.fixture(scope="module")
def built(new_course: Callable[[], Course]) -> tuple[Course, Built]:
    """A course that was built once; its tests leave it as it is."""
    course = new_course()
    (course.root / "source/tiny/figures").mkdir()
    (course.root / "source/tiny/figures/curve.png").write_bytes(b"\x89PNG")
    (course.root / "source/tiny/tiny.ipynb").write_text("what an editor pairs with the text")
    return course, build(course.root)[0]


def cells(notebook: Path) -> dict[str, dict[str, Any]]:
    return {cell["id"]: cell for cell in json.loads(notebook.read_text())["cells"]}


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def tiny_release(course: Course) -> Path:
    return course.root / "assignments/tiny/tiny.ipynb"


def test_the_release_holds_stubs_that_compile_and_ask_to_be_written(
    built: tuple[Course, Built],
) -> None:
    course, _ = built
    released = cells(tiny_release(course))
    namespace: dict[str, Any] = {"np": np}
    for name in ("double", "Layer"):
        exec(source(released[name]), namespace)
    with pytest.raises(NotImplementedError):
        namespace["double"](np.ones(2))
    layer = namespace["Layer"](3.0)
    assert (layer.factor, layer.gain, layer.unit()) == (3.0, 1.0, 1.0)
    with pytest.raises(NotImplementedError):
        layer.forward(np.ones(2))
    with pytest.raises(NotImplementedError):
        layer.backward(np.ones(2))
    assert namespace["double"].__doc__.startswith("Twice x.")
    assert "# given" not in source(released["Layer"])


def test_the_solved_notebook_behaves(built: tuple[Course, Built]) -> None:
    _, one = built
    namespace: dict[str, Any] = {"np": np}
    for name in ("double", "Layer"):
        exec(source(cells(one.notebook)[name]), namespace)
    assert namespace["double"](np.arange(3)).tolist() == [0, 2, 4]
    assert namespace["Layer"](3.0).forward(2.0) == 6.0
    assert source(cells(one.notebook)["derivation"]) == "The gradient is two."


def test_cells_carry_what_nbgrader_and_the_grader_read(built: tuple[Course, Built]) -> None:
    course, _ = built
    released = cells(tiny_release(course))
    assert list(released) == [
        "opening-text-1",
        "setup",
        "doubling-text-1",
        "double",
        "check_double",
        "doubling-demo-1",
        "a-layer-text-1",
        "Layer",
        "check_layer",
        "a-layer-text-2",
        "derivation",
        "a-layer-text-3",
    ]

    def flags(name: str) -> tuple[Any, ...]:
        mark = released[name]["metadata"]["nbgrader"]
        assert mark["grade_id"] == name
        assert (mark["schema_version"], mark["task"]) == (3, False)
        return mark["grade"], mark["solution"], mark["locked"], mark.get("points")

    assert flags("setup") == (False, False, True, None)
    assert flags("double") == flags("Layer") == (False, True, False, None)
    assert flags("check_double") == (True, False, True, 10)
    assert flags("check_layer") == (True, False, True, 6.5)
    assert flags("derivation") == (True, True, False, 3.5)
    assert released["double"]["metadata"]["chainrule"] == {"solution": "double"}
    assert released["check_layer"]["metadata"]["chainrule"] == {"check": "layer"}
    assert source(released["check_layer"]) == 'check("layer")'
    assert source(released["derivation"]) == "YOUR ANSWER HERE"
    assert released["doubling-demo-1"]["metadata"] == {"tags": ["demo"]}
    assert released["opening-text-1"]["metadata"] == {}
    assert all(not cell.get("outputs") for cell in released.values())
    assert set(json.loads(tiny_release(course).read_text())["metadata"]) == {
        "kernelspec",
        "language_info",
    }


def test_the_gradebook_has_the_points(built: tuple[Course, Built]) -> None:
    course, one = built
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "chainrule") as gradebook:
        assert gradebook.find_assignment("tiny").max_score == 20
        assert gradebook.find_grade_cell("check_layer", "tiny", "tiny").max_score == 6.5
    assert (one.points, one.exercises, one.questions) == (20, 2, 1)


def test_public_files_travel_and_nothing_else(built: tuple[Course, Built]) -> None:
    course, _ = built
    everywhere = files(course.root / "assignments")
    made = {"tiny/tiny.ipynb", "tiny/exercises.py", "tiny/figures/curve.png"}
    assert set(everywhere) == made | {"tiny/expected.answers"}
    assert set(files(course.root / "build/source")) == set(everywhere)
    for content in everywhere.values():
        assert b"np.isnan" not in content
        assert b"BEGIN SOLUTION" not in content


def test_nbgraders_own_command_makes_the_same_release(built: tuple[Course, Built]) -> None:
    course, _ = built
    before = files(course.root / "assignments")
    ran = commands.run("nbgrader", "generate_assignment", "tiny", "--force", cwd=course.root)
    assert ran.returncode == 0, ran.stderr
    assert files(course.root / "assignments") == before


def test_a_second_build_changes_nothing(built: tuple[Course, Built]) -> None:
    course, _ = built
    before = files(course.root / "assignments") | files(course.root / "build")
    assert build(course.root, ["tiny"])[0].changed == ()
    assert files(course.root / "assignments") | files(course.root / "build") == before
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "chainrule") as gradebook:
        assert gradebook.find_assignment("tiny").max_score == 20


def test_a_due_date_is_said_in_the_first_cell_and_to_the_gradebook(course: Course) -> None:
    due = "  due: 2026-03-05 23:59 Europe/Berlin\n"
    course.replace(course.text, "  points: 20\n", "  points: 20\n" + due)
    build(course.root)
    first = json.loads(tiny_release(course).read_text())["cells"][0]
    assert source(first).endswith("\n\n**Due** Thursday, 5 March 2026, 23:59 (Europe/Berlin).")
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        assignment: Any = gradebook.find_assignment("tiny")
        assert f"{assignment.duedate}" == "2026-03-05 22:59:00"
    assert in_step(course.root, "tiny") == []


def test_in_step_names_what_differs_and_writes_nothing(course: Course) -> None:
    assert in_step(course.root, "tiny") == [
        "assignments/tiny/exercises.py is missing",
        "assignments/tiny/expected.answers is missing",
        "assignments/tiny/tiny.ipynb is missing",
    ]
    assert not (course.root / "gradebook.db").exists()
    assert not (course.root / "assignments").exists()
    assert not (course.root / "build").exists()


def test_in_step_sees_an_edited_text_and_a_stray_file(
    built: tuple[Course, Built], tmp_path: Path
) -> None:
    course = Course(tmp_path / "course")
    shutil.copytree(built[0].root, course.root)
    assert in_step(course.root, "tiny") == []
    course.replace(course.text, "Two exercises.", "Two little exercises.")
    (course.root / "assignments/tiny/answers.txt").write_text("no")
    stray, edited = in_step(course.root, "tiny")
    assert stray == "assignments/tiny/answers.txt does not come from the build"
    assert edited.startswith("assignments/tiny/tiny.ipynb differs at line ")
    assert "Two little exercises." in edited


def test_building_works_when_nothing_is_on_the_path(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nbgrader calls alembic by name to make its database, and leaves half a one behind when there
    is none.
    """
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    build(course.root)
    import sqlite3

    with sqlite3.connect(course.root / "gradebook.db") as database:
        assert len(database.execute("select version_num from alembic_version").fetchall()) == 1


def test_once_there_are_submissions_edits_are_fine_and_other_cells_are_refused(
    built: tuple[Course, Built], tmp_path: Path
) -> None:
    course = Course(tmp_path / "course")
    shutil.copytree(built[0].root, course.root)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "chainrule") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission("tiny", "ada")
    course.replace(course.text, "Two exercises.", "Two little exercises.")
    assert len(build(course.root)[0].changed) == 2
    released = files(course.root / "assignments")
    course.replace(
        course.text,
        "## A layer\n",
        "## A layer\n\n```{code-cell}\n:name: more\n\nimport math\n```\n",
    )
    with pytest.raises(
        AuthoringError,
        match=r"tiny: there are submissions already, .*`chainrule build tiny --update`",
    ):
        build(course.root)
    assert files(course.root / "assignments") == released


def test_points_that_change_reach_the_gradebook(
    built: tuple[Course, Built], tmp_path: Path
) -> None:
    course = Course(tmp_path / "course")
    shutil.copytree(built[0].root, course.root)
    course.replace(course.exercises, "points=10", "points=9.5")
    course.replace(course.text, '"points": 3.5', '"points": 4')
    build(course.root)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "chainrule") as gradebook:
        assert gradebook.find_grade_cell("check_double", "tiny", "tiny").max_score == 9.5
        assert gradebook.find_grade_cell("derivation", "tiny", "tiny").max_score == 4
        assert gradebook.find_assignment("tiny").max_score == 20


def test_a_file_that_goes_leaves_the_release(built: tuple[Course, Built], tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    shutil.copytree(built[0].root, course.root)
    (course.root / "source/tiny/figures/curve.png").unlink()
    changed = [path.relative_to(course.root).as_posix() for path in build(course.root)[0].changed]
    assert changed == ["build/source/tiny/figures/curve.png", "assignments/tiny/figures/curve.png"]
    assert in_step(course.root, "tiny") == []


def test_exercises_that_become_a_package_take_the_place_of_the_module(
    built: tuple[Course, Built], tmp_path: Path
) -> None:
    course = Course(tmp_path / "course")
    shutil.copytree(built[0].root, course.root)
    package = course.exercises.with_suffix("")
    package.mkdir()
    course.exercises.rename(package / "both.py")
    (package / "__init__.py").write_text("from .both import double, layer\n")
    there = "assignments/tiny"
    assert in_step(course.root, "tiny") == [
        f"{there}/exercises/__init__.py is missing",
        f"{there}/exercises/both.py is missing",
        f"{there}/exercises.py does not come from the build",
        f"{there}/expected.answers differs",
    ]
    build(course.root)
    assert in_step(course.root, "tiny") == []
    assert set(files(course.root / there)) >= {"exercises/__init__.py", "exercises/both.py"}
    assert not (course.root / there / "exercises.py").exists()
    course.exercises.write_text("")
    assert (
        course.refusal()
        == "source/tiny has exercises.py and a package exercises/: keep one of them"
    )


def test_nothing_is_written_when_another_assignment_cannot_be_built(course: Course) -> None:
    shutil.copytree(course.root / "source/tiny", course.root / "source/other")
    (course.root / "source/other/tiny.md").rename(course.root / "source/other/other.md")
    assert assignments_in_source(course.root) == ["other", "tiny"]
    with pytest.raises(
        AuthoringError,
        match=r"source/other/other\.md:24: solution cell double: solutions/other\.py",
    ):
        build(course.root)
    assert not (course.root / "assignments").exists()


def test_a_course_without_configuration_or_with_a_leaking_one(course: Course) -> None:
    config = course.root / "nbgrader_config.py"
    course.replace(config, '"build/source"', '"source"')
    with pytest.raises(
        ConfigError, match=r"^nbgrader_config\.py: source_directory must not be source/"
    ):
        build(course.root)
    config.write_text("c = get_config()\nc.CourseDirectory.root = missing")
    with pytest.raises(
        ConfigError, match=r"^nbgrader_config\.py: NameError: name 'missing' is not defined$"
    ):
        build(course.root)
    config.unlink()
    with pytest.raises(ConfigError, match=r"^nbgrader_config\.py is missing: "):
        build(course.root)


def test_unknown_assignments_are_named(course: Course) -> None:
    with pytest.raises(
        AuthoringError, match=r"^there is no assignment 'svn' in source/; there is: tiny$"
    ):
        build(course.root, ["svn"])
