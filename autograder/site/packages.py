"""Which Python packages a tab needs, and where each comes from: Pyodide's distribution, a wheel at
hand, or what is installed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from coursekit.tab import LATER

from ..errors import AuthoringError

LOCK = "pyodide-lock.json"
RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
"""What a page loads of Pyodide itself."""

ELSEWHERE = {"typer", "rich", "widgetsnbextension", "jupyterlab-widgets"}
"""Requirements that a tab does not have: the command line's, and what the page itself brings."""
PURE_WITHOUT = {"markupsafe", "wcwidth"}
"""Installed packages whose compiled modules only make them faster."""
DATED = (2020, 1, 1, 0, 0, 0)
COMPILED = re.compile(r"\.(so|pyd|dylib)$")

Entry = dict[str, Any]
"""A package as Pyodide's lock file states it."""


@dataclass(frozen=True)
class Pyodide:
    """A distribution of Pyodide: a folder, or an address that pages load it from."""

    place: str
    folder: Path | None
    lock: Mapping[str, Any]

    @classmethod
    def at(cls, place: str) -> Pyodide:
        """Read the lock file of a folder or of an https address. Raises AuthoringError."""
        if re.match(r"https?://", place):
            base = place.rstrip("/")
            try:
                with urlopen(f"{base}/{LOCK}", timeout=60) as answer:
                    return cls(base, None, json.load(answer))
            except (URLError, ValueError) as problem:
                raise AuthoringError(
                    f"{base}/{LOCK} cannot be read ({problem}): name a folder with Pyodide's "
                    "distribution, or try again where there is a network"
                ) from None
        folder = Path(place)
        lacking = [name for name in (LOCK, *RUNTIME) if not (folder / name).is_file()]
        if lacking:
            raise AuthoringError(
                f"{folder} is no distribution of Pyodide: it has no {lacking[0]}; unpack the "
                "release that Pyodide's site offers there"
            )
        return cls(place, folder, json.loads((folder / LOCK).read_text(encoding="utf-8")))

    def entry(self, name: str) -> Entry | None:
        """What the distribution says of a package that it has; None for one it has not."""
        found = self.packages().get(name)
        if found is None or (self.folder and not (self.folder / found["file_name"]).is_file()):
            return None
        return found

    def packages(self) -> dict[str, Entry]:
        """Its packages, by their normalised names."""
        return {canonicalize_name(name): entry for name, entry in self.lock["packages"].items()}


def bring_packages(
    wanted: Sequence[str], pyodide: Pyodide, wheels: Sequence[Path], into: Path
) -> None:
    """Write into a folder what a tab needs for the packages ``wanted``: a lock file, and the wheels
    and the runtime that are not loaded from elsewhere.

    wheels: go before the distribution's packages. What neither has is packed from what is installed
    here. Raises AuthoringError for what is nowhere to be had.
    """
    at_hand: dict[str, Path] = {
        canonicalize_name(path.name.partition("-")[0]): path for path in wheels
    }
    packages: dict[str, Entry] = {}
    left = [canonicalize_name(name) for name in wanted]
    while left:
        name = left.pop()
        if name in packages or name in ELSEWHERE:
            continue
        entry = packages[name] = _entry(name, pyodide, at_hand, into)
        needed = [canonicalize_name(one) for one in entry["depends"]]
        left += needed
        if name in at_hand:
            # what waits is fetched when it is first imported, with what it alone needs
            entry["depends"] = [one for one in needed if one not in LATER]
    if pyodide.folder:
        for name in RUNTIME:
            (into / name).write_bytes((pyodide.folder / name).read_bytes())
    else:
        packages = {**_addressed(pyodide), **packages}
    stated = {"info": pyodide.lock["info"], "packages": dict(sorted(packages.items()))}
    (into / LOCK).write_text(json.dumps(stated, indent=1), encoding="utf-8")


def _entry(name: str, pyodide: Pyodide, at_hand: Mapping[str, Path], into: Path) -> Entry:
    """What the lock file says of a package, whose wheel is put into the folder."""
    if name not in at_hand and (entry := pyodide.entry(name)):
        file = entry["file_name"]
        if pyodide.folder:
            (into / file).write_bytes((pyodide.folder / file).read_bytes())
            return entry
        return {**entry, "file_name": f"{pyodide.place}/{file}"}
    if name in at_hand:
        path = into / at_hand[name].name
        path.write_bytes(at_hand[name].read_bytes())
    else:
        path = repack(name, into)
    return _stated(path, str(pyodide.lock["info"]["python"]))


def _addressed(pyodide: Pyodide) -> dict[str, Entry]:
    """All packages of a distribution that is loaded from its address: none is shipped, all are
    there to import.
    """
    return {
        name: {**entry, "file_name": f"{pyodide.place}/{entry['file_name']}"}
        for name, entry in pyodide.packages().items()
    }


def _stated(wheel: Path, python: str) -> Entry:
    """A lock file's entry for a pure wheel."""
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        (place,) = (one for one in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", one))
        metadata = Parser().parsestr(archive.read(place).decode("utf-8"))
    return {
        "name": canonicalize_name(metadata["Name"]),
        "version": metadata["Version"],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(set(_top_level(names))),
        "depends": sorted(set(_requirements(metadata, python))),
        "unvendored_tests": False,
    }


def _top_level(names: Sequence[str]) -> Iterator[str]:
    """The modules that a wheel's files bring."""
    for name in names:
        first, _, rest = name.partition("/")
        if name.endswith(".py") and first.removesuffix(".py").isidentifier():
            yield first if rest else first.removesuffix(".py")


def _requirements(metadata: Message, python: str) -> Iterator[str]:
    there = {
        "sys_platform": "emscripten",
        "platform_system": "Emscripten",
        "platform_machine": "wasm32",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "extra": "",
    }
    for requirement in map(Requirement, metadata.get_all("Requires-Dist") or ()):
        name = canonicalize_name(requirement.name)
        if name not in ELSEWHERE and (
            requirement.marker is None or requirement.marker.evaluate(there)
        ):
            yield name


def repack(name: str, folder: Path) -> Path:
    """The wheel of an installed package that is pure Python. Raises AuthoringError for others."""
    from wheel.wheelfile import WheelFile

    try:
        found = distribution(name)
    except PackageNotFoundError:
        raise AuthoringError(
            f"{name} is neither in the distribution of Pyodide nor installed here: install it"
        ) from None
    files = dict(_files(name, found))
    place = next(file.partition("/")[0] for file in files if ".dist-info/" in file)
    path = folder / f"{place.removesuffix('.dist-info')}-py3-none-any.whl"
    with WheelFile(path, "w", compression=ZIP_DEFLATED) as archive:
        for file, content in sorted(files.items()):
            archive.writestr(ZipInfo(file, DATED), content, ZIP_DEFLATED)
    return path


def _files(name: str, found: Distribution) -> Iterator[tuple[str, bytes]]:
    """The files of a package that belong into its wheel: not those of other places, such as
    programs and data.
    """
    for file in found.files or ():
        if file.parts[0] == ".." or "__pycache__" in file.parts or file.name == "RECORD":
            continue
        if COMPILED.search(file.name):
            if name in PURE_WITHOUT:
                continue
            raise AuthoringError(
                f"{name} is not in the distribution of Pyodide, and is not pure Python: it cannot "
                "be brought along"
            )
        content = Path(str(file.locate())).read_bytes()
        pure = re.sub(rb"(?m)^Root-Is-Purelib: .*$", b"Root-Is-Purelib: true", content)
        yield file.as_posix(), pure if file.name == "WHEEL" else content
