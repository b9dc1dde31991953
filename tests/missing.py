"""Packages that a machine may lack: what needs one is skipped there, with one line that says so."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

OPTIONAL = ("torch", "h5py")


def missing(error: BaseException | None) -> str:
    """The line for an error that comes of a package that is not installed; empty for all others."""
    for one in _chain(error):
        if isinstance(one, ModuleNotFoundError) and one.name in OPTIONAL:
            return why(one.name)
    return ""


def why(package: str) -> str:
    """The line for a package."""
    return f"needs {package}, which is not installed: pip install -e '.[torch]'"


def installed(package: str) -> bool:
    """Whether there is a package."""
    try:
        import_module(package)
    except ModuleNotFoundError:
        return False
    return True


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it comes of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
