"""Old dotted names, importable for one release: courses wrote them into their nbgrader_config.py
and exercises.py.

An old module's name gives the module that holds its contents now, with a DeprecationWarning that
says where that is."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
import warnings
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MOVED = {
    "autograder.evaluate": "autograder.watch.evaluate",
    "autograder.exchange": "autograder.gradebook.exchange",
    "autograder.exporters": "autograder.gradebook.exporters",
    "autograder.gradebook.judge": "autograder.gradebook.hooks.judging",
    "autograder.gradebook.reasons": "autograder.gradebook.hooks.reasons",
    "autograder.gradebook.rebuild": "autograder.gradebook.hooks.rebuilding",
    "autograder.gradebook.scores": "autograder.gradebook.hooks.scores",
    "autograder.gradebook.submissions": "autograder.gradebook.hooks.submissions",
    "autograder.gradebook.timestamps": "autograder.gradebook.hooks.timestamps",
    "autograder.placement": "autograder.watch.placement",
    "autograder.training": "autograder.watch.devices",
    "autograder.verdict": "autograder.language.verdict",
}


class Forwarding(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a module under its old name."""

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for the names in ``MOVED``; nothing else."""
        return importlib.util.spec_from_loader(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module: what it holds is looked up in the new one."""
        warnings.warn(f"{spec.name} is {MOVED[spec.name]} now", DeprecationWarning, stacklevel=2)
        return ModuleType(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Hand on every public name of the new module."""
        now = importlib.import_module(MOVED[module.__name__])
        vars(module).update(
            {name: value for name, value in vars(now).items() if not name.startswith("__")}
        )


def forward_old_names() -> None:
    """From here on old names can be imported. Asking twice is asking once."""
    if not any(isinstance(finder, Forwarding) for finder in sys.meta_path):
        sys.meta_path.insert(0, Forwarding())  # before what an old folder may have left behind
