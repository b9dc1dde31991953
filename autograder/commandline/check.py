"""``chainrule check``: one notebook, judged as it will be graded; where there is no reference, or
for all notebooks in a folder, as far as it can be judged there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .saying import REFUSED, console, course_root, points, print_json, progress_bars

if TYPE_CHECKING:
    from ..course.assignment import Assignment
    from ..grading.grade import GradedNotebook
    from ..language.verdict import Verdict
    from ..progress.gather import NotebookProgress, Tick

PAGE = "progress.html"
MARKS = {"passed": "green", "partial": "yellow", "not_attempted": "dim"}


def run(
    notebook: Path | None,
    name: str | None,
    course: Path | None,
    isolation: str | None,
    json: bool,
) -> int:
    """Judge a notebook, or all in this folder, and print the verdicts. Returns the exit code."""
    from ..errors import SubmissionError

    if notebook is None:
        return _all(course, isolation, json)
    if not notebook.exists():
        raise SubmissionError(f"there is no file {notebook}: name the notebook to check")
    if course is None and _without_course(notebook):
        return _here(notebook, json)
    assignment, graded = _graded(notebook, name, course, isolation)
    if json:
        print_json(as_json(str(notebook), assignment, graded))
    else:
        _show(assignment, graded)
    return 0 if graded.score >= assignment.points else 1


def _graded(
    notebook: Path, name: str | None, course: Path | None, isolation: str | None
) -> tuple[Assignment, GradedNotebook]:
    """A notebook judged behind the wall, with the reference."""
    from ..course.assignment import load_assignment
    from ..errors import SubmissionError
    from ..grading.folder import read_files
    from ..grading.grade import grade_notebook
    from ..grading.handed_in import read_plain_file
    from ..wall.outside.wall import Wall

    root = course_root(course, notebook)
    data = read_plain_file(notebook)
    assignment = load_assignment(root, name or _belongs_to(root, notebook, data))
    _ = assignment.reference
    # Only a folder of the assignment's own name is a submission; elsewhere anything may lie beside
    # the notebook.
    folder = notebook.resolve().parent
    files = read_files(folder).files if folder.name == assignment.name else {}
    wall = Wall(isolation or "auto", hidden=[assignment.course], modules=assignment.modules)
    with wall:
        graded = grade_notebook(assignment, data, wall, files=files)
    if graded.problem:
        raise SubmissionError(graded.problem)
    return assignment, graded


def _without_course(notebook: Path) -> bool:
    """Whether no course is near, but the exercises are: a student's folder."""
    from ..errors import AssignmentError
    from ..exercise.load import entry_in

    try:
        course_root(None, notebook)
    except AssignmentError:
        return entry_in(notebook.resolve().parent) is not None
    return False


def _here(notebook: Path, json: bool) -> int:
    """A notebook judged where it lies, without the reference."""
    from ..errors import SubmissionError
    from ..progress.gather import progress_of

    with _watched(1) as ticks:
        progress = progress_of(notebook, ticks[0])
    if progress.problem:
        raise SubmissionError(progress.problem)
    if json:
        print_json(_as_json(progress))
    else:
        _print_verdicts(progress.verdicts)
        _print_sum(progress)
    return 1 if progress.open else 0


def _all(course: Path | None, isolation: str | None, json: bool) -> int:
    """All notebooks in this folder: a table, and a page."""
    from ..progress.gather import find_notebooks

    notebooks = find_notebooks(Path.cwd())
    with _watched(len(notebooks)) as ticks:
        found = [
            _progress(notebook, course, isolation, tick)
            for notebook, tick in zip(notebooks, ticks, strict=True)
        ]
    page = _write_page(found, "without the reference" if course is None else "by the reference")
    if json:
        print_json({"assignments": [_as_json(one) for one in found], "page": str(page)})
        return 0
    _print_overview(found)
    console().print(f"What is mastered, exercise by exercise: [bold]{page}[/]")
    return 0


def _progress(
    notebook: Path, course: Path | None, isolation: str | None, tick: Tick
) -> NotebookProgress:
    """One of several, by the reference where a course was named."""
    from dataclasses import replace

    from ..errors import SubmissionError
    from ..progress.gather import progress_of, stated_in

    if course is None:
        return progress_of(notebook, tick)
    stated = stated_in(notebook)
    try:
        _, graded = _graded(notebook, None, course, isolation)
    except SubmissionError as problem:
        return replace(stated, problem=str(problem))
    tick(len(graded.verdicts), len(graded.verdicts))
    return replace(stated, verdicts=tuple(graded.verdicts))


def _write_page(found: Sequence[NotebookProgress], by: str) -> Path:
    from datetime import datetime

    from ..progress.page import progress_page

    page = Path(PAGE)
    when = datetime.now().strftime("%Y-%m-%d at %H:%M")
    page.write_text(progress_page(found, f"on this machine on {when}, {by}"), encoding="utf-8")
    return page


@contextmanager
def _watched(count: int) -> Iterator[list[Tick]]:
    """A progress bar on stderr, and for each of ``count`` notebooks what moves its part of it."""
    from functools import partial

    with progress_bars() as progress:
        task = progress.add_task("judging", total=count)
        shares = [0.0] * count

        def move(index: int, done: int, of: int) -> None:
            shares[index] = done / of if of else 1.0
            progress.update(task, completed=sum(shares))

        yield [partial(move, index) for index in range(count)]


def _as_json(progress: NotebookProgress) -> dict[str, Any]:
    said = {
        "notebook": str(progress.path),
        "assignment": progress.name,
        "score": progress.earned,
        "max_score": progress.points,
        "exercises": [verdict.public() for verdict in progress.verdicts],
    }
    return said | ({"error": progress.problem} if progress.problem else {})


def as_json(notebook: str, assignment: Assignment, graded: GradedNotebook) -> dict[str, Any]:
    """The machine-readable form of one judged notebook."""
    return {
        "notebook": notebook,
        "assignment": assignment.name,
        "score": graded.score,
        "max_score": assignment.points,
        "exercises": [verdict.public() for verdict in graded.verdicts],
    }


def _belongs_to(root: Path, notebook: Path, data: bytes) -> str:
    """The assignment a notebook answers: by its name, else by the cells it shares with the
    releases.
    """
    from ..course.assignment import assignments_in, releases
    from ..errors import AssignmentError
    from ..grading.folder import kinship
    from ..grading.handed_in import read_notebook

    names = assignments_in(root)
    if notebook.stem in names:
        return notebook.stem
    cells = read_notebook(data).cells
    shared = {name: kinship(release, cells) for name, release in releases(root).items()}
    best = max(shared, key=lambda name: shared[name], default="")
    if not best or not shared[best]:
        listed = ", ".join(names) or "none yet"
        raise AssignmentError(
            f"cannot tell which assignment {notebook.name} answers: use --assignment ({listed})"
        )
    return best


def _show(assignment: Assignment, graded: GradedNotebook) -> None:
    from rich.markup import escape

    from ..course.marks import notebook_marks

    out = console()
    _print_verdicts(graded.verdicts)
    for note in notebook_marks(graded.notebook).notes:
        out.print(escape(note))
    out.print(
        f"[bold]{assignment.name}: {points(graded.score)} of {points(assignment.points)} points[/]"
    )


def _print_verdicts(verdicts: Sequence[Verdict]) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("exercise", "points", "status", "what is missing", box=box.SIMPLE_HEAD)
    for verdict in verdicts:
        colour = MARKS.get(verdict.status, "red")
        table.add_row(
            verdict.name,
            f"{points(verdict.score)} / {points(verdict.points)}",
            f"[{colour}]{verdict.status.replace('_', ' ')}[/]",
            escape(verdict.sentence()),
        )
    console().print(table)


def _print_sum(progress: NotebookProgress) -> None:
    from ..progress.gather import points_in_words

    console().print(f"[bold]{progress.name}: {points_in_words(progress)}[/]")
    if progress.waiting:
        console().print("What waits, the reference alone can tell: it is not in this folder.")


def _print_overview(found: Sequence[NotebookProgress]) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("assignment", "mastered", "points", "open", "wait", box=box.SIMPLE_HEAD)
    for one in found:
        numbers = (one.open, one.waiting)
        cells = [f"{one.mastered} of {len(one.verdicts)}"]
        cells += [f"{points(one.earned)} / {points(one.points)}", *map(points, numbers)]
        table.add_row(one.name, *([escape(one.problem)] if one.problem else cells))
    console().print(table)


__all__ = ["REFUSED", "as_json", "run"]
