"""From what ``publish`` writes to a folder that any web server can serve."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from jinja2 import Environment
from jupyter_core.paths import jupyter_path

from ..authoring.publish import Published, course_title, opening, publish
from ..errors import AuthoringError
from ..exercise.load import read_modules
from ..released.sheet import SHEET
from .packages import DATED, LOCK, Pyodide, bring_packages

MARK = ".chainrule-site"
"""A folder with this file was made here, and may be made anew."""
MARKED = "Made by `chainrule site`, which empties this folder before it writes to it again.\n"
BUNDLED, ADDED = "static/pyodide", "static/packages"
"""Where Pyodide lies in a site; and where what is added to one that is loaded from elsewhere."""
BESIDE = "static/assignments"
"""Where what lies beside a notebook is packed: a tab unpacks it once (``coursekit.tab``), while each
look into the notebook's own folder would be a request.
"""
KERNEL = "@jupyterlite/pyodide-kernel-extension"
EXTENSIONS = (KERNEL, "@jupyter-widgets/jupyterlab-manager")
"""The parts of the page that are not JupyterLite's own."""
STARTED_WITH = ("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython")
"""What the kernel itself asks for: at hand, so that nothing is looked for elsewhere."""
COURSE = "chainrule"
FIRST, LOOKS_LAST = "piplite", b"import sys; sys.path.sort(key=bool, reverse=True)\n"
"""What the kernel imports first, and the line that is put before its own."""


@dataclass(frozen=True)
class Site:
    """What was written: the folder, the assignments in it, bytes in all and of Pyodide among them.

    ``outside``: where pages load Pyodide from; None when it was bundled.
    """

    folder: Path
    assignments: tuple[str, ...]
    size: int
    pyodide_size: int
    outside: str | None


def build_site(course_root: Path, into: Path, pyodide: str | None = None) -> Site:
    """Write the course as a static site into a new folder, or into one that was made so before.

    pyodide: a folder with Pyodide's distribution, which is then bundled, or an address that pages
    load it from; None for ``build/pyodide`` of the course where there is such a folder, else for
    the public address of the version that the kernel is made for. Refuses what ``publish`` refuses.
    Raises AuthoringError.
    """
    if into.exists() and not (into / MARK).is_file() and (into.is_file() or any(into.iterdir())):
        raise AuthoringError(
            f"{into} is there and is no site of ours: name a folder that does not exist yet"
        )
    distribution = Pyodide.at(pyodide or _usual_place(course_root))
    with tempfile.TemporaryDirectory() as stage:
        published = publish(course_root, Path(stage) / "published")
        made = Path(stage) / "site"
        _build(Path(stage), made, published, distribution)
        front = _front_page(course_title(course_root), published)
        (made / "index.html").write_text(front, encoding="utf-8")
        (made / MARK).write_text(MARKED, encoding="utf-8")
        size = _size(made)
        if into.exists():
            shutil.rmtree(into)
        shutil.copytree(made, into)
    outside = None if distribution.folder else distribution.place
    return Site(into, published.assignments, size, _size(into / _place(distribution)), outside)


def _usual_place(course_root: Path) -> str:
    """The folder in the course, where there is one; else the public address."""
    from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL

    folder = course_root / "build" / "pyodide"
    return str(folder) if folder.is_dir() else PYODIDE_CDN_URL


def _place(distribution: Pyodide) -> str:
    return BUNDLED if distribution.folder else ADDED


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _build(stage: Path, made: Path, published: Published, distribution: Pyodide) -> None:
    lite, packages = stage / "lite", stage / "lite" / _place(distribution)
    packages.mkdir(parents=True)
    kernel = _extension(KERNEL)
    kernels = [
        _looking_last(one, stage) if one.name.startswith(f"{FIRST}-") else one
        for one in (kernel / "static" / "pypi").glob("*.whl")
    ]
    wheels = [published.folder / published.wheel, *kernels]
    bring_packages([*STARTED_WITH, COURSE], distribution, wheels, packages)
    contents = published.folder / "assignments"
    (lite / "jupyter-lite.json").write_text(json.dumps(_page_config(distribution)))
    (lite / "overrides.json").write_text(json.dumps(SETTINGS))
    extensions = [str(_extension(name)) for name in EXTENSIONS]
    config = {"LiteBuildConfig": {"federated_extensions": extensions, "ignore_sys_prefix": True}}
    (lite / "jupyter_lite_config.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--no-sourcemaps"]
    command += ["--lite-dir", str(lite), "--output-dir", str(made), "--contents", str(contents)]
    command += ["--apps", "notebooks", "--apps", "tree", "--no-unused-shared-packages"]
    done = subprocess.run(command, cwd=lite, capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-2000:]
        raise AuthoringError(f"JupyterLite could not be built; its last words: {said}")
    for name in published.assignments:
        _pack_beside(contents / name, made / BESIDE / f"{name}.zip")
    if not (made / _place(distribution)).is_dir():  # the builder takes along a whole Pyodide only
        shutil.copytree(packages, made / _place(distribution))


def _looking_last(wheel: Path, into: Path) -> Path:
    """The wheel of the package that the kernel imports first, which puts the notebook's folder last
    on Python's path: Pyodide has it first, and there each import of the kernel's some fifty would be
    a request.
    """
    path = into / wheel.name
    with ZipFile(wheel) as given, ZipFile(path, "w", ZIP_DEFLATED) as made:
        for one in given.infolist():
            before = LOOKS_LAST if one.filename == f"{FIRST}/__init__.py" else b""
            made.writestr(one, before + given.read(one), ZIP_DEFLATED)
    return path


def _pack_beside(folder: Path, into: Path) -> None:
    """Pack the files of an assignment that its exercises are judged by."""
    into.parent.mkdir(parents=True, exist_ok=True)
    files = {**read_modules(folder), SHEET: (folder / SHEET).read_bytes()}
    with ZipFile(into, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(ZipInfo(name, DATED), content, ZIP_DEFLATED)


def _extension(name: str) -> Path:
    """The folder of an installed extension of JupyterLab's."""
    found = (Path(place) / name for place in jupyter_path("labextensions"))
    folder = next((one for one in found if (one / "package.json").is_file()), None)
    if folder is None:
        raise AuthoringError(f"{name} is not installed here: pip install 'chainrule[site]'")
    return folder


def _page_config(distribution: Pyodide) -> dict[str, object]:
    """jupyter-lite.json: where the kernel's parts are, and that nothing is asked of elsewhere."""
    bundled = distribution.folder is not None
    options: dict[str, object] = {"packages": [*STARTED_WITH, COURSE]}
    if not bundled:
        options["lockFileURL"] = f"./{ADDED}/{LOCK}"
    place = f"./{BUNDLED}" if bundled else distribution.place
    settings = {
        "pyodideUrl": f"{place}/pyodide.mjs",
        "disablePyPIFallback": bundled,
        "loadPyodideOptions": options,
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "litePluginSettings": {f"{KERNEL}:kernel": settings},
        },
    }


SETTINGS = {
    "@jupyterlab/notebook-extension:panel": {
        "toolbar": [
            {
                "name": "download",
                "command": "apputils:run-all-enabled",
                "args": {"commands": ["docmanager:save", "docmanager:download"]},
                "label": "Download to hand in",
                "rank": 5,
            }
        ]
    }
}
"""The one button that a notebook in a tab needs more: it saves, and gives the file."""


def _front_page(title: str, published: Published) -> str:
    """The page that a visitor sees first: what there is, and how work is kept and handed in."""
    template = (resources("autograder.site") / "front.html").read_text("utf-8")
    assignments = []
    for name in published.assignments:
        notebook = published.folder / "assignments" / name / f"{name}.ipynb"
        called, takes = opening(notebook)
        assignments.append({"name": name, "title": called, "takes": takes})
    page = Environment(autoescape=True).from_string(template)
    return page.render(title=title, assignments=assignments)
