"""A notebook run from top to bottom in a process of its own, and judged check by check on the way.

    python -m autograder.progress.judge_notebook NOTEBOOK

It prints JSON lines: first ``{"exercises": {name: points}}``, or ``{"problem": sentence}`` alone;
then ``{"verdict": ...}`` for each check, in the notebook's order. What the notebook itself prints
is not among them. Demonstrations are passed over.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from ..course.marks import check_of
from ..language.codec import to_json
from ..language.verdict import Verdict, replace
from ..notebook import CheckNotFound, load_exercises, verdict_here

_LOST = re.compile(r"ModuleNotFoundError: No module named '(\w+)'")
_CHECK = re.compile(r"""^check\(\s*["'](\w+)["']""")


def main(notebook: Path) -> None:
    """Run and judge a notebook."""
    out = _own_output()
    notebook = notebook.resolve()
    os.chdir(notebook.parent)
    for line in judged_cells(notebook):
        out.write(json.dumps(line) + "\n")
        out.flush()


def _own_output() -> TextIO:
    """Where lines go that nothing in the notebook can write to by accident: the standard output of
    before.
    """
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return out


def judged_cells(notebook: Path) -> Iterator[dict[str, Any]]:
    """The lines of one notebook, in whose folder this process is."""
    try:
        exercises = load_exercises(notebook.parent)
    except CheckNotFound as problem:
        yield {"problem": str(problem)}
        return
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    checks = [name for cell in code if (name := checked_by(cell)) in exercises]
    yield {"exercises": {name: exercises[name].points for name in checks}}
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    for cell in code:
        if (name := checked_by(cell)) in exercises:
            verdict = verdict_here(notebook.parent, name, shell.user_ns)
            yield {"verdict": to_json(said_what_is_missing(verdict))}
        elif "demo" not in cell.get("metadata", {}).get("tags", ()):
            shell.run_cell(_text(cell), silent=True)


def said_what_is_missing(verdict: Verdict) -> Verdict:
    """The verdict, with a note where nothing is wrong but a package that is not installed here."""
    lost = (_LOST.match(one.message) for one in verdict.findings if one.passed is False)
    package = next((found[1] for found in lost if found and find_spec(found[1]) is None), "")
    if not package:
        return verdict
    words = f"It needs {package}, which is not installed here: pip install {package}, then check."
    return replace(verdict, note=words)


def checked_by(cell: Mapping[str, Any]) -> str:
    """The exercise that a code cell checks, if any; also where a cell lost its marks."""
    found = _CHECK.match(_text(cell))
    return check_of(cell) or (found[1] if found else "")


def _text(cell: Mapping[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
