"""Who imports whom in a package, read from the source: imports for types and inside functions
included.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Import:
    """One import: the module that has it, the line, and the full name of what is imported (a
    module, or a thing in one).
    """

    module: str
    line: int
    target: str


@cache
def modules(package: str) -> dict[str, Path]:
    """Dotted name -> file of every module below a package."""
    return {_dotted(path): path for path in sorted((ROOT / package).rglob("*.py"))}


@cache
def imports(package: str) -> tuple[Import, ...]:
    """Every import in a package. ``from x import y`` names ``x.y``, whether that is a module or
    not.
    """
    return tuple(_imports(package))


def _imports(package: str) -> Iterator[Import]:
    for module, path in modules(package).items():
        around = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (Import(module, node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = _base(node, around)
                yield from (
                    Import(module, node.lineno, f"{base}.{name.name}") for name in node.names
                )


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _base(node: ast.ImportFrom, around: str) -> str:
    if not node.level:
        return node.module or ""
    parts = around.split(".")
    return ".".join(
        [*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])]
    )
