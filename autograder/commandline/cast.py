"""The demo's students: each a short file of ``demo/<assignment>/`` that says how its notebook
differs from the solved one.

The first comment says what stands in the answers that the file does not give: ``# others: solved``,
``half`` (the first half solved) or ``empty``. Below it, ``# %% NAME`` starts the content of the
solution cell NAME, and ``# %%`` a cell of the student's own that follows it (or follows the
imports)."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AssignmentError
from ..grading.released import role_of, text_of

_OTHERS = re.compile(r"^# others: (solved|half|empty)$", re.MULTILINE)
_CELL = re.compile(r"^# %%[ \t]*(\w*)[ \t]*\n", re.MULTILINE)
_MARKER = re.compile(r"^\s*### (BEGIN|END) SOLUTION\s*$\n?", re.MULTILINE)


@dataclass(frozen=True)
class Student:
    """One of the cast: a name, what they did in a sentence, and their cells (name or "",
    source).
    """

    name: str
    story: str
    others: str
    cells: tuple[tuple[str, str], ...]


def read_cast(folder: Path) -> list[Student]:
    """The students of a folder, by file name. Raises AssignmentError when there are none, or one
    cannot be read.
    """
    students = [_read(path) for path in sorted(folder.glob("*.py"))]
    if not students:
        raise AssignmentError(f"no demo for {folder.name}: demo/{folder.name}/ holds no students")
    return students


def _read(path: Path) -> Student:
    text = path.read_text(encoding="utf-8")
    others = _OTHERS.search(text)
    if others is None:
        raise AssignmentError(
            f"demo/{path.parent.name}/{path.name} has no line '# others: solved', 'half' or 'empty'"
        )
    parts = _CELL.split(text)[1:]
    cells = tuple(
        (name, source.strip() + "\n") for name, source in zip(parts[::2], parts[1::2], strict=True)
    )
    return Student(path.stem, ast.get_docstring(ast.parse(text)) or "", others[1], cells)


def submission(student: Student, release: Mapping[str, Any], solved: Mapping[str, Any]) -> bytes:
    """The notebook that a student hands in, made from the released one."""
    answers = {cell["id"]: _MARKER.sub("", text_of(cell)) for cell in solved["cells"]}
    notebook = deepcopy(dict(release))
    asked = [cell["id"] for cell in notebook["cells"] if role_of(cell) in ("solution", "written")]
    known = {"solved": asked, "half": asked[: len(asked) // 2], "empty": []}[student.others]
    own = dict(student.cells)
    if unknown := set(own) - set(asked) - {""}:
        raise AssignmentError(
            f"the demo's student {student.name} answers {min(unknown)}, which nobody asks for"
        )
    for cell in notebook["cells"]:
        if cell["id"] in own:
            cell["source"] = own[cell["id"]]
        elif cell["id"] in known:
            cell["source"] = answers[cell["id"]]
    after = next(cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    for number, (name, source) in enumerate(student.cells):
        if name:
            after = name
            continue
        place = next(index for index, cell in enumerate(notebook["cells"]) if cell["id"] == after)
        after = f"own-{number}"
        extra = {"cell_type": "code", "id": after, "metadata": {}, "source": source}
        notebook["cells"].insert(place + 1, extra | {"outputs": [], "execution_count": None})
    return json.dumps(notebook, ensure_ascii=False, indent=1).encode()
