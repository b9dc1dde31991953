"""environment.yml as conda reads it: every line is a valid match, and together they have a
solution.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler import BuildString, MatchSpec, PackageName, PackageRecord, Version, solve

from .helm import ROOT
from .test_images import PINS

ENVIRONMENT: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text())
SPECS = [one for one in ENVIRONMENT["dependencies"] if isinstance(one, str)]
CONDA_NAMES = {"pytorch": "torch"}


def pinned(conda: str) -> str:
    """The version of a conda package that constraints.txt has tested."""
    return {"python": "3.11.9", "pip": "25.0"}.get(conda) or PINS[
        canonicalize_name(CONDA_NAMES.get(conda, conda))
    ]


def name_of(spec: str) -> str:
    found = MatchSpec(spec, strict=True).name
    assert found is not None
    return getattr(found, "normalized", str(found))


def test_it_says_nothing_but_what_conda_knows():
    assert set(ENVIRONMENT) == {"name", "channels", "dependencies"}
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    pip = [one for one in ENVIRONMENT["dependencies"] if isinstance(one, dict)]
    assert [set(one) for one in pip] == [{"pip"}]
    for line in pip[0]["pip"]:
        if not line.startswith("-e"):
            assert Requirement(line).specifier.contains(
                PINS[canonicalize_name(Requirement(line).name)]
            )


@pytest.mark.parametrize("spec", SPECS)
def test_every_line_matches_the_version_that_is_tested(spec):
    name = name_of(spec)
    record = PackageRecord(
        name=PackageName(name),
        version=str(Version(pinned(name))),
        build=BuildString("0"),
        build_number=0,
        subdir="noarch",
        arch=None,
        platform=None,
    )
    assert MatchSpec(spec, strict=True).matches(record)


@pytest.mark.parametrize("wrong", ["numpy >>1", "numpy=>1.2", "pytorch>=2.4,", "py thon"])
def test_what_conda_would_not_understand_is_found(wrong):
    with pytest.raises(Exception, match=r"."):
        MatchSpec(wrong, strict=True)


def channel(root: Path, versions: dict[str, str]) -> str:
    """A channel with just these packages; what is in conda-forge only conda-forge knows."""

    def record(name: str, version: str) -> dict[str, Any]:
        depends = [] if name == "python" else ["python"]
        return {
            "name": name, "version": version, "build": "0", "build_number": 0, "depends": depends,
            "md5": "0" * 32, "sha256": "0" * 64, "size": 1, "subdir": "noarch", "noarch": "python",
        }  # fmt: skip

    packages = {
        f"{name}-{version}-0.conda": record(name, version) for name, version in versions.items()
    }
    for subdir, content in (("noarch", packages), ("linux-64", {})):
        (root / subdir).mkdir()
        data = {
            "info": {"subdir": subdir},
            "packages": {},
            "packages.conda": content,
            "repodata_version": 1,
        }
        (root / subdir / "repodata.json").write_text(json.dumps(data))
    return root.as_uri()


def solved(where: str) -> dict[str, str]:
    records = asyncio.run(
        solve([where], SPECS, platforms=["linux-64", "noarch"], virtual_packages=[])
    )
    return {one.name.normalized: str(one.version) for one in records}


def test_the_tested_versions_solve_it(tmp_path: Path):
    versions = {name_of(spec): pinned(name_of(spec)) for spec in SPECS}
    assert solved(channel(tmp_path, versions)) == versions


def test_an_older_one_does_not(tmp_path: Path):
    versions = {name_of(spec): pinned(name_of(spec)) for spec in SPECS} | {"nbgrader": "0.8.0"}
    with pytest.raises(Exception, match="nbgrader"):
        solved(channel(tmp_path, versions))
