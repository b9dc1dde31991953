"""From ``source/`` and ``solutions/`` to ``build/source/`` (solved) and ``assignments/``
(released).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..course.rubrics import Rubric, read_rubrics, refuse_misfits
from ..errors import AuthoringError, ExerciseError
from ..exercise.load import ENTRIES, Loaded, load, read_modules
from ..exercise.trial import Exercise
from ..gradebook.cells import follow, has_submissions, set_due
from ..gradebook.release import Course, generate, read_course
from ..released.sheet import SHEET
from .answers import SolutionsModule, read_answers
from .earlier import remember
from .expected import expected_answers
from .leak import files_under, refuse_leaks, secrets
from .notebook import expand
from .text import read_text

UNSEEN = {"__pycache__", ".ipynb_checkpoints"}
"""Folders that running a notebook leaves behind."""


@dataclass(frozen=True)
class Built:
    """What a build made of one assignment. ``changed``: the files that are other than before."""

    name: str
    notebook: Path
    release: Path
    points: float
    exercises: int
    questions: int
    changed: tuple[Path, ...]


@dataclass(frozen=True)
class _Plan:
    """One assignment, expanded: its solved notebook, the files that go with it, what must not get
    out.
    """

    name: str
    notebook: dict[str, Any]
    files: dict[str, Path]
    answers: SolutionsModule
    asked: Mapping[str, Exercise]
    rubrics: Mapping[str, Rubric]
    due: datetime | None

    def graded(self, cell_type: str) -> list[float]:
        """The points of the graded cells of a type."""
        cells = [cell for cell in self.notebook["cells"] if cell["cell_type"] == cell_type]
        marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
        return [mark["points"] for mark in marks if mark.get("grade")]


def assignments_in_source(course_root: Path) -> list[str]:
    """The assignments of a course: the folders of ``source/`` with a text named like them."""
    return sorted(
        path.name
        for path in (course_root / "source").glob("*")
        if (path / f"{path.name}.md").is_file()
    )


def solved_notebook(course_root: Path, name: str) -> dict[str, Any]:
    """The solved notebook of an assignment as JSON, expanded in memory. Raises AuthoringError."""
    return _plan(_root(course_root), name).notebook


def build(
    course_root: Path,
    names: Sequence[str] = (),
    *,
    db_url: str | None = None,
    update: bool = False,
) -> list[Built]:
    """Build the named assignments, or all, and register them in nbgrader's gradebook, or in the one
    at ``db_url``.

    update: the release before this one went out. What it said is remembered, as it is wherever
    there are submissions; and exercises and questions may come and go, in the gradebook's
    submissions too.

    Everything is expanded before anything is written, and a release is replaced only when nbgrader
    made the new one: what goes wrong leaves ``assignments/`` as it was. Raises AuthoringError.
    """
    root = _root(course_root)
    plans = [_plan(root, name) for name in names or assignments_in_source(root)]
    if not plans:
        raise AuthoringError(
            "source/ holds no assignment: write source/NAME/NAME.md and source/NAME/exercises.py"
        )
    course = read_course(root)
    if db_url is not None:
        course = replace(course, db_url=db_url)
    return [_build(plan, course, root, update) for plan in plans]


def in_step(course_root: Path, name: str) -> list[str]:
    """How the release in the course differs from what a build would make, a line each; empty when
    it is in step.

    Writes nothing in the course, its gradebook included. Raises AuthoringError as ``build`` does.
    """
    root = _root(course_root)
    plan, course = _plan(root, name), read_course(root)
    with tempfile.TemporaryDirectory() as folder:
        made = _generate(plan, course, root, Path(folder), record=False)
        _remember(plan, course, made)
        there = course.release / name
        wanted, found = set(_files(made)), set(_files(there))
        missing = [f"{_shown(there, root)}/{file} is missing" for file in sorted(wanted - found)]
        extra = [
            f"{_shown(there, root)}/{file} does not come from the build"
            for file in sorted(found - wanted)
        ]
        differing = [
            f"{_shown(there, root)}/{file} {difference}"
            for file in sorted(wanted & found)
            if (difference := _difference((there / file).read_bytes(), (made / file).read_bytes()))
        ]
    return missing + extra + differing


def _root(course_root: Path) -> Path:
    return Path(course_root).resolve()


def _plan(root: Path, name: str) -> _Plan:
    folder = root / "source" / name
    if not folder.is_dir() or folder.parent != root / "source":
        known = ", ".join(assignments_in_source(root)) or "none"
        raise AuthoringError(f"there is no assignment {name!r} in source/; there is: {known}")
    shown = f"source/{name}"
    text = read_text(folder / f"{name}.md", f"{shown}/{name}.md")
    asked = _asked(folder, shown)
    answers = read_answers(root / "solutions" / f"{name}.py", f"solutions/{name}.py")
    notebook = expand(text, asked, answers)
    files = dict(_public(folder, name, root))
    rubrics = read_rubrics(root, name)
    refuse_misfits(rubrics, notebook, name)
    return _Plan(name, notebook, files, answers, asked.exercises, rubrics, text.due)


def _asked(folder: Path, shown: str) -> Loaded:
    """What the assignment asks. Raises AuthoringError with file and line."""
    files = read_modules(folder)
    if files.keys() >= set(ENTRIES):
        raise AuthoringError(f"{shown} has exercises.py and a package exercises/: keep one of them")
    try:
        return load(files, folder, shown)
    except ExerciseError as problem:
        raise AuthoringError(str(problem)) from None


def _public(folder: Path, name: str, root: Path) -> Iterator[tuple[str, Path]]:
    """The files that travel with the notebook: all but the text, notebooks, and what editors leave
    behind.
    """
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if any(part in UNSEEN or part.startswith(".") for part in inside.parts):
            continue
        if path.is_symlink():
            raise AuthoringError(f"{_shown(path, root)} is a link: put the file itself there")
        if (
            path.is_file()
            and path.suffix not in (".ipynb", ".pyc")
            and inside.as_posix() != f"{name}.md"
        ):
            yield inside.as_posix(), path


def _build(plan: _Plan, course: Course, root: Path, update: bool) -> Built:
    if update:
        with tempfile.TemporaryDirectory() as folder:  # before the gradebook is touched
            _generate(plan, course, root, Path(folder), record=False)
        follow(course, plan.name, plan.notebook["cells"])
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        made = _generate(plan, course, root, stage, record=True)
        if plan.due is not None:
            set_due(course, plan.name, plan.due)
        went_out = update or has_submissions(course, plan.name)
        _remember(plan, course, made, went_out=went_out)
        source, release = course.source / plan.name, course.release / plan.name
        changed = [*_mirror(stage / "source" / plan.name, source), *_mirror(made, release)]
    checks, questions = plan.graded("code"), plan.graded("markdown")
    notebook = source / f"{plan.name}.ipynb"
    total = sum(checks) + sum(questions)
    return Built(plan.name, notebook, release, total, len(checks), len(questions), tuple(changed))


def _remember(plan: _Plan, course: Course, made: Path, *, went_out: bool = False) -> None:
    """Carry what is known of earlier releases over into the one that was made."""
    file = f"{plan.name}.ipynb"
    remember(course.release / plan.name / file, made / file, went_out=went_out)


def _generate(plan: _Plan, course: Course, root: Path, stage: Path, *, record: bool) -> Path:
    """Write the solved assignment and its expected answers under ``stage`` and let nbgrader make
    the release.

    Returns the release's folder.
    """
    source = stage / "source" / plan.name
    for file, path in plan.files.items():
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, source / file)
    source.mkdir(parents=True, exist_ok=True)
    (source / f"{plan.name}.ipynb").write_text(_dump(plan.notebook), encoding="utf-8")
    expected = expected_answers(root, plan.name, plan.asked, course.release / plan.name)
    if expected is not None:
        (source / SHEET).write_bytes(expected)
    generate(course, stage, plan.name, record=record)
    release = stage / "release" / plan.name
    hidden = secrets(plan.answers, rubrics=plan.rubrics)
    refuse_leaks(files_under(release, f"the release {plan.name}"), hidden)
    return release


def _dump(notebook: dict[str, Any]) -> str:
    """A notebook as nbformat writes it: sources as lists of lines, keys sorted."""
    import nbformat

    node = nbformat.from_dict(notebook)
    nbformat.validate(node)
    return nbformat.writes(node) + "\n"


def _files(folder: Path) -> list[str]:
    inside = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path.as_posix() for path in inside if not UNSEEN.intersection(path.parts))


def _mirror(made: Path, there: Path) -> Iterator[Path]:
    """Make ``there`` hold what ``made`` holds, touching only what differs; yields what it
    touched.
    """
    wanted = set(_files(made))
    for file in _files(there):
        if file not in wanted:
            (there / file).unlink()
            yield there / file
    for file in sorted(wanted):
        path = there / file
        content = (made / file).read_bytes()
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o644)
            yield path


def _difference(there: bytes, made: bytes) -> str:
    if there == made:
        return ""
    try:
        left, right = there.decode().splitlines(), made.decode().splitlines()
    except UnicodeDecodeError:
        return "differs"
    pairs = enumerate(zip(left, right, strict=False), 1)
    number, old, new = next(
        ((n, a, b) for n, (a, b) in pairs if a != b), (min(len(left), len(right)) + 1, "", "")
    )
    return (
        f"differs at line {number}: it has {old.strip()[:80]!r}, a build makes {new.strip()[:80]!r}"
    )


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
