"""A real oracle process, and the least Hub that can vouch for tokens."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from courses.course import BIN, ROOT, TinyCourse

from autograder.course.assignment import load_assignment
from autograder.exercise.trial import Exercise
from autograder.oracle.packets import Arrays, Challenge, pack_outputs, read_challenge

PREFIX = "/services/oracle/"


class TokenHub:
    """Answers ``GET /hub/api/user`` as JupyterHub does: "token-of-ada" is ada's; "visitor-of-ada"
    lacks the scope.
    """

    def __init__(self) -> None:
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, _, name = (
                    self.headers["Authorization"].removeprefix("token ").partition("-of-")
                )
                known = self.path == "/hub/api/user" and kind in ("token", "visitor", "service")
                scopes = [] if kind == "visitor" else ["access:services!service=oracle"]
                user = {
                    "kind": "service" if kind == "service" else "user",
                    "name": name,
                    "scopes": scopes,
                }
                hub.asked += 1
                body = json.dumps(user if known else {"status": 403}).encode()
                self.send_response(200 if known else 403)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.asked = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hub/api"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@dataclass
class Served:
    """A running oracle, and ways to ask it."""

    port: int
    process: subprocess.Popen[bytes]
    hub: TokenHub
    log: Path
    course: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    def request(self, method: str, path: str, body: bytes = b"", user: str = "ada", **headers: str):
        """One request with a user's token: status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Authorization": f"token token-of-{user}", **headers}
            connection.request(method, PREFIX + path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def challenge(self, exercise: str, assignment: str = "tiny", user: str = "ada") -> Challenge:
        asked = json.dumps({"assignment": assignment, "exercise": exercise}).encode()
        status, body = self.request("POST", "challenges", asked, user)
        assert status == 200, body
        return read_challenge(body)

    def answer(
        self, challenge: Challenge, outputs: list[Arrays], user: str = "ada"
    ) -> list[dict[str, Any]]:
        status, body = self.request(
            "POST", f"challenges/{challenge.id}/outputs", pack_outputs(outputs), user
        )
        assert status == 200, body
        return json.loads(body)["findings"]

    def ask(
        self,
        exercise: str,
        change: Callable[[str, np.ndarray], Any],
        assignment: str = "tiny",
        user: str = "ada",
    ):
        """Answer a fresh challenge with the reference's outputs, each put through ``change(name,
        array)``.

        Gives what was said, and the reference's outputs.
        """
        challenge = self.challenge(exercise, assignment, user)
        truth = self.truth(exercise, challenge, assignment)
        sent = [
            {name: np.asarray(change(name, array)) for name, array in one.items()} for one in truth
        ]
        return self.answer(challenge, sent, user), truth

    def exercises(self, assignment: str = "tiny") -> dict[str, Exercise]:
        return dict(load_assignment(self.course, assignment).exercises)

    def truth(self, exercise: str, challenge: Challenge, assignment: str = "tiny") -> list[Arrays]:
        """What is right: the test's own reference on the challenge's inputs."""
        from autograder.watch.evaluate import call

        loaded = load_assignment(self.course, assignment)
        asked = loaded.exercises[exercise]
        return [call(asked, loaded.reference, inputs).arrays() for _, inputs in challenge.cases]

    def audit(self, user: str = "ada") -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.log / f"{user}.jsonl").read_text().splitlines()]

    def peak_memory(self) -> int:
        """The most memory that the serving process ever had, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return (
            int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
            << 10
        )


@contextmanager
def serving(course: Path, log: Path, *options: str) -> Iterator[Served]:
    """``chainrule oracle`` as a Hub would start it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hub = TokenHub()
    environment = {
        **os.environ,
        "JUPYTERHUB_API_URL": hub.url,
        "JUPYTERHUB_API_TOKEN": "the-token-of-the-service",
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
        "JUPYTERHUB_SERVICE_PREFIX": PREFIX,
        "JUPYTERHUB_SERVICE_NAME": "oracle",
    }
    words = log.parent / f"{log.name}.err"
    command = [
        str(BIN / "chainrule"),
        "oracle",
        "--course",
        str(course),
        "--log",
        str(log),
        *options,
    ]
    with words.open("wb") as err:
        process = subprocess.Popen(command, env=environment, stdout=err, stderr=err)
    try:
        served = Served(port, process, hub, log, course)
        for _ in range(600):
            assert process.poll() is None, words.read_text()
            try:
                served.request("GET", "")
                break
            except OSError:
                time.sleep(0.1)
        yield served
        assert process.poll() is None, words.read_text()
        assert "Traceback" not in words.read_text(), words.read_text()
    finally:
        process.terminate()
        process.wait()
        hub.close()


UNHURRIED = ("--checks-per-minute", "100000", "--checks-per-hour", "100000")


@pytest.fixture(scope="module")
def tiny_oracle(
    tiny_built: TinyCourse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """An oracle of the tiny course, in no hurry."""
    with serving(tiny_built.root, tmp_path_factory.mktemp("oracle") / "log", *UNHURRIED) as served:
        yield served


@pytest.fixture(scope="module")
def course_oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An oracle of the course itself."""
    with ExitStack() as stack:
        yield stack.enter_context(
            serving(ROOT, tmp_path_factory.mktemp("oracle") / "log", *UNHURRIED)
        )
