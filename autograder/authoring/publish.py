"""What students get, and nothing else: the releases, the student wheel, and how to start with
them.
"""

from __future__ import annotations

import ast
import json
import platform
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from importlib.resources import files as resources
from operator import or_
from pathlib import Path
from string import Template
from zipfile import ZipFile

from ..course.fetch_cell import fetch_cell, may_be_served_at
from ..course.rubrics import read_rubrics
from ..errors import AssignmentError, AuthoringError
from ..exercise.load import load, read_modules
from ..released.contents import CONTENTS, CourseFiles, digest_of_file, write_contents
from .answers import read_answers
from .build import UNSEEN
from .by_value import Runs, functions_in, functions_of, given_away
from .expected import hidden_half
from .leak import Secrets, files_under, refuse_leaks, secrets
from .outline import course_outline
from .wheel import PACKAGES, write_wheel

MARK = ".published"
"""A folder with this file was made by ``publish``, which may then make it anew."""
MARKED = "Made by `chainrule publish`, which empties this folder before it writes to it again.\n"


@dataclass(frozen=True)
class Published:
    """What was written: the folder, the assignments in it, the wheel's name, bytes in all."""

    folder: Path
    assignments: tuple[str, ...]
    wheel: str
    size: int


def publish(course_root: Path, into: Path, *, address: str | None = None) -> Published:
    """Write all that students get into a new folder, or into one that ``publish`` made before.

    ``address``: where the folder will be served; every notebook then begins with a cell that
    fetches from there what belongs to it, where it was opened alone. Nothing is written when a leak
    is found. Raises AuthoringError.
    """
    root = Path(course_root).resolve()
    names = [one.name for one in course_outline(root)]
    if not names:
        raise AuthoringError("source/ holds no assignment: there is nothing to publish")
    _refuse_strangers(into)
    if address and not may_be_served_at(address):
        raise AuthoringError(f"{address} is no address of the web: https://example.org/course")
    with tempfile.TemporaryDirectory() as stage:
        made = Path(stage) / "published"
        wheel = _write(root, made, names, address)
        hidden = hidden_in(root, names)
        refuse_leaks(_public(made, wheel), hidden)
        _refuse_answers(root, made, names)
        size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
        if into.exists():
            shutil.rmtree(into)
        shutil.copytree(made, into)
    return Published(into, tuple(names), wheel, size)


def _refuse_strangers(into: Path) -> None:
    if into.exists() and (not into.is_dir() or any(into.iterdir())) and not (into / MARK).is_file():
        raise AuthoringError(
            f"{into} is there and was not made by publish: name a folder that does not exist yet"
        )


def _write(root: Path, made: Path, names: list[str], address: str | None) -> str:
    """Write everything; returns the wheel's name."""
    made.mkdir()
    for name in names:
        release = root / "assignments" / name
        if not (release / f"{name}.ipynb").is_file():
            raise AuthoringError(
                f"assignments/{name}/{name}.ipynb is missing: chainrule build {name}"
            )
        unseen = shutil.ignore_patterns(*UNSEEN, ".*")
        shutil.copytree(release, made / "assignments" / name, ignore=unseen)
    wheel = write_wheel(made).name
    files = {name: _digests(made / "assignments" / name) for name in names}
    (made / CONTENTS).write_bytes(write_contents(CourseFiles(wheel, files)))
    if address:
        for name in names:
            _offer_to_fetch(made / "assignments" / name / f"{name}.ipynb", address, wheel)
    (made / "README.md").write_text(_readme(root, names, wheel, address), encoding="utf-8")
    (made / "environment.yml").write_text(_environment(wheel), encoding="utf-8")
    (made / MARK).write_text(MARKED, encoding="utf-8")
    return wheel


def _digests(folder: Path) -> dict[str, str]:
    """The files of an assignment beside its notebook."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): digest_of_file(path.read_bytes())
        for path in files
        if path.suffix != ".ipynb"
    }


def _offer_to_fetch(notebook: Path, address: str, wheel: str) -> None:
    """Put the cell before the first code."""
    stated = json.loads(notebook.read_text(encoding="utf-8"))
    kinds = [cell["cell_type"] for cell in stated["cells"]]
    stated["cells"].insert(kinds.index("code"), fetch_cell(notebook.stem, address, wheel))
    text = json.dumps(stated, indent=1, ensure_ascii=False)
    notebook.write_text(text + "\n", encoding="utf-8")


def hidden_in(root: Path, names: Iterable[str]) -> Secrets:
    """What students must not read of these assignments: answers, hints and rubrics."""
    return reduce(or_, (_secrets(root, name) for name in names))


def _secrets(root: Path, name: str) -> Secrets:
    answers = read_answers(root / "solutions" / f"{name}.py", f"solutions/{name}.py")
    hints = _hints(root / "solutions" / "mistakes" / f"{name}.py")
    return secrets(answers, hints, read_rubrics(root, name))


def _refuse_answers(root: Path, made: Path, names: list[str]) -> None:
    """Raise AuthoringError where a function that students get answers an exercise."""
    folders = {name: made / "assignments" / name for name in names}
    public = [*functions_of(PACKAGES[-1])]
    for name, folder in folders.items():
        public += functions_in(folder, f"assignments/{name}")
    runs = Runs()
    for name, folder in folders.items():
        exercises = load(read_modules(folder), folder, f"assignments/{name}").exercises
        try:
            reference = hidden_half(root, name, exercises).reference
        except AssignmentError as problem:
            raise AuthoringError(str(problem)) from problem
        if one := next(given_away(exercises.values(), reference, public, runs), None):
            raise AuthoringError(str(one))


def _public(made: Path, wheel: str) -> Iterator[tuple[str, bytes]]:
    for shown, content in files_under(made, made.name):
        if not shown.endswith(wheel):
            yield shown.partition("/")[2], content
    with ZipFile(made / wheel) as archive:
        for name in archive.namelist():
            yield f"{wheel}/{name}", archive.read(name)


def _hints(path: Path) -> Mapping[str, str]:
    """The hints of a module of mistakes, read without running it: answer/mistake -> sentence."""
    if not path.is_file():
        return {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HINTS":
            table = node.value
            if isinstance(table, ast.Dict):
                return dict(_entries(table))
    return {}


def _entries(table: ast.Dict) -> Iterator[tuple[str, str]]:
    """The texts of a table of tables; what is composed when the module runs has no text here."""
    for key, inner in zip(table.keys, table.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(inner, ast.Dict):
            for name, hint in zip(inner.keys, inner.values, strict=True):
                if isinstance(name, ast.Constant) and isinstance(hint, ast.Constant):
                    yield f"{key.value}/{name.value}", str(hint.value)


def _readme(root: Path, names: list[str], wheel: str, address: str | None) -> str:
    first = f"assignments/{names[0]}/{names[0]}.ipynb"
    hosted = _HOSTED.substitute(address=address.rstrip("/")) if address else ""
    template = Template(
        (resources("autograder.authoring") / "student_readme.md").read_text("utf-8")
    )
    return template.substitute(
        title=course_title(root),
        assignments="\n".join(_lines(root, names)),
        python=platform.python_version(),
        wheel=wheel,
        first=first,
        hosted=hosted,
    )


_HOSTED = Template("""
## In a hosted notebook

Open a notebook there (Colab, Kaggle and others) and run its first cell of code: it fetches the rest from <$address>.
Download the notebook to hand it in.
""")


def course_title(root: Path) -> str:
    """The first heading of the course's README, else a plain one."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1].strip() if found else "The course"


def _lines(root: Path, names: list[str]) -> Iterator[str]:
    """An assignment a line: its notebook, its title, and how long it takes where it says so."""
    for name in names:
        title, takes = opening(root / "assignments" / name / f"{name}.ipynb")
        hours = f" ({takes})" if takes else ""
        yield f"- `assignments/{name}/{name}.ipynb`: {title}{hours}"


def opening(notebook: Path) -> tuple[str, str]:
    """The title of a released notebook, and how long it takes: empty where it does not say so."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells[:3])
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    takes = re.search(r"\*\*It takes\*\* ([^.]+)\.", text)
    return title[1] if title else notebook.stem, takes[1] if takes else ""


def _environment(wheel: str) -> str:
    return (
        "name: chainrule\nchannels: [conda-forge]\ndependencies:\n"
        f'  - python>=3.11\n  - pip\n  - pip:\n      - "./{wheel}[lab]"\n'
    )
