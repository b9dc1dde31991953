"""The images, without building them: what is copied in, what is installed, and that no answer
reaches a student.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .helm import ROOT

IMAGES = {name: ROOT / "deploy/images" / name / "Dockerfile" for name in ("student", "instructor")}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = {
    canonicalize_name(name): version
    for name, _, version in (
        line.partition("==") for line in (ROOT / "constraints.txt").read_text().splitlines()
    )
}


def instructions(image: str) -> list[tuple[str, list[str]]]:
    """The Dockerfile's instructions: word, arguments."""
    text = re.sub(r"\\\n", " ", IMAGES[image].read_text())
    lines = [
        line.split(maxsplit=1)
        for line in text.splitlines()
        if line.strip() and not line.startswith("#")
    ]
    return [(word, shlex.split(rest)) for word, rest in lines]


def copied(image: str) -> list[str]:
    """What is taken from the repository."""
    return [
        source.removeprefix("./")
        for word, rest in instructions(image)
        if word == "COPY"
        for source in rest[:-1]
    ]


def files(image: str) -> dict[str, str]:
    """The text of every file that ends up in some layer of the image."""
    found: dict[str, str] = {}
    for source in copied(image):
        path = ROOT / source
        assert path.exists(), f"{image}: COPY {source}"
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                found[file.relative_to(ROOT).as_posix()] = file.read_bytes().decode(
                    "utf-8", "replace"
                )
    return found


def asked(image: str) -> list[Requirement]:
    """What pip is asked to install; a path with extras becomes what pyproject says."""
    wanted: list[Requirement] = []
    for word, rest in instructions(image):
        if word != "RUN" or "pip" not in rest:
            continue
        arguments = rest[rest.index("install") + 1 : rest.index("&&")]
        assert arguments[arguments.index("--constraint") + 1] == "constraints.txt"
        for argument in arguments:
            if argument.startswith("."):
                wanted += own(set(re.findall(r"[a-z]+", argument)))
            elif not argument.startswith("--") and argument != "constraints.txt":
                wanted.append(Requirement(argument))
    assert wanted
    return wanted


def own(extras: set[str]) -> list[Requirement]:
    """Our own requirements with some extras, extras of extras included."""
    lines = list(PROJECT["dependencies"])
    open_, seen = set(extras), set[str]()
    while open_:
        extra = open_.pop()
        seen.add(extra)
        for line in PROJECT["optional-dependencies"][extra]:
            requirement = Requirement(line)
            if requirement.name == PROJECT["name"]:
                open_ |= requirement.extras - seen
            else:
                lines.append(line)
    return [Requirement(line) for line in lines]


def installed(image: str) -> set[str]:
    """Every distribution that lands in the image, by what each asks for in turn."""
    open_, found = asked(image), dict[str, set[str]]()
    while open_:
        requirement = open_.pop()
        if requirement.marker and not any(
            requirement.marker.evaluate({"extra": extra, "sys_platform": "linux"})
            for extra in ("", *requirement.extras)
        ):
            continue
        name = canonicalize_name(requirement.name)
        new = {"", *requirement.extras} - found.get(name, set())
        found.setdefault(name, set()).update(new)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            pytest.fail(
                f"{image} installs {name}, which is not installed here: the list cannot be made"
            )
        for line in lines if new else ():
            child = Requirement(line)
            if child.marker is None or any(
                child.marker.evaluate({"extra": extra}) for extra in new
            ):
                child.marker = None
                open_.append(child)
    return set(found)


def telling(text: str) -> set[str]:
    """Lines of code that could hardly be written twice by chance."""
    stripped = (line.strip() for line in text.splitlines())
    return {
        line for line in stripped if len(line) > 40 and "=" in line and not line.startswith("#")
    }


def test_no_answer_in_the_students_image():
    inside = files("student")
    assert "autograder/__init__.py" in inside
    rooms = {name.partition("/")[0] for name in inside if "/" in name}
    assert rooms == {"autograder", "coursekit", "deploy"}
    answers = set[str]()
    for path in (ROOT / "solutions").rglob("*.py"):
        answers |= telling(path.read_text())
    assert len(answers) > 500
    assert {name: line for name, text in inside.items() for line in telling(text) & answers} == {}
    there = {name: text for name, text in files("instructor").items() if telling(text) & answers}
    assert "solutions/svm.py" in there, "the search finds answers where there are some"


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_else_is_let_into_the_build(image):
    """The ignore file shuts everything out and lets in exactly what is copied."""
    lines = IMAGES[image].with_name("Dockerfile.dockerignore").read_text().split()
    assert lines[0] == "*"
    assert sorted(line[1:] for line in lines if line.startswith("!")) == sorted(copied(image))
    assert "**/__pycache__" in lines


def test_the_lists_of_packages():
    student, instructor = installed("student"), installed("instructor")
    assert {"numpy", "torch", "jupyterlab", "nbgrader", "jupyterhub", "ipywidgets"} <= student
    assert {
        "jupytext",
        "fastapi",
        "uvicorn",
        "jupyterhub-kubespawner",
    } <= instructor
    assert student < instructor | {"nbgrader"}
    assert not {name for name in student if "solution" in name or name.startswith("chainrule")}
    # What authors, graders and testers use is of no use to students.
    assert not student & {
        "jupytext",
        "fastapi",
        "pytest",
        "hypothesis",
        "playwright",
    }
    assert not instructor & {"pytest", "hypothesis", "playwright", "ruff"}


@pytest.mark.parametrize("image", IMAGES)
def test_every_version_is_the_one_tested(image):
    assert {
        name for name in installed(image) if name not in PINS and not accelerator(name)
    } == set()


def accelerator(name: str) -> bool:
    """What torch brings along for a card: its wheel says exactly which."""
    return name.startswith(("nvidia-", "cuda-", "triton")) or name in {"setuptools", "pip"}


def test_nobody_runs_as_root():
    for image in IMAGES:
        users = [rest[0] for word, rest in instructions(image) if word == "USER"]
        assert users, image
        assert int(users[-1]) >= 1000


def test_the_clusters_lines_of_configuration_are_python_that_nbgrader_reads(
    tmp_path: Path, monkeypatch
):
    from traitlets.config.loader import PyFileConfigLoader

    monkeypatch.setenv("CHAINRULE_GRADEBOOK", "postgresql://somewhere")
    text = (ROOT / "nbgrader_config.py").read_text() + (
        ROOT / "deploy/images/instructor/cluster.py"
    ).read_text()
    (tmp_path / "nbgrader_config.py").write_text(text)
    config = PyFileConfigLoader("nbgrader_config.py", path=str(tmp_path)).load_config()
    assert config.ExchangeFactory.collect == "autograder.gradebook.exchange.CollectFromRooms"
    assert config.CourseDirectory.db_url == "postgresql://somewhere"
    assert config.Judge.isolation == "landlock"
    assert config.Autograde.sanitize_preprocessors == [
        "autograder.gradebook.hooks.rebuilding.Rebuild"
    ]
