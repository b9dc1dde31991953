"""Canvas and Moodle, as far as grades go, on this machine: real HTTP servers that take no request
and give no answer that is not as the interface's documentation says.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator

HERE = Path(__file__).parent
TOKEN = "a-token-that-nobody-may-print"
COURSE = 42

Form = dict[str, str]
Answer = tuple[int, dict[str, str], Any]


class Fake:
    """What both have in common. ``trouble``: answers to give instead, one for each coming request;
    ``violations``: what was not as documented; ``asked``: method and address of every request.
    """

    schema: dict[str, Any]

    def __init__(self, people: list[dict[str, Any]], grades: dict[int, float]) -> None:
        self.people = people
        self.grades: dict[int, float] = dict(grades)
        self.trouble: list[Answer] = []
        self.violations: list[str] = []
        self.asked: list[str] = []
        self.saved: list[dict[int, float]] = []
        self.address = ""
        self.lock = threading.Lock()

    def holds(self, part: str, of: str, value: Any) -> None:
        """Note what is not as the documentation has it."""
        found = self.schema[of].get(part)
        if found is None:
            return
        validator = Draft202012Validator({**self.schema, **found})
        self.violations += [
            f"{of} {part}: {error.message}" for error in validator.iter_errors(value)
        ]

    def answer(self, method: str, path: str, query: Form, form: Form, headers: Any) -> Answer:
        """What is answered to a request that nothing is wrong with."""
        raise NotImplementedError


class FakeCanvas(Fake):
    """One course, four people a page."""

    schema = json.loads((HERE / "canvas.json").read_text())
    page = 4

    def __init__(self, people: list[dict[str, Any]], grades: dict[int, float]) -> None:
        super().__init__(people, grades)
        self.assignments = [
            {"id": 7, "name": "Tiny", "points_possible": 12.0, "grading_type": "points"},
            {"id": 8, "name": "Essay", "points_possible": None, "grading_type": "not_graded"},
        ]
        self.fails = ""
        self.progress: dict[int, int] = {}

    def answer(self, method: str, path: str, query: Form, form: Form, headers: Any) -> Answer:
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {}, {"errors": [{"message": "Invalid access token."}]}
        course = f"/api/v1/courses/{COURSE}"
        lists = {
            f"{course}/users": ("users", self.people),
            f"{course}/assignments": ("assignments", self.assignments),
            f"{course}/assignments/7/submissions": ("submissions", self._submissions()),
        }
        if method == "GET" and path in lists:
            of, items = lists[path]
            return self._page(path, of, items, query)
        if (method, path) == ("POST", f"{course}/assignments/7/submissions/update_grades"):
            self.holds("form", "update_grades", form)
            given = {int(key.split("[")[1][:-1]): float(value) for key, value in form.items()}
            if not self.fails:
                self.grades.update(given)
                self.saved.append(given)
            self.progress[len(self.progress) + 1] = 0
            return self._progress(len(self.progress))
        if found := re.fullmatch(r"/api/v1/progress/(\d+)", path):
            return self._progress(int(found[1]))
        return 404, {}, {"errors": [{"message": "The specified resource does not exist."}]}

    def _submissions(self) -> list[dict[str, Any]]:
        return [
            {
                "assignment_id": 7,
                "user_id": one["id"],
                "score": score,
                "grade": None if score is None else f"{score:g}",
                "workflow_state": "unsubmitted" if score is None else "graded",
            }
            for one in self.people
            for score in (self.grades.get(one["id"]),)
        ]

    def _page(self, path: str, of: str, items: list[Any], query: Form) -> Answer:
        self.holds("query", of, query)
        page = int(query.get("page", 1))
        some = items[(page - 1) * self.page : page * self.page]
        self.holds("answer", of, some)
        more = page * self.page < len(items)
        links = [f'<{self.address}{path}?page={page}&per_page=4>; rel="current"']
        if more:
            links.append(f'<{self.address}{path}?page={page + 1}&per_page=4>; rel="next"')
        return 200, {"Link": ",".join(links)}, some

    def _progress(self, number: int) -> Answer:
        states = ["queued", "running", "failed" if self.fails else "completed"]
        step = self.progress[number]
        self.progress[number] = min(step + 1, 2)
        said = {
            "id": number,
            "context_id": COURSE,
            "context_type": "Course",
            "tag": "submissions_update",
            "completion": 50 * step,
            "workflow_state": states[step],
            "message": self.fails or None,
            "url": f"{self.address}/api/v1/progress/{number}",
        }
        self.holds("answer", "progress", said)
        return 200, {}, said


class FakeMoodle(Fake):
    """One course; everybody's first attempt."""

    schema = json.loads((HERE / "moodle.json").read_text())

    def __init__(self, people: list[dict[str, Any]], grades: dict[int, float]) -> None:
        super().__init__(people, grades)
        self.refuses: set[int] = set()

    def answer(self, method: str, path: str, query: Form, form: Form, headers: Any) -> Answer:
        if (method, path) != ("POST", "/webservice/rest/server.php"):
            return 404, {}, "<html>not here</html>"
        fields = nested(form)
        function = fields.pop("wsfunction", "")
        if fields.pop("moodlewsrestformat", "") != "json" or query:
            self.violations.append("not asked for JSON, or something is in the address")
        if fields.pop("wstoken", "") != TOKEN:
            return self._exception("invalidtoken", "Invalid token - token not found")
        if function not in self.schema:
            return self._exception("invalidrecord", "Can't find data record in database")
        before = len(self.violations)
        self.holds("form", function, fields)
        if len(self.violations) > before:
            return self._exception("invalidparameter", "Invalid parameter value detected")
        said = getattr(self, f"_{function}")(fields)
        if isinstance(said, tuple):
            return said
        self.holds("answer", function, said)
        return 200, {}, said

    def _exception(self, code: str, message: str) -> Answer:
        return 200, {}, {"exception": "moodle_exception", "errorcode": code, "message": message}

    def _core_enrol_get_enrolled_users(self, fields: dict) -> Any:
        return self.people

    def _mod_assign_get_assignments(self, fields: dict) -> Any:
        assignments = [
            {"id": 7, "cmid": 70, "course": COURSE, "name": "Tiny", "grade": 12},
            {"id": 8, "cmid": 80, "course": COURSE, "name": "Essay", "grade": -2},
        ]
        course = {"id": COURSE, "fullname": "Deep", "shortname": "DL", "assignments": assignments}
        return {"courses": [course], "warnings": []}

    def _mod_assign_get_grades(self, fields: dict) -> Any:
        grades = [
            {
                "id": number,
                "userid": person,
                "attemptnumber": 0,
                "timecreated": 1,
                "timemodified": 2,
                "grader": 2,
                "grade": f"{grade:.5f}",
            }
            for number, (person, grade) in enumerate(self.grades.items(), 1)
        ]
        return {"assignments": [{"assignmentid": 7, "grades": grades}], "warnings": []}

    def _mod_assign_save_grades(self, fields: dict) -> Any:
        given = {int(one["userid"]): float(one["grade"]) for one in fields["grades"]}
        if self.refuses & set(given):
            return self._exception("couldnotsavegrade", "Could not save grade.")
        self.grades.update(given)
        self.saved.append(given)
        return None


def nested(form: dict[str, str]) -> dict[str, Any]:
    """``grades[0][userid]`` and the like, as PHP reads them."""
    made: dict[str, Any] = {}
    for name, value in form.items():
        path = [part for part in re.split(r"[\[\]]+", name) if part]
        place = made
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = value
    return _lists(made)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = {key: _lists(one) for key, one in value.items()}
    if items and all(key == str(k) for k, key in enumerate(items)):
        return [*items.values()]
    return items


@contextmanager
def served(fake: Fake) -> Iterator[str]:
    """The fake's address while it runs; what was not as documented fails the test."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            form = dict(parse_qsl(self.rfile.read(size).decode(), keep_blank_values=True))
            with fake.lock:
                fake.asked.append(f"{self.command} {self.path}")
                if fake.trouble:
                    status, headers, body = fake.trouble.pop(0)
                else:
                    query = dict(parse_qsl(parts.query))
                    status, headers, body = fake.answer(
                        self.command, parts.path, query, form, self.headers
                    )
            if status == 0:  # the line goes dead
                self.connection.close()
                return
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield fake.address
    finally:
        server.shutdown()
        server.server_close()
    assert fake.violations == []


__all__ = ["COURSE", "TOKEN", "FakeCanvas", "FakeMoodle", "served"]
