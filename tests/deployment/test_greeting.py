"""The hub's greeting in a cluster: the printed values, run as z2jh runs them, rendered by JupyterHub's
own templates.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader
from jupyterhub._data import DATA_FILES_PATH
from traitlets.config import Config

from autograder.gradebook.arrivals.receipts import Receipt, write_receipt

from .helm import ROOT, rendered

TEXT = "---\njupytext:\n  text_representation:\n    format_name: myst\nchainrule:\n  order: {}\n{}---\n\n# {}\n"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The values for a course with two assignments."""
    course = tmp_path_factory.mktemp("course")
    (course / "nbgrader_config.py").touch()
    for name, order, due, title in (
        ("later", 2, "  due: 2020-03-01 12:00 Europe/Berlin\n", "The later one"),
        ("first", 1, "", "The first one"),
    ):
        folder = course / "source" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.md").write_text(TEXT.format(order, due, title))
    (course / "extensions.csv").write_text("student,assignment,until\nben,later,48 hours\n")
    command = [sys.executable, "-m", "deploy.kubernetes", "--course", str(course)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return yaml.safe_load(ran.stdout)["hub"]


@pytest.fixture
def greeted(hub: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """How the hub greets somebody of a name and groups, as text."""
    for one in hub["extraFiles"].values():
        (tmp_path / Path(one["mountPath"]).name).write_text(one["stringData"])
    monkeypatch.setenv("CHAINRULE_OUTLINE", str(tmp_path / "outline.json"))
    monkeypatch.setenv("CHAINRULE_RECEIPTS", str(tmp_path / "receipts"))
    shared: dict[str, Any] = {"c": Config()}
    for _, code in sorted(hub["extraConfig"].items()):
        exec(code, shared)
    stock = FileSystemLoader(str(Path(DATA_FILES_PATH, "templates")))
    ours = FileSystemLoader(str(tmp_path))
    templates = Environment(
        loader=ChoiceLoader([PrefixLoader({"templates": stock}, "/"), ours, stock])
    )

    def greet(name: str, *groups: str) -> str:
        user = SimpleNamespace(name=name, groups=[SimpleNamespace(name=one) for one in groups])
        page = templates.get_template("greeting.html")
        return page.render(user=user, **shared["c"].JupyterHub.template_vars)

    return greet


def test_a_student_is_told_what_is_due(greeted: Any) -> None:
    said = greeted("ada", "nbgrader-chainrule")
    assert "Hello ada. Start your server, fetch “The first one” (first)" in said
    assert said.index("The first one <small>") < said.index("The later one <small>")
    assert "Sunday, 1 March 2020, 12:00 (Europe/Berlin)</td><td>overdue" in said
    assert "Formgrader" not in said
    said = greeted("ben", "nbgrader-chainrule")
    assert "Tuesday, 3 March 2020, 12:00 (Europe/Berlin) (your extension)" in said


def test_what_was_handed_in_and_judged_is_told(greeted: Any, tmp_path: Path) -> None:
    sent = "ada+{}+2026-03-05 10:00:59.123456 UTC+x"
    for name in ("first", "later"):
        judged = Receipt(sent.format(name), True, None, 81.5, 90)
        write_receipt(tmp_path / "receipts", name, "ada", judged)
    said = greeted("ada", "nbgrader-chainrule")
    points = "<br>received, judged: 81.5 of 90 points without written answers</td>"
    assert f"handed in 2026-03-05 10:00 UTC{points}" in said
    assert f"handed in 2026-03-05 10:00 UTC, late{points}" in said
    assert "Everything that is open is handed in" in said
    assert "received" not in greeted("ben", "nbgrader-chainrule")


def test_the_hub_may_read_the_receipts(hub: dict[str, Any]) -> None:
    (mount,) = hub["extraVolumeMounts"]
    assert mount["readOnly"]
    (formgrader,) = [
        one
        for one in rendered()
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", "formgrader")
    ]
    pod = formgrader["spec"]["template"]["spec"]
    (receiver,) = [one for one in pod["containers"] if one["name"] == "receiver"]
    within = receiver["command"][-1].removeprefix("/exchange/")
    assert f'"{mount["mountPath"]}/{within}"' in hub["extraConfig"]["greeting-2"]
    assert hub["podSecurityContext"]["supplementalGroups"] == [pod["securityContext"]["fsGroup"]]


def test_an_instructor_has_the_links(greeted: Any) -> None:
    said = greeted("iris", "formgrade-chainrule")
    assert "/services/chainrule/formgrader/report" in said
    assert "Collect and grade in Formgrader" in said


def test_every_template_of_the_hub_is_there(hub: dict[str, Any]) -> None:
    sent = {Path(one["mountPath"]).name for one in hub["extraFiles"].values()} - {"outline.json"}
    assert sent == {path.name for path in (ROOT / "deploy/hub/templates").glob("*.html")}
    assert len({Path(one["mountPath"]).parent for one in hub["extraFiles"].values()}) == 2
