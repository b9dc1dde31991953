"""In a browser's tab: libraries that come when they are first imported, and a sentence for those
that do not run there.

Nothing here is used anywhere else: ``coursekit`` calls ``prepare`` under Pyodide alone.
"""

from __future__ import annotations

import ast
import importlib
import importlib.machinery
import os
import sys
from collections.abc import Iterator
from io import BytesIO
from sysconfig import get_path
from typing import Any, NoReturn
from zipfile import ZipFile

ABSENT = ("torch", "h5py")
"""What sections of the notebooks use that does not run in a tab."""
LATER = ("matplotlib", "scipy")
"""What the first check does without, and what takes long to fetch and unpack."""


class NotInTab(RuntimeError):
    """A library was used that does not run in a tab. Shown as its one sentence."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def where_it_runs(library: str) -> str:
    """The sentence about a library that does not run in a tab."""
    return (
        f"{library} does not run in a browser's tab: download this notebook and go on with this "
        "section in JupyterLab, on a computer or on the course's hub."
    )


class Missing:
    """Stands for a library that does not run in a tab: whatever is done with it raises NotInTab."""

    def __init__(self, library: str) -> None:
        self._library = library

    def __getattr__(self, name: str) -> NoReturn:
        raise NotInTab(where_it_runs(self._library))

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """What a library's name stands for is not called either."""
        raise NotInTab(where_it_runs(self._library))


def missing(libraries: tuple[str, ...]) -> Missing:
    """Say where libraries run that were imported, and give what stands for them."""
    named = " and ".join(dict.fromkeys(libraries))
    print(where_it_runs(named))
    return Missing(named)


class ImportsOfMissing(ast.NodeTransformer):
    """Replaces a cell's imports of what is absent: the names stand for it, and nothing is
    interrupted.
    """

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """A cell: one sentence for all it imports."""
        found = [one for one in node.body if self._absent(one)]
        if found:
            names = [name for one in found for name in _bound(one)]
            libraries = tuple(library for one in found for library in self._absent(one))
            call = ast.parse(f"__import__({__name__!r}).tab.missing({libraries!r})").body[0]
            assert isinstance(call, ast.Expr)
            stores: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
            said = ast.copy_location(ast.Assign(stores, call.value), found[0])
            rest = [one for one in node.body if one not in found]
            node.body = [said, *rest]
        return ast.fix_missing_locations(node)

    def _absent(self, node: ast.stmt) -> list[str]:
        """The absent libraries that a statement imports."""
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [node.module]
        else:
            return []
        tops = [name.partition(".")[0] for name in names]
        return tops if all(top in ABSENT for top in tops) else []


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that an import makes."""
    assert isinstance(node, ast.Import | ast.ImportFrom)
    for alias in node.names:
        whole = isinstance(node, ast.ImportFrom)
        yield alias.asname or (alias.name if whole else alias.name.partition(".")[0])


class FetchedWhenImported:
    """Finds packages of the page's that were not loaded at the start: fetched, unpacked, imported.

    An import cannot wait for the page's own way of loading: the kernel's thread may wait for a
    request.
    """

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module's spec, when its package could be fetched."""
        if name not in LATER or not fetch(name):
            return None
        importlib.invalidate_caches()
        return importlib.machinery.PathFinder.find_spec(name, path, target)


def fetch(package: str) -> bool:
    """Fetch and unpack a package and what it needs; False where the page has none of that name."""
    pyodide: Any = importlib.import_module("pyodide_js")
    stated, there = pyodide.lockfile.packages.to_py(), pyodide.loadedPackages.to_py()
    left, needed = [package], {}
    while left:
        name = left.pop()
        if name in there or name in needed:
            continue
        if name not in stated:
            return False
        needed[name] = stated[name]["file_name"]
        left += stated[name]["depends"]
    for name, file in needed.items():
        if not _unpack(file, get_path("purelib")):
            return False
        setattr(pyodide.loadedPackages, name, "coursekit")  # the page need not load it again
    return True


def _unpack(file: str, into: str) -> bool:
    """Fetch a wheel or another archive, named from where the page's list of packages lies, and
    unpack it; False where it is not to be had.
    """
    pyodide: Any = importlib.import_module("pyodide_js")
    page: Any = importlib.import_module("js")
    if not hasattr(page, "XMLHttpRequest"):  # Pyodide outside a browser
        return False
    request = page.XMLHttpRequest.new()
    request.open("GET", page.URL.new(file, pyodide.lockfileBaseUrl).href, False)
    request.responseType = "arraybuffer"
    request.send()
    if request.status != 200:
        return False
    with ZipFile(BytesIO(request.response.to_bytes())) as archive:
        archive.extractall(into)
    return True


def bring_exercises() -> None:
    """Unpack what lies beside this notebook where looking there costs no request, and tell
    ``check`` so.
    """
    name, folder = os.path.basename(os.getcwd()), os.path.expanduser("~/assignments")
    if _unpack(f"../assignments/{name}.zip", os.path.join(folder, name)):
        os.environ["CHAINRULE_ASSIGNMENTS"] = folder


def prepare() -> None:
    """Make notebooks in this tab ready; called once."""
    os.environ.setdefault("CHAINRULE_IMAGES", "1500")  # WebAssembly draws slowly, and keeps nothing
    bring_exercises()
    sys.meta_path.append(FetchedWhenImported())  # type: ignore[arg-type]
    shell: Any = importlib.import_module("IPython").get_ipython()
    if shell is not None:
        shell.ast_transformers.append(ImportsOfMissing())
