"""Canvas, by its REST interface (https://canvas.instructure.com/doc/api/): a course's users and
assignments, an assignment's submissions, and grades for many students in one request, which Canvas
works off by itself and reports on as a Progress.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests

from ..errors import LmsError
from .site import Refused, RemoteAssignment, RemotePerson
from .web import LmsWeb, read_json

PAGE = 100
WAITING_SECONDS = 600
"""How long Canvas is given to work off one request."""


def throttled(answer: requests.Response) -> bool:
    """Whether Canvas asks for patience by 403, as it does beside 429."""
    return answer.status_code == 403 and "rate limit exceeded" in answer.text.lower()


class CanvasSite:
    """One course in Canvas."""

    title = "Canvas"
    batch = 50

    def __init__(self, address: str, course: str, token: str, *, pause: float = 1.0) -> None:
        self._web = LmsWeb(address, token, pause=pause, busy=throttled)
        self._pause = pause
        self._course = f"/api/v1/courses/{course}"

    def _all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        params = {"per_page": PAGE} | params
        return list(self._web.pages(path, params=params, headers=self._web.bearing()))

    def people(self) -> list[RemotePerson]:
        """The course's students."""
        found = self._all(
            f"{self._course}/users", **{"enrollment_type[]": "student", "include[]": "email"}
        )
        return [
            RemotePerson(
                str(one["id"]),
                one.get("name") or "",
                (str(one["id"]),),
                tuple(str(key) for key in (one.get("login_id"), one.get("sis_user_id")) if key),
                one.get("email") or "",
            )
            for one in found
        ]

    def assignments(self) -> list[RemoteAssignment]:
        """The course's assignments."""
        found = self._all(f"{self._course}/assignments")
        return [
            RemoteAssignment(str(one["id"]), one["name"], one.get("points_possible"))
            for one in found
        ]

    def grades(self, assignment: RemoteAssignment) -> dict[str, float]:
        """The scores on record."""
        found = self._all(f"{self._course}/assignments/{assignment.id}/submissions")
        return {
            str(one["user_id"]): float(one["score"])
            for one in found
            if one.get("score") is not None
        }

    def send(self, assignment: RemoteAssignment, points: Mapping[str, float]) -> Refused:
        """Have them worked off, and wait until they are."""
        fields = {f"grade_data[{one}][posted_grade]": f"{value:g}" for one, value in points.items()}
        path = f"{self._course}/assignments/{assignment.id}/submissions/update_grades"
        progress = read_json(self._web.ask("POST", path, data=fields, headers=self._web.bearing()))
        waited, wait = 0.0, self._pause
        while progress["workflow_state"] in ("queued", "running"):
            if waited > WAITING_SECONDS:
                raise LmsError("Canvas has not worked off the grades yet: give the command again")
            time.sleep(wait)
            waited, wait = waited + wait, min(2 * wait, 15.0)
            path = f"/api/v1/progress/{progress['id']}"
            progress = read_json(self._web.ask("GET", path, headers=self._web.bearing()))
        if progress["workflow_state"] == "failed":
            why = progress.get("message") or "Canvas does not say why"
            return Refused(dict.fromkeys(points, why))
        return Refused()
