"""The student wheel: the engine and the course's kit as they are installed here, and nothing else.

Written from the installed packages instead of a source tree, so that a course that has no copy of
one can publish too."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipInfo

from ..errors import AuthoringError

NAME = "chainrule"
PACKAGES = ("autograder", "coursekit")
DATED = (2020, 1, 1, 0, 0, 0)
"""Every file of the archive has this date: the same content makes the same wheel."""
FORMAT = (
    "Wheel-Version: 1.0\nGenerator: chainrule publish\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
)


def write_wheel(folder: Path) -> Path:
    """Write the student wheel into ``folder`` and return its path.

    Raises AuthoringError when this installation cannot say what it is made of.
    """
    from wheel.wheelfile import WheelFile

    found = _installed()
    path = folder / f"{NAME}-{found.version}-py3-none-any.whl"
    with WheelFile(path, "w", compression=ZIP_DEFLATED) as archive:
        for name, content in [*_modules(), *_metadata(found)]:
            archive.writestr(ZipInfo(name, DATED), content, ZIP_DEFLATED)
    return path


def _installed() -> Distribution:
    """The installation itself: a source tree that was built in is found first, under one name."""
    for found in distributions(name=NAME):
        if found.read_text("METADATA") is not None:
            return found
    raise AuthoringError(f"{NAME} is not installed here: install it again")


def _modules() -> Iterator[tuple[str, bytes]]:
    """Every file of the packages, by its path in the wheel."""
    for package in PACKAGES:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise AuthoringError(f"{package} cannot be found here: install {NAME} again")
        folder = Path(spec.origin).parent
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{package}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _metadata(found: Distribution) -> Iterator[tuple[str, bytes]]:
    _refuse_stale(found)
    place = f"{NAME}-{found.version}.dist-info"
    for file in ("METADATA", "entry_points.txt"):
        text = found.read_text(file)
        if text is None:
            raise AuthoringError(f"this installation of {NAME} has no {file}: install it again")
        yield f"{place}/{file}", text.encode()
    yield f"{place}/WHEEL", FORMAT.encode()


def _refuse_stale(found: Distribution) -> None:
    """An editable installation keeps the requirements of the day it was made."""
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if not project.is_file():
        return
    stated = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    asked = {_plain(line) for line in stated["dependencies"]}
    known = {_plain(line) for line in found.requires or () if "extra ==" not in line}
    if stated["version"] != found.version or asked != known:
        raise AuthoringError(f"{project.name} changed since {NAME} was installed: install it again")


def _plain(requirement: str) -> str:
    name, bounds = re.match(r"([\w.-]+)(.*)", "".join(requirement.split())).groups()  # type: ignore[union-attr]
    return name.lower() + ",".join(sorted(bounds.split(",")))
