"""An assignment as the grader sees it: the released notebook, its exercises, and the hidden
reference.

Nothing of a course is ever put on ``sys.path``: the hidden modules, too, are made of their source
under private names, so that no notebook and no library can import them by accident.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import AssignmentError, ExerciseError, MarksError
from ..exercise.load import ENTRIES, entry_of, load, module_paths
from ..exercise.mistakes import Mistakes
from ..exercise.trial import Exercise
from ..watch.placement import import_what_torch_will
from .bundle import HIDDEN, Bundle, files_beside, read_bundle
from .marks import check_of, refuse_unknown_version
from .reference_answers import ReferenceAnswers
from .rehearsed import Rehearsed

COURSE_MARK = "nbgrader_config.py"


@dataclass(frozen=True, eq=False)
class Assignment:
    """One assignment, equal to itself alone: it is loaded once for each state of its files.

    ``files`` are the instructor's own files that lie beside the notebook when it runs.
    """

    name: str
    course: Path
    release: Mapping[str, Any]
    exercises: Mapping[str, Exercise]
    files: Mapping[str, bytes]
    bundle: Bundle

    @property
    def points(self) -> float:
        """The points that the exercises are worth together; written questions are not among
        them.
        """
        return sum(exercise.points for exercise in self.exercises.values())

    @property
    def accelerated(self) -> bool:
        """Whether any exercise may use an accelerator."""
        return any(exercise.accelerated for exercise in self.exercises.values())

    @cached_property
    def modules(self) -> tuple[str, ...]:
        """What is worth importing before any of its notebooks run."""
        from ..wall.outside.wall import modules_for

        return modules_for(self.sources)

    @property
    def sources(self) -> list[str]:
        """The code that runs in every submission: the released cells, the modules beside them."""
        cells = [cell for cell in self.release["cells"] if cell["cell_type"] == "code"]
        modules = [data for name, data in self.files.items() if name.endswith(".py")]
        code = [data.decode("utf-8", "replace") for data in modules]
        return [*("".join(cell["source"]) for cell in cells), *code]

    def insist_on_reference(self) -> None:
        """Raise AssignmentError when the reference is not there, without loading what it
        imports.
        """
        if "reference" not in self.bundle.hidden:
            raise AssignmentError(
                f"the reference solutions/{self.name}.py is missing: without it answers cannot be "
                "compared; install the solutions folder beside nbgrader_config.py"
            )

    @cached_property
    def reference(self) -> Mapping[str, Any]:
        """The names of ``solutions/<name>.py``. Raises AssignmentError when it is not there."""
        self.insist_on_reference()
        source, path = self.bundle.hidden["reference"], self.bundle.path("reference")
        module = _module(source, path, "reference")
        if "torch" in sys.modules:
            import_what_torch_will()
        return vars(module)

    @cached_property
    def answers(self) -> ReferenceAnswers:
        """What the reference answers. Raises AssignmentError when it is not there."""
        return ReferenceAnswers(self.reference)

    @cached_property
    def rehearsed(self) -> Rehearsed:
        """What is asked of the reference. Raises AssignmentError when it is not there."""
        return Rehearsed(self.answers)

    @cached_property
    def mistakes(self) -> Mistakes | None:
        """``solutions/mistakes/<name>.py``, the known wrong answers with their hints; None when
        nobody wrote them.
        """
        module = self._hidden("mistakes")
        return Mistakes(module, self.reference) if module else None

    @cached_property
    def styles(self) -> Mapping[str, Mapping[str, Any]]:
        """``solutions/styles/<name>.py``: right answers written another way, by title; they must
        pass like the reference.
        """
        module = self._hidden("styles")
        return {"another style": vars(module)} if module else {}

    def _hidden(self, kind: str) -> ModuleType | None:
        source = self.bundle.hidden.get(kind)
        return None if source is None else _module(source, self.bundle.path(kind), kind)


def find_course(start: Path) -> Path:
    """The folder with ``nbgrader_config.py`` at or above ``start``. Raises AssignmentError when
    there is none.
    """
    for folder in (start, *start.parents):
        if (folder / COURSE_MARK).is_file():
            return folder
    raise AssignmentError(
        f"no course here: no {COURSE_MARK} in {start.name or start} or above; go there or use "
        "--course"
    )


def assignments_in(course: Path) -> list[str]:
    """The names of the assignments that have been released in this course, sorted."""
    return sorted(
        path.parent.name
        for path in course.glob("assignments/*/*.ipynb")
        if path.stem == path.parent.name
    )


def releases(course: Path) -> dict[str, Mapping[str, Any]]:
    """The released notebooks of a course by assignment, those that can be read."""
    found: dict[str, Mapping[str, Any]] = {}
    for name in assignments_in(course):
        path = course / "assignments" / name / f"{name}.ipynb"
        with suppress(OSError, ValueError):
            found[name] = _release(path, path.stat().st_mtime_ns)
    return found


@lru_cache(maxsize=32)
def _release(path: Path, changed: int) -> Mapping[str, Any]:
    """A released notebook, read once for each state of its file."""
    return json.loads(path.read_bytes())


_loaded: dict[tuple[Path, str], tuple[tuple[object, ...], Assignment]] = {}


def load_assignment(course: Path, name: str) -> Assignment:
    """Load an assignment; again only when one of its files changed. Raises AssignmentError with one
    sentence.
    """
    course = course.resolve()
    notebook = course / "assignments" / name / f"{name}.ipynb"
    if not notebook.is_file():
        known = ", ".join(assignments_in(course)) or "none yet"
        raise AssignmentError(
            f"no released notebook assignments/{name}/{name}.ipynb (released: {known}); build it "
            "first"
        )
    bundle = Bundle(name, str(course), b"", {}, {})
    modules = module_paths(bundle.source)
    if entry_of(modules) is None:
        raise AssignmentError(
            f"source/{name}/exercises.py is missing (or {ENTRIES[0]}): it says what is asked and "
            "how it is checked"
        )
    files = (notebook, *modules.values(), *map(bundle.path, HIDDEN), *files_beside(notebook))
    state = tuple(map(_state, files))
    key = (course, name)
    if key not in _loaded or _loaded[key][0] != state:
        _loaded[key] = (state, unpack(read_bundle(course, name)))
    return _loaded[key][1]


def unpack(bundle: Bundle) -> Assignment:
    """The assignment that a bundle holds. Raises AssignmentError with one sentence."""
    name = bundle.name
    try:
        release = json.loads(bundle.release)
    except ValueError as error:
        raise AssignmentError(
            f"assignments/{name}/{name}.ipynb is no JSON ({error}): build it again"
        ) from None
    try:
        refuse_unknown_version(release)
    except MarksError as error:
        raise AssignmentError(f"assignments/{name}/{name}.ipynb: {error}") from None
    try:
        found = load(bundle.beside, bundle.source, f"source/{name}").exercises
    except ExerciseError as error:
        raise AssignmentError(str(error)) from error
    asked = [check for cell in release.get("cells", ()) if (check := check_of(cell))]
    if unknown := [check for check in asked if check not in found]:
        raise AssignmentError(
            f"assignments/{name}/{name}.ipynb checks {unknown[0]!r}, which its exercises do not "
            "define: build it again"
        )
    return Assignment(
        name,
        Path(bundle.course),
        release,
        {check: found[check] for check in asked},
        bundle.beside,
        bundle,
    )


def _state(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return (path, None)
    return (path, status.st_mtime_ns, status.st_size)


def _module(source: bytes, path: Path, kind: str) -> ModuleType:
    """Run source as a module under a name that nobody imports by accident."""
    private = f"_chainrule_{kind}_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    module = ModuleType(private)
    module.__file__ = str(path)
    sys.modules[private] = module  # dataclasses and pickling inside the file look themselves up
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    except Exception as error:
        raise AssignmentError(
            f"{path.parent.name}/{path.name} does not load: {type(error).__name__}: {error}"
        ) from error
    return module
