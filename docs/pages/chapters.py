"""A released notebook as a chapter: the student's text, without an answer, with the pictures that
its demonstrations draw.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import nbformat

from autograder.authoring.answers import read_answers
from autograder.authoring.names import used

APPENDIX = "*Old notes, mended*"
"""How a notebook names the page of errata."""
OWN_ANSWER = "What this shows is your own answer: run it in the notebook.\n"


def chapter(root: Path, name: str, shown: Mapping[str, list[Any]], live: str | None) -> Any:
    """The notebook of a chapter. ``shown``: by cell id what the solved notebook's cells showed.

    live: the address that opens the notebook where it runs; None leaves the link out.
    """
    notebook: Any = nbformat.read(root / "assignments" / name / f"{name}.ipynb", 4)
    telling = constants(root, name)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _outputs(cell.source, shown.get(cell.id, []), telling)
            if "demo" in cell.metadata.get("tags", []):
                cell.metadata["tags"] = ["hide-input"]
        cell.source = cell.source.replace(APPENDIX, f"[{APPENDIX.strip('*')}](errata.md)")
    if live is not None:
        link = f'<a class="live" href="{escape(live)}">Open this notebook, live</a>'
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(link, id="live"))
    return notebook


def constants(root: Path, name: str) -> set[str]:
    """The answers that take no inputs: what shows one of them shows the answer itself."""
    solutions = read_answers(root / "solutions" / f"{name}.py", f"solutions/{name}.py")
    return {
        answer
        for answer, node in solutions.definitions.items()
        if isinstance(node, ast.FunctionDef) and not ast.unparse(node.args)
    }


def _outputs(source: str, shown: list[Any], telling: set[str]) -> list[Any]:
    if telling & used(source):
        return [nbformat.v4.new_output("stream", text=OWN_ANSWER)]
    return [nbformat.from_dict(one) for one in shown]
