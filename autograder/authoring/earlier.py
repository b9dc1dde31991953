"""What earlier releases said: a notebook that students have is known again after the next release.

Each released cell carries digests of what it said in releases that went out, so that a student who
has not touched it is not told that they did, and an old stub is no answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..course.marks import earlier_texts, mark_earlier
from ..grading.nbtext import text_of_notebook
from ..grading.released import digest_of_text, identity, text_of

Notebook = Mapping[str, Any]


def remember(before: Path, made: Path, *, went_out: bool) -> None:
    """Write into the released notebook ``made`` what the one at ``before`` knew of earlier
    releases; with ``went_out`` also what it said itself. Where there is nothing to remember the
    file stays as it is.
    """
    try:
        old = {identity(cell): cell for cell in json.loads(before.read_bytes())["cells"]}
    except (OSError, ValueError, KeyError, TypeError):
        return  # none, or none that could have gone out
    notebook = json.loads(made.read_bytes())
    changed = False
    for cell in notebook["cells"]:
        if (texts := _known(old.get(identity(cell)), cell, went_out)) != earlier_texts(cell):
            mark_earlier(cell, texts)
            changed = True
    if changed:
        made.write_text(text_of_notebook(notebook), encoding="utf-8")


def _known(old: Notebook | None, new: Notebook, went_out: bool) -> tuple[str, ...]:
    if old is None:
        return ()
    said = digest_of_text(text_of(old))
    more = (said,) if went_out and said != digest_of_text(text_of(new)) else ()
    return tuple(dict.fromkeys([*earlier_texts(old), *more]))
