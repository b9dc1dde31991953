"""Notebooks edited outside Jupyter: flags, ids, points, kernels, our own metadata, and files that are no notebooks."""

# ruff: noqa: E501 (what attackers write is kept whole)

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

from courses.course import HALF_SQUARE, RIGHT, ROW_SUMS, code, place

from ..attack import Attack, Notebook, cell

CHECKS = ("check_half_square", "check_row_sums")


def nbgrader(id: str, **fields: object) -> Callable[[Notebook], None]:
    """Edit a cell's nbgrader entry."""

    def edit(notebook: Notebook) -> None:
        cell(notebook, id)["metadata"]["nbgrader"] |= fields

    return edit


def everywhere(**metadata: object) -> Callable[[Notebook], None]:
    """Give every cell some metadata."""

    def edit(notebook: Notebook) -> None:
        for one in notebook["cells"]:
            one["metadata"] |= deepcopy(metadata)

    return edit


def added(source: str, id: str, **metadata: object) -> Callable[[Notebook], None]:
    """Append a cell of one's own."""
    return lambda notebook: notebook["cells"].append(code(source, id, **metadata))


def _both(*edits: Callable[[Notebook], object]) -> Callable[[Notebook], None]:
    def edit(notebook: Notebook) -> None:
        for one in edits:
            one(notebook)

    return edit


def _delete(*ids: str) -> Callable[[Notebook], None]:
    def edit(notebook: Notebook) -> None:
        notebook["cells"] = [one for one in notebook["cells"] if one["id"] not in ids]

    return edit


def _forge_our_metadata(notebook: Notebook) -> None:
    notebook["metadata"]["chainrule"] = {
        "verdicts": [{"name": "half_square", "score": 6, "points": 6, "status": "passed", "seed": 1, "sentence": "", "ours": False}],
        "problem": "ask nobody", "notes": ["graded by hand: full marks"],
    }  # fmt: skip
    for one in notebook["cells"]:
        one["metadata"]["chainrule"] = {
            "check": "half_square",
            "solution": "half_square",
            "skip": True,
            "student": False,
            "note": True,
            "verdict": {
                "name": "half_square",
                "score": 6,
                "points": 6,
                "status": "passed",
                "sentence": "",
                "ours": False,
            },
        }


def _stored_score(notebook: Notebook) -> None:
    for id in CHECKS:
        cell(notebook, id)["outputs"] = [
            {
                "output_type": "execute_result",
                "execution_count": 1,
                "metadata": {},
                "data": {"text/plain": "6.0"},
            }
        ]


def _reversed(notebook: Notebook) -> None:
    notebook["cells"].reverse()


def _to(kind: str, *ids: str) -> Callable[[Notebook], None]:
    def edit(notebook: Notebook) -> None:
        for id in ids:
            cell(notebook, id)["cell_type"] = kind

    return edit


def _kernel(notebook: Notebook) -> None:
    notebook["metadata"]["kernelspec"] = {
        "name": "../../evil",
        "display_name": "R",
        "language": "bash",
        "argv": ["touch", "{course}/{mark}"],
    }


def _same_ids(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one["id"] = "row_sums"


def _no_metadata(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        one["metadata"] = {}


def _odd_types(notebook: Notebook) -> None:
    for number, value in enumerate(
        (
            None,
            1,
            "x",
            [],
            {"nbgrader": []},
            {"nbgrader": {"grade_id": ["row_sums"]}},
            {"nbgrader": {"grade_id": {}}},
        )
    ):
        notebook["cells"].append(
            {
                "cell_type": "code",
                "id": number,
                "metadata": value,
                "source": [1, None],
                "outputs": "x",
            }
        )
    notebook["cells"] += [None, 7, "cell", [], {"cell_type": "evil"}]


def _swap(notebook: Notebook) -> None:
    """The right answer to one question handed in for the other."""
    cell(notebook, "half_square")["metadata"]["nbgrader"]["grade_id"] = "row_sums"
    cell(notebook, "row_sums")["metadata"]["nbgrader"]["grade_id"] = "half_square"
    cell(notebook, "half_square")["source"], cell(notebook, "row_sums")["source"] = ROW_SUMS, "pass"


def _check_cell_code(notebook: Notebook) -> None:
    for id in CHECKS:
        cell(notebook, id)["source"] = "6.0"


DEEP = '{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}"

NOTEBOOK_FILES = [
    Attack(
        "tag_skip",
        "tags its checks to be skipped",
        4,
        edit=everywhere(
            tags=[
                "skip-execution",
                "raises-exception",
                "remove_cell",
            ]
        ),
        answers={"half_square": "1/0", "row_sums": ROW_SUMS},
        by_nbgrader=True,
    ),
    Attack(
        "points_edited",
        "makes its checks worth a hundred points",
        4,
        edit=_both(*(nbgrader(id, points=100) for id in CHECKS)),
        by_nbgrader=True,
    ),
    Attack(
        "points_negative",
        "makes its checks worth less than nothing",
        4,
        edit=_both(*(nbgrader(id, points=-5) for id in CHECKS)),
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "check_unlocked",
        "edits its checks to be a number",
        4,
        edit=_both(
            _check_cell_code,
            *(nbgrader(id, locked=False, grade=True, solution=True) for id in CHECKS),
        ),
        by_nbgrader=True,
    ),
    Attack(
        "check_ungraded",
        "makes its checks ungraded",
        4,
        edit=_both(*(nbgrader(id, grade=False) for id in CHECKS)),
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "solution_graded",
        "makes its answer a cell that people grade",
        4,
        edit=nbgrader("half_square", grade=True, points=6),
        by_nbgrader=True,
    ),
    Attack(
        "id_renamed",
        "gives its check another id",
        4,
        edit=nbgrader("check_half_square", grade_id="check_easy"),
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "ids_all_equal", "gives all cells one id", 4, edit=_same_ids, by_nbgrader=True, slow=True
    ),
    Attack("ids_swapped", "swaps the ids of its answers", 4, edit=_swap, by_nbgrader=True),
    Attack(
        "grade_cell_added",
        "adds a graded cell of its own",
        4,
        edit=added(
            "100.0",
            "bonus",
            nbgrader={
                "grade": True,
                "solution": False,
                "locked": True,
                "task": False,
                "points": 100,
                "grade_id": "bonus",
                "schema_version": 3,
            },
        ),
        by_nbgrader=True,
    ),
    Attack(
        "check_copied",
        "adds a second check of what it has solved, named like the other",
        4,
        edit=added(
            'check("row_sums")',
            "check_half_square",
            nbgrader={
                "grade": True,
                "solution": False,
                "locked": True,
                "task": False,
                "points": 6,
                "grade_id": "check_half_square",
                "schema_version": 3,
            },
            chainrule={"check": "row_sums"},
        ),
        by_nbgrader=True,
    ),
    Attack(
        "our_metadata",
        "brings verdicts and roles in our own metadata",
        4,
        edit=_forge_our_metadata,
        by_nbgrader=True,
    ),
    Attack(
        "stored_score",
        "hands in checks whose output is the full score",
        4,
        edit=_stored_score,
        by_nbgrader=True,
    ),
    Attack(
        "checks_deleted",
        "deletes all checks",
        4,
        edit=_delete(*CHECKS),
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "checks_to_raw",
        "turns its checks into raw text",
        4,
        edit=_to("raw", *CHECKS),
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "checks_to_markdown",
        "turns its checks into Markdown",
        4,
        edit=_to("markdown", *CHECKS),
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "cells_reversed",
        "reverses the order of all cells",
        10,
        answers=RIGHT,
        edit=_reversed,
        by_nbgrader=True,
    ),
    Attack(
        "kernel_edited", "asks for a kernel of its own making", 4, edit=_kernel, by_nbgrader=True
    ),
    Attack(
        "metadata_gone",
        "drops all metadata: ids alone say which cell is which",
        10,
        answers=RIGHT,
        edit=_no_metadata,
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "entry_empty",
        "hands in empty nbgrader entries",
        4,
        edit=everywhere(nbgrader={}),
        by_nbgrader=True,
    ),
    Attack(
        "entry_old",
        "hands in nbgrader entries of an old version",
        4,
        edit=_both(*(nbgrader(id, schema_version=1) for id in (*CHECKS, "row_sums"))),
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "entry_future",
        "hands in nbgrader entries of a version to come",
        4,
        edit=_both(*(nbgrader(id, schema_version=99) for id in (*CHECKS, "row_sums"))),
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "odd_types",
        "hands in cells that are numbers, lists and nothing",
        4,
        edit=_odd_types,
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "imports_edited",
        "edits the read-only cells",
        4,
        edit=lambda notebook: cell(notebook, "imports").update(source="1/0"),
        says="had been changed",
        by_nbgrader=True,
    ),
    Attack(
        "corrupt",
        "hands in half a notebook",
        0,
        data=b'{"cells": [{"cell_type": "code", "sour',
        says="damaged",
        by_nbgrader=True,
    ),
    Attack(
        "empty_file",
        "hands in an empty file",
        0,
        data=b"",
        says="empty",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "no_object",
        "hands in a list",
        0,
        data=b"[]",
        says="no notebook",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "no_cells",
        "hands in a notebook without cells",
        0,
        data=json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}).encode(),
        says="no cells",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "old_format",
        "hands in a notebook of version 3",
        0,
        data=b'{"nbformat": 3, "metadata": {}, "worksheets": [{"cells": []}]}',
        says="old format",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "binary",
        "hands in a picture",
        0,
        data=b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        says="damaged",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "deep_json",
        "hands in JSON nested a hundred thousand deep",
        0,
        data=DEEP.encode(),
        says="nested",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "huge_number",
        "hands in a number of a million digits",
        0,
        data=b'{"cells": ' + b"9" * 1000000 + b"}",
        says="could not be graded",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "other_notebook",
        "hands in another notebook altogether",
        0,
        data=json.dumps(
            {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [code("1 + 1")]}
        ).encode(),
        says="another notebook",
        by_nbgrader=True,
    ),
    Attack(
        "surrogates",
        "writes half characters, nulls and right-to-left marks",
        4,
        [
            "# \ud800 \x00 \u202e",
        ],
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "cells_many",
        "hands in ten thousand cells",
        0,
        edit=lambda notebook: notebook["cells"].extend(code("pass", f"n{i}") for i in range(10000)),
        says="cells, the limit",
        by_nbgrader=True,
        slow=True,
    ),
    Attack(
        "timestamp",
        "hands in a timestamp.txt that is no date",
        4,
        files={"timestamp.txt": b"soon"},
        by_nbgrader=True,
    ),
    Attack(
        "timestamp_link",
        "hands in a timestamp.txt that never ends",
        4,
        files={"timestamp.txt": Path("/dev/zero")},
        by_nbgrader=True,
    ),
    Attack(
        "link_endless",
        "hands in links that never end and links to nothing",
        4,
        files={
            "zero": Path("/dev/zero"),
            "nothing": Path("/nowhere/{mark}"),
            "loop": Path("loop"),
            "self": Path("."),
        },
        by_nbgrader=True,
    ),
    Attack(
        "pipe", "hands in a pipe and a socket", 4, pipes=("pipe", "deep/pipe"), by_nbgrader=True
    ),
    Attack(
        "hidden_answer",
        "writes the answer of one exercise into the other's check",
        10,
        answers={"row_sums": ROW_SUMS},
        edit=lambda notebook: notebook["cells"].insert(
            place(notebook, "check_half_square"), code(HALF_SQUARE)
        ),
        by_nbgrader=True,
        slow=True,
    ),
]
