"""environment.yml, pyproject.toml and constraints.txt say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
CONDA_NAMES = {"pytorch": "torch"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def stated() -> dict[str, Requirement]:
    """What pyproject asks of a student or an instructor, by name."""
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *extras["torch"], *extras["lab"], *extras["instructor"]]
    return {
        canonicalize_name(one.name): one
        for one in map(Requirement, lines)
        if one.name != "chainrule"
    }


def test_conda_gets_the_bounds_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(one["pip"] for one in environment if isinstance(one, dict))
    lines = [one for one in environment if isinstance(one, str)] + [
        one for one in pip if not one.startswith("-e")
    ]
    conda = {}
    for line in lines:
        name, bounds = re.fullmatch(r"([a-z0-9-]+)(.*)", line).groups()  # type: ignore[union-attr]
        conda[canonicalize_name(CONDA_NAMES.get(name, name))] = Requirement(f"x{bounds}").specifier
    assert conda.pop("python") == Requirement(f"x{PROJECT['requires-python']}").specifier
    conda.pop("pip")
    assert conda == {name: one.specifier for name, one in stated().items()}


def test_the_versions_tested_lie_within_the_bounds():
    pinned = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        pinned[canonicalize_name(name)] = version
    assert pinned["torch"] == "2.13.0"
    for name, requirement in stated().items():
        assert requirement.specifier.contains(pinned[name]), name
