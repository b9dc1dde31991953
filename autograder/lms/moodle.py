"""Moodle, by its web services (https://docs.moodle.org/dev/Web_service_API_functions): who is
enrolled, which assignments there are, their grades, and ``mod_assign_save_grades``.

Moodle answers 200 to what it refuses, too, with an ``exception`` in the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import LmsError
from .site import Refused, RemoteAssignment, RemotePerson
from .web import LmsWeb, read_json

ENTRY = "/webservice/rest/server.php"


class MoodleSite:
    """One course in Moodle."""

    title = "Moodle"
    batch = 50

    def __init__(self, address: str, course: str, token: str, *, pause: float = 1.0) -> None:
        if not course.isdigit():
            raise LmsError(
                f"{course!r} is no number of a course in Moodle: its address has it, id="
            )
        self._web = LmsWeb(address, token, pause=pause)
        self._course = int(course)

    def _call(self, function: str, **arguments: Any) -> Any:
        fields = {"wsfunction": function, "moodlewsrestformat": "json", **dict(_flat(arguments))}
        fields |= self._web.token_field("wstoken")
        answer = read_json(self._web.ask("POST", ENTRY, data=fields))
        if isinstance(answer, dict) and "exception" in answer:
            code = answer.get("errorcode", "")
            raise LmsError(f"Moodle refuses {function}: {answer.get('message', code)} ({code})")
        return answer

    def people(self) -> list[RemotePerson]:
        """Everybody enrolled whose role is a student's, or of whom Moodle tells no role."""
        found = self._call("core_enrol_get_enrolled_users", courseid=self._course)
        return [
            RemotePerson(
                str(one["id"]),
                one.get("fullname") or "",
                (one.get("idnumber") or str(one["id"]),),
                tuple(filter(None, [one.get("username")])),
                one.get("email") or "",
            )
            for one in found
            if not (roles := one.get("roles"))
            or any(role.get("shortname") == "student" for role in roles)
        ]

    def assignments(self) -> list[RemoteAssignment]:
        """The course's assignments. A grade that is no number of points is negative in Moodle."""
        found = self._call("mod_assign_get_assignments", courseids=[self._course])
        return [
            RemoteAssignment(
                str(one["id"]), one["name"], float(one["grade"]) if one["grade"] > 0 else None
            )
            for course in found["courses"]
            for one in course["assignments"]
        ]

    def grades(self, assignment: RemoteAssignment) -> dict[str, float]:
        """The grades on record, of each person's latest attempt; -1 is none."""
        answer = self._call("mod_assign_get_grades", assignmentids=[int(assignment.id)])
        latest: dict[str, tuple[int, float]] = {}
        for one in (grade for found in answer["assignments"] for grade in found["grades"]):
            value = one["attemptnumber"], float(one["grade"] or -1)
            person = str(one["userid"])
            latest[person] = max(latest.get(person, value), value)
        return {person: grade for person, (_, grade) in latest.items() if grade >= 0}

    def send(self, assignment: RemoteAssignment, points: Mapping[str, float]) -> Refused:
        """Save them, each for the latest attempt. What Moodle refuses, it refuses as a whole."""
        try:
            self._call(
                "mod_assign_save_grades",
                assignmentid=int(assignment.id),
                applytoall=0,
                grades=[
                    {
                        "userid": int(person),
                        "grade": f"{value:g}",
                        "attemptnumber": -1,
                        "addattempt": 0,
                        "workflowstate": "released",
                    }
                    for person, value in points.items()
                ],
            )
        except LmsError as error:
            if len(points) == 1:
                return Refused(dict.fromkeys(points, str(error)))
            return self._one_by_one(assignment, points)
        return Refused()

    def _one_by_one(self, assignment: RemoteAssignment, points: Mapping[str, float]) -> Refused:
        """One that Moodle does not take costs the others nothing."""
        why: dict[str, str] = {}
        for person, value in points.items():
            why |= self.send(assignment, {person: value}).why
        if len(set(why.values())) == 1 and len(why) == len(points):
            raise LmsError(f"Moodle takes no grade: {next(iter(why.values()))}")
        return Refused(why)


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Arguments as Moodle reads them from a form: ``grades[0][userid]``."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in items:
        path = f"{name}[{key}]" if name else str(key)
        if isinstance(one, dict | list):
            yield from _flat(one, path)
        else:
            yield path, one
