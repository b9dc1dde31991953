"""The hub's greeting in a cluster, whose hub has nothing of the course: titles and due dates stand
in a file beside it, and of the exchange it reads the receipts.

Configuration of the hub (hub.extraConfig), run after deploy/hub/greeted.py."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

OUTLINE = os.environ.get("CHAINRULE_OUTLINE", "/usr/local/share/chainrule/outline.json")
RECEIPTS = Path(os.environ.get("CHAINRULE_RECEIPTS", "/srv/nbgrader/exchange/chainrule/receipts"))
TEACHING = "formgrade-chainrule"
greeted: Callable[..., Any] = globals()["GreetedAssignment"]
last_received: Callable[..., Any] = globals()["last_received"]
told_when: Callable[..., str] = globals()["told_when"]
step: Callable[..., str] = globals()["what_next"]
c: Any = globals()["c"]


class ClusterGreeting:
    """The assignments of ``outline``, each with everybody's due date and those of extensions."""

    def __init__(self, outline: list[Mapping[str, Any]]) -> None:
        self._outline = outline

    def assignments(self, person: str) -> list[Any]:
        """In the course's order."""
        return [self._greeted(one, person) for one in self._outline]

    def next_step(self, user: Any) -> str:
        """What to do next, in one sentence."""
        return step(self.assignments(user.name), teaches=self.teaches(user))

    def teaches(self, user: Any) -> bool:
        """Whether JupyterHub's user is an instructor."""
        return any(group.name == TEACHING for group in user.groups)

    def _greeted(self, one: Mapping[str, Any], person: str) -> Any:
        extended = person in one["extended"]
        due: Mapping[str, str] | None = one["extended"].get(person) or one["due"]
        until = datetime.fromisoformat(due["at"]) if due else None
        over = until is not None and until < datetime.now(UTC)
        receipt = last_received(RECEIPTS, one["name"], person)
        sent = told_when(receipt.submission, until) if receipt else ""
        said = receipt.said if receipt else ""
        return greeted(
            one["name"], one["title"], due["said"] if due else "", extended, over, sent, said
        )


c.JupyterHub.redirect_to_server = False
c.JupyterHub.template_vars = {
    "course_name": "Chain Rule: deep learning by hand",
    "names": {},
    "formgrader": "/services/chainrule/formgrader",
    "greeting": ClusterGreeting(json.loads(Path(OUTLINE).read_text(encoding="utf-8"))),
}
