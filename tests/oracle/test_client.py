"""``check`` where there is an oracle, and where it is away, slow, broken, or somebody else."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from courses.course import HALF_SQUARE, TinyCourse

from autograder.released.sheet import SHEET

from .conftest import Served, serving

WRONG = HALF_SQUARE.replace(" / len(x)", "")
ROW_SUMS = "def row_sums(x): return x.sum(axis=1)"
ROWS_OFF = "def row_sums(x): return x.sum(axis=1) + (np.arange(len(x)) == 1)"


@pytest.fixture
def folder(tiny_built: TinyCourse, tmp_path: Path) -> Path:
    """The assignment as a student has it, but for the expected answers: the oracle alone can
    tell.
    """
    shutil.copytree(tiny_built.root / "assignments/tiny", tmp_path / "tiny")
    (tmp_path / "tiny" / SHEET).unlink()
    return tmp_path / "tiny"


@pytest.fixture
def whole(folder: Path, tiny_built: TinyCourse) -> Path:
    """The assignment with all that comes with it."""
    shutil.copy(tiny_built.root / "assignments/tiny" / SHEET, folder)
    return folder


def run(folder: Path, *code: str, url: str = "", token: str = "token-of-ada") -> tuple[int, str]:
    """What a student's Python says, where the Hub set these variables."""
    (folder / "answer.py").write_text(
        "\n".join(["import numpy as np", "from autograder import check", *code])
    )
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTERHUB", "CHAINRULE"))
    }
    hub = {"CHAINRULE_ORACLE_URL": url, "JUPYTERHUB_API_TOKEN": token} if url else {}
    done = subprocess.run(
        [sys.executable, "answer.py"], cwd=folder, env=clean | hub, capture_output=True, text=True
    )
    assert "Traceback" not in done.stderr or "CheckFailed" in done.stderr, done.stderr
    return done.returncode, done.stdout


@contextmanager
def impostor(
    answer: Callable[[http.server.BaseHTTPRequestHandler], None],
) -> Iterator[tuple[str, list[str]]]:
    """A server that is no oracle, and the headers it was sent."""
    heard: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.headers.get("Authorization", ""))
            answer(self)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", heard
        finally:
            server.shutdown()
            thread.join()


def send(
    status: int, body: bytes, **headers: str
) -> Callable[[http.server.BaseHTTPRequestHandler], None]:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.integration
def test_with_the_oracle_nothing_waits(folder: Path, tiny_oracle: Served):
    code, said = run(folder, HALF_SQUARE, 'check("half_square")', url=tiny_oracle.url)
    assert code == 0
    assert "half_square: all checks passed, 6 of 6 points" in said
    assert "wait" not in said


def test_a_mistake_is_named_without_the_value(folder: Path, tiny_oracle: Served):
    code, said = run(folder, ROWS_OFF, 'check("row_sums")', url=tiny_oracle.url)
    assert code == 1
    assert "total is not right: only for N = 1 (of 0 to" in said
    assert "should be" not in said
    code, said = run(folder, WRONG, 'check("half_square")', url=tiny_oracle.url)
    assert code == 1
    assert "divide by N" in said  # the hint of solutions/mistakes/tiny.py


def test_what_the_expected_answers_refute_the_oracle_is_not_asked(whole: Path):
    with impostor(send(500, b"oops")) as (url, heard):
        code, said = run(whole, ROWS_OFF, 'check("row_sums")', url=url)
    assert (code, heard) == (1, [])
    assert "it should be" in said
    assert "a tiny example" in said


def test_what_they_find_right_the_oracle_tries_on_inputs_of_its_own(
    whole: Path, tiny_oracle: Served
):
    code, said = run(whole, HALF_SQUARE, 'check("half_square")', url=tiny_oracle.url)
    assert (code, "all checks passed, 6 of 6 points" in said) == (0, True)


def test_where_it_is_away_they_still_judge(whole: Path):
    code, said = run(whole, ROW_SUMS, 'check("row_sums")', url="http://127.0.0.1:9/")
    assert code == 0
    assert "4 of 4 points" in said
    assert "The oracle is away (nobody answers)" in said


def test_without_an_oracle_it_is_not_even_looked_for(folder: Path):
    code, said = run(
        folder,
        ROW_SUMS,
        'check("row_sums")',
        "import sys; print('autograder.oracle' in sys.modules)",
    )
    assert code == 0
    assert "2 wait for grading" in said
    assert "oracle is away" not in said
    assert said.endswith("False\n")


def test_away_costs_one_line_and_nothing_else(folder: Path):
    code, said = run(folder, ROW_SUMS, 'check("row_sums")', url="http://127.0.0.1:9/")
    assert code == 0
    assert (
        said.count("The oracle is away (nobody answers): what it would say waits for grading.") == 1
    )
    assert "2 of 4 points so far, 2 wait for grading" in said


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (send(200, b"hello"), "The oracle is not understood (Malformed)"),
        (send(200, b""), "The oracle is not understood (Malformed)"),
        (send(500, b"oops"), "The oracle is away (status 500)"),
        (
            send(503, b'{"detail": "the Hub does not answer"}'),
            "The oracle is away (the Hub does not answer)",
        ),
        (
            send(403, b'{"detail": "this token may not ask the oracle"}'),
            "this token may not ask the oracle",
        ),
        (send(429, b'{"detail": "too many checks: wait 30 s"}'), "too many checks: wait 30 s"),
        (send(404, b'{"detail": ["?"]}'), "The oracle is away (status 404)"),
        (lambda handler: handler.connection.close(), "The oracle is away"),
    ],
)
def test_whatever_it_says_a_check_does_not_fail_for_it(folder: Path, answer, line: str):
    with impostor(answer) as (url, heard):
        code, said = run(folder, ROW_SUMS, 'check("row_sums")', url=url)
    assert heard
    assert code == 0
    assert line in said
    assert "2 wait for grading" in said


def test_what_it_does_not_judge_waits_in_its_words(folder: Path):
    with impostor(send(409, b'{"detail": "waits for grading: it would be given away"}')) as (
        url,
        _,
    ):
        code, said = run(folder, ROW_SUMS, 'check("row_sums")', url=url)
    assert code == 0
    assert "Right values (2 points): waits for grading: it would be given away" in said
    assert "away (" not in said


def test_a_slow_oracle_is_waited_for_once(folder: Path):
    ended = threading.Event()
    impatient = "import autograder.oracle.client as client; client.PATIENCE_SECONDS = 0.3"

    def never(handler: http.server.BaseHTTPRequestHandler) -> None:
        ended.wait(60)

    with impostor(never) as (url, heard):
        code, said = run(
            folder, impatient, ROW_SUMS, 'check("row_sums")', 'check("row_sums")', url=url
        )
        ended.set()
    assert code == 0
    assert len(heard) == 1
    assert said.count("The oracle is away") == 2


def test_the_token_does_not_follow_a_redirection(folder: Path):
    with (
        impostor(send(200, b"")) as (elsewhere, stolen),
        impostor(send(307, b"", Location=elsewhere)) as (url, heard),
    ):
        code, said = run(folder, ROW_SUMS, 'check("row_sums")', url=url)
    assert code == 0
    assert heard == ["token token-of-ada"]
    assert stolen == []
    assert "The oracle is away (status 307)" in said


def test_an_answer_that_fails_on_the_oracles_inputs_is_the_students(
    folder: Path, tiny_oracle: Served
):
    moody = (
        "def row_sums(x):\n    global n; n += 1\n    if n > 4: raise ValueError('tired')\n    "
        "return x.sum(axis=1)"
    )
    code, said = run(folder, "n = 0", moody, 'check("row_sums")', url=tiny_oracle.url)
    assert code == 1
    assert "ValueError: tired" in said


def test_another_folder_is_another_assignment(folder: Path, tiny_oracle: Served):
    renamed = folder.rename(folder.parent / "my work")
    code, said = run(renamed, ROW_SUMS, 'check("row_sums")', url=tiny_oracle.url)
    assert code == 0
    assert "no such assignment: open the notebook from the assignment's own folder" in said


@pytest.mark.integration
def test_too_many_checks_are_told_to_wait(tiny_built: TinyCourse, folder: Path, tmp_path: Path):
    with serving(tiny_built.root, tmp_path / "log", "--checks-per-minute", "3") as served:
        code, said = run(folder, ROW_SUMS, *['check("row_sums")'] * 4, url=served.url)
        assert code == 0
        assert said.count("row_sums: all checks passed, 4 of 4 points") == 3
        assert "The oracle is away (too many checks: wait" in said
        served.challenge("row_sums", user="ben")  # nobody else is held up
        assert [one["event"] for one in served.audit()] == ["challenge", "verdict"] * 3 + [
            "refused"
        ]
