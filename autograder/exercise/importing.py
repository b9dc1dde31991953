"""Importing modules from memory, under names that only they themselves know.

No folder of theirs is ever on ``sys.path``, nobody imports them by accident, and two sets of
modules with the same names live in one process without ever meeting.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import importlib.util
import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from ..watch.trusted import INSTRUCTORS


def names_of(files: Iterable[str]) -> dict[str, str]:
    """The modules among the files: dotted name, as they import one another, to relative path."""
    modules = [file for file in files if file.endswith(".py")]
    packages_last = sorted(modules, key=lambda file: (file.endswith("/__init__.py"), file))
    return {_dotted(file): file for file in packages_last}


def _dotted(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@lru_cache(maxsize=512)
def _compiled(source: bytes, path: str) -> CodeType:
    return compile(source, path, "exec", dont_inherit=True)


def compile_beforehand(files: Mapping[str, bytes], folder: Path) -> None:
    """Compile what will be imported: whoever is forked from this process finds it done."""
    for name, source in files.items():
        with suppress(SyntaxError, ValueError):  # importing says so, to whom it concerns
            _compiled(source, str(folder / name))


def codes_of(files: Mapping[str, bytes], folder: Path) -> dict[str, CodeType]:
    """The code of the modules among ``files``, by relative path; what does not compile is left
    out.
    """
    codes = {}
    for name in names_of(files).values():
        with suppress(SyntaxError, ValueError):
            codes[name] = _compiled(files[name], str(folder / name))
    return codes


class Sources(importlib.abc.InspectLoader):
    """Modules below a root of their own; for one another they have their usual names.

    files: relative path to source. folder: where they lie, or would lie; nothing is read there.
    codes: what they compile to, where that is known.
    """

    _numbers = itertools.count(1)

    def __init__(
        self,
        files: Mapping[str, bytes],
        folder: Path,
        codes: Mapping[str, CodeType] | None = None,
    ) -> None:
        self.root = f"{INSTRUCTORS}_{next(self._numbers)}"
        self._files = files
        self._folder = folder
        self._codes = dict(codes or {})
        self._names = names_of(files)
        self._builtins = {**vars(builtins), "__import__": self._import}

    def run(self, name: str) -> None:
        """Import a module, and by it what it imports."""
        others = [one for one in sys.meta_path if one is not _FINDER]
        sys.meta_path[:] = [_FINDER, *others]  # before any that a student has put there
        root = sys.modules[self.root] = ModuleType(self.root)
        root.__path__, root.__loader__ = [], self
        importlib.import_module(f"{self.root}.{name}")

    @property
    def loaded(self) -> dict[str, ModuleType]:
        """The modules that ran so far, by the names they have for one another."""
        ran = {name: sys.modules.get(f"{self.root}.{name}") for name in self._names}
        return {name: module for name, module in ran.items() if module is not None}

    def forget(self) -> None:
        """As if nothing had been imported."""
        for name in [self.root, *(f"{self.root}.{name}" for name in self.loaded)]:
            sys.modules.pop(name, None)

    def spec(self, fullname: str) -> ModuleSpec | None:
        """How to import a module by its private name; None when there is no such file."""
        file = self._file(fullname)
        if file is None:
            return None
        is_package = file.endswith("__init__.py")
        where = str(self._folder / file)  # not by the working directory, which may be anywhere
        spec = ModuleSpec(fullname, self, origin=where, is_package=is_package)
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Run a module, with an import statement that knows its neighbours."""
        vars(module)["__builtins__"] = self._builtins
        exec(self.get_code(module.__name__), vars(module))

    def get_code(self, fullname: str) -> CodeType:
        """The very code that a module is made of."""
        file = self._names[fullname.partition(".")[2]]
        if file not in self._codes:
            self._codes[file] = _compiled(self._files[file], str(self._folder / file))
        return self._codes[file]

    def get_source(self, fullname: str) -> str | None:
        """The lines that tracebacks show where there is no such file on disk."""
        file = self._file(fullname)
        return None if file is None else importlib.util.decode_source(self._files[file])

    def _file(self, fullname: str) -> str | None:
        return self._names.get(fullname.partition(".")[2])

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """``__import__`` for these modules: what lies beside them comes first."""
        top = name.partition(".")[0]
        if level or top not in self._names:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        if fromlist:
            return builtins.__import__(f"{self.root}.{name}", globals, locals, fromlist)
        importlib.import_module(f"{self.root}.{name}")
        return sys.modules[f"{self.root}.{top}"]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds a private module by asking the loader of its root."""

    def find_spec(
        self,
        fullname: str,
        path: Any = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """A spec for what lies below a root; nothing else."""
        root, _, below = fullname.partition(".")
        if not below or not root.startswith(INSTRUCTORS):
            return None
        loader = getattr(sys.modules.get(root), "__loader__", None)
        return loader.spec(fullname) if isinstance(loader, Sources) else None


_FINDER = _Finder()
