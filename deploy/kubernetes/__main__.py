"""Print the hub's greeting as values for Zero to JupyterHub: ``python -m deploy.kubernetes``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from autograder.authoring.outline import OutlinedAssignment, course_outline
from autograder.course.moments import moment_in_words
from autograder.gradebook.extensions import Extensions, read_extensions

ROOT = Path(__file__).resolve().parents[2]
GRADERS = 2000
"""The group of what Formgrader's pod writes (chart/templates/_pieces.tpl)."""
PLACE = "/usr/local/share/chainrule"
TEMPLATES = ROOT / "deploy/hub/templates"


def main(
    course: Annotated[
        Path, typer.Option(help="The course, with source/ and extensions.csv.")
    ] = ROOT,
) -> None:
    """What the hub greets with: assignments in the course's order, with titles and due dates,
    extensions included, and receipts. Give it to helm as one more file of values.

    Example: python -m deploy.kubernetes > greeting.yaml
    """
    typer.echo(yaml.safe_dump(values(course), allow_unicode=True, sort_keys=True), nl=False)


def values(course: Path) -> dict[str, Any]:
    """The values. Raises AuthoringError for a text that cannot be read."""
    table = read_extensions(course)
    files = {
        path.stem.replace("_", "-"): {
            "mountPath": f"{PLACE}/templates/{path.name}",
            "stringData": path.read_text(encoding="utf-8"),
        }
        for path in sorted(TEMPLATES.glob("*.html"))
    }
    files["outline"] = {
        "mountPath": f"{PLACE}/outline.json",
        "stringData": json.dumps(
            [_outlined(one, table) for one in course_outline(course)], ensure_ascii=False
        ),
    }
    # z2jh runs them in the order of their names, and people.py after them
    code = {
        "greeting-1": (ROOT / "deploy/hub/greeted.py").read_text(encoding="utf-8"),
        "greeting-2": (ROOT / "deploy/kubernetes/greeting.py").read_text(encoding="utf-8"),
    }
    return {
        "hub": {
            "templatePaths": [f"{PLACE}/templates"],
            "extraFiles": files,
            "extraConfig": code,
            # of the exchange it reads the receipts, as one of the graders' group
            "extraVolumes": [
                {
                    "name": "exchange",
                    "persistentVolumeClaim": {"claimName": "chainrule-exchange", "readOnly": True},
                }
            ],
            "extraVolumeMounts": [
                {"name": "exchange", "mountPath": "/srv/nbgrader/exchange", "readOnly": True}
            ],
            "podSecurityContext": {"supplementalGroups": [GRADERS]},
        }
    }


def _outlined(one: OutlinedAssignment, table: Extensions) -> Mapping[str, Any]:
    extended = {
        person: _due(granted.moved(one.due))
        for (person, assignment), granted in table.granted.items()
        if one.due and assignment == one.name and granted.moved(one.due) != one.due
    }
    due = _due(one.due) if one.due else None
    return {"name": one.name, "title": one.title, "due": due, "extended": extended}


def _due(moment: datetime) -> dict[str, str]:
    return {"at": moment.isoformat(), "said": moment_in_words(moment)}


if __name__ == "__main__":
    typer.run(main)
