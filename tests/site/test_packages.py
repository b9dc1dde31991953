"""What a tab needs is gathered: from Pyodide's distribution, from wheels at hand, from what is
installed here.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest
from wheel.wheelfile import WheelFile

from autograder.errors import AuthoringError
from autograder.site.packages import LOCK, RUNTIME, Pyodide, bring_packages, repack

INFO = {"abi_version": "2026_0", "arch": "wasm32", "platform": "emscripten_5", "python": "3.14.2"}


def entry(name: str, *depends: str) -> dict[str, object]:
    return {"name": name, "file_name": f"{name}-1-wasm.whl", "depends": list(depends)}


@pytest.fixture
def distribution(tmp_path: Path) -> Path:
    """A folder like Pyodide's distribution, which ships two of the three packages it knows."""
    folder = tmp_path / "pyodide"
    folder.mkdir()
    for name in RUNTIME:
        (folder / name).write_text(name)
    known = {"numpy": entry("numpy"), "Fast_Thing": entry("fast", "numpy"), "comm": entry("comm")}
    (folder / LOCK).write_text(json.dumps({"info": INFO, "packages": known}))
    for name in ("numpy", "fast"):
        (folder / f"{name}-1-wasm.whl").write_text(name)
    return folder


def wheel(folder: Path, name: str, *requires: str) -> Path:
    path = folder / f"{name}-2.0-py3-none-any.whl"
    lines = [f"Name: {name}", "Version: 2.0", *(f"Requires-Dist: {one}" for one in requires)]
    with WheelFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", b"")
        archive.writestr(f"{name}/deep/data.txt", b"")
        archive.writestr(f"{name}-2.0.dist-info/METADATA", "\n".join(lines).encode())
    return path


def gathered(distribution: str, wheels: list[Path], into: Path, *wanted: str) -> dict[str, dict]:
    into.mkdir()
    bring_packages(wanted, Pyodide.at(distribution), wheels, into)
    return json.loads((into / LOCK).read_text())["packages"]


def test_a_bundle_has_all_that_is_needed_and_nothing_else(distribution: Path, tmp_path: Path):
    there = 'unheard-of; sys_platform == "win32"', 'older; python_version < "3.14"', "typer>=1"
    ours = wheel(tmp_path, "ours", "fast-thing", "comm>=0.1", "scipy", *there)
    with pytest.raises(AuthoringError, match="scipy"):
        gathered(str(distribution), [ours], tmp_path / "first", "ours")
    ours = wheel(tmp_path, "ours", "fast-thing", "comm>=0.1", *there)
    packages = gathered(str(distribution), [ours], tmp_path / "site", "ours")
    assert list(packages) == ["comm", "fast-thing", "numpy", "ours"]
    assert packages["ours"]["imports"] == ["ours"]
    assert packages["ours"]["depends"] == ["comm", "fast-thing"]
    assert packages["comm"]["imports"] == ["comm"]  # known to the distribution, but not shipped
    files = {path.name for path in (tmp_path / "site").iterdir()}
    assert files == {*RUNTIME, LOCK, *(one["file_name"] for one in packages.values())}
    for name in ("ours", "comm"):
        content = (tmp_path / "site" / packages[name]["file_name"]).read_bytes()
        assert packages[name]["sha256"] == sha256(content).hexdigest()


def test_what_is_large_and_seldom_used_is_not_loaded_at_the_start(
    distribution: Path, tmp_path: Path
):
    lock = json.loads((distribution / LOCK).read_text())
    lock["packages"]["scipy"] = entry("scipy", "numpy")
    (distribution / LOCK).write_text(json.dumps(lock))
    (distribution / "scipy-1-wasm.whl").write_text("scipy")
    ours = wheel(tmp_path, "ours", "scipy", "comm")
    packages = gathered(str(distribution), [ours], tmp_path / "site", "ours")
    assert list(packages) == ["comm", "numpy", "ours", "scipy"]
    assert packages["ours"]["depends"] == ["comm"]  # SciPy is fetched when it is imported


def test_of_an_address_only_what_it_lacks_is_shipped(distribution: Path, tmp_path: Path, serving):
    with serving(distribution) as address:
        ours = wheel(tmp_path, "ours", "fast-thing")
        packages = gathered(f"{address}/", [ours], tmp_path / "site", "ours")
    assert packages["numpy"]["file_name"] == f"{address}/numpy-1-wasm.whl"
    assert (
        packages["comm"]["file_name"] == f"{address}/comm-1-wasm.whl"
    )  # whole: all can be imported
    assert {path.name for path in (tmp_path / "site").iterdir()} == {LOCK, ours.name}


def test_an_installed_package_becomes_a_wheel_again(tmp_path: Path):
    path = repack("markupsafe", tmp_path)
    with ZipFile(path) as archive:
        names = archive.namelist()
        (described,) = (name for name in names if name.endswith(".dist-info/WHEEL"))
        assert b"Root-Is-Purelib: true" in archive.read(described)
    assert "markupsafe/_native.py" in names  # its pure half: the compiled one stays here
    assert not [name for name in names if name.endswith((".so", ".pyc"))]
    WheelFile(path).close()  # its name and its record agree
    again = repack("markupsafe", tmp_path).read_bytes()
    assert again == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "said"), [("pyzmq", "is not pure Python"), ("no-such-thing", "nor installed here")]
)
def test_what_cannot_be_had_is_named(name: str, said: str, tmp_path: Path):
    with pytest.raises(AuthoringError, match=f"{name} .*{said}"):
        repack(name, tmp_path)


def test_a_folder_that_is_no_distribution(tmp_path: Path):
    with pytest.raises(AuthoringError, match=r"no distribution of Pyodide: it has no pyodide-lock"):
        Pyodide.at(str(tmp_path))


def test_an_address_that_nobody_serves():
    with pytest.raises(AuthoringError, match="cannot be read"):
        Pyodide.at("http://127.0.0.1:9/pyodide")
