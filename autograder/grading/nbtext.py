"""A notebook as the text of its file, letter for letter as nbformat writes it, without importing
nbformat.

nbformat validates whatever it writes against a schema and takes a second to import; the notebooks
here are made by the grader, cell by cell.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .released import text_of


def text_of_notebook(notebook: Mapping[str, Any]) -> str:
    """The file's text. Multiline strings become lists of lines; the notebook itself is left as it
    is.
    """
    split = {**notebook, "cells": [_cell(cell) for cell in notebook["cells"]]}
    return json.dumps(split, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def joined(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook that was read from such a file, in place: what became lists of lines is text
    again.
    """
    for cell in notebook["cells"]:
        cell["source"] = text_of(cell)
        bundles = [*cell.get("attachments", {}).values()]
        for output in cell.get("outputs", ()):
            if "text" in output:
                output["text"] = _whole(output["text"])
            bundles.append(output.get("data", {}))
        for bundle in bundles:
            bundle.update({kind: _whole(bundle[kind]) for kind in filter(_is_text, bundle)})
    return notebook


def _cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    split = {**cell, "source": _lines(cell["source"])}
    if "attachments" in cell:
        split["attachments"] = {
            name: _bundle(bundle) for name, bundle in cell["attachments"].items()
        }
    if cell["cell_type"] == "code":
        split["outputs"] = [_output(output) for output in cell["outputs"]]
    return split


def _output(output: Mapping[str, Any]) -> dict[str, Any]:
    if output["output_type"] == "stream":
        return {**output, "text": _lines(output["text"])}
    if "data" in output:
        return {**output, "data": _bundle(output["data"])}
    return dict(output)


def _bundle(data: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: _lines(value) if _is_text(kind) else value for kind, value in data.items()}


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind == "image/svg+xml"


def _lines(text: Any) -> Any:
    return text.splitlines(True) if isinstance(text, str) else text


def _whole(text: Any) -> Any:
    return "".join(text) if isinstance(text, list) else text
