"""The imports that a student added to a cell which is not theirs: they are kept."""

from __future__ import annotations

import ast
import re


def added_imports(released: str, sent: str) -> list[str]:
    """The import statements of ``sent`` that ``released`` does not have, a line each, in order."""
    known = set(_imports(released))
    return [line for line in dict.fromkeys(_imports(sent)) if line not in known]


def _imports(source: str) -> list[str]:
    """The imports that stand by themselves; of a cell that is not all Python, those of one line."""
    try:
        return _statements(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found: list[str] = []
        for line in re.findall(r"^(?:import|from)\s.*", source, re.MULTILINE):
            try:
                found += _statements(line)
            except (SyntaxError, ValueError):
                continue
        return found


def _statements(source: str) -> list[str]:
    body = ast.parse(source).body
    return [ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
