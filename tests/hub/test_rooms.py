"""What a student's server can get at, tried from within its own room; and how the hub comes and
goes.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from autograder.wall.outside.isolation import bwrap
from deploy.hub import sandbox

from .conftest import ROOT, Hub

pytestmark = [pytest.mark.hub, pytest.mark.timeout(600)]

PROBE = """
import glob, json, os, pwd, sys
def tries(action):
    try:
        return repr(action())[:300]
    except BaseException as error:
        return type(error).__name__
read = {path: tries(lambda: open(path, "rb").read(100)) for path in %(files)r}
listed = {path: tries(lambda: os.listdir(path)) for path in %(folders)r}
written = {path: tries(lambda: open(os.path.join(path, "x"), "w").close()) for path in %(writable)r}
environ = [tries(lambda: open(path, "rb").read()) for path in glob.glob("/proc/[0-9]*/environ")]
print(json.dumps({
    "read": read, "listed": listed, "written": written, "me": pwd.getpwuid(os.getuid()).pw_name, "uid": os.getuid(),
    "processes": len(environ), "hub": any("CHAINRULE_HUB" in one for one in environ),
    "imports": [tries(lambda: __import__(name)) for name in ("autograder", "coursekit", "solutions")],
    "home": os.getcwd(), "root": tries(lambda: os.setuid(0)),
}))
"""


def in_the_room_of(hub: Hub, name: str, **places: list[str]) -> dict:
    """Run the probe where somebody's server runs."""
    command = [*sandbox.command(hub.settings, name), sys.executable, "-c", PROBE % places]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_a_students_server_sees(hub: Hub):
    one = hub.settings
    secrets = [
        *(str(path) for root in (ROOT, one.course) for path in (root / "solutions").rglob("*.py")),
        str(one.course / "gradebook.db"),
        str(one.course / "build/source/svm/svm.ipynb"),
        str(one.state / "passwords.json"),
        str(one.state / "jupyterhub.sqlite"),
        str(one.state / "cookie_secret"),
        str(ROOT / ".git/HEAD"),
        str(ROOT / "demo/svm"),
        "/etc/shadow",
    ]
    assert len(secrets) > 12
    for path in secrets[:-3]:
        assert Path(path).is_file(), (
            path
        )  # they are there; it is the student who does not find them
    inbound = str(one.exchange / "chainrule/inbound")
    outbound = str(one.exchange / "chainrule/outbound")
    found = in_the_room_of(
        hub,
        "ada",
        files=[*secrets, f"{outbound}/svm/svm.ipynb"],
        folders=[
            str(one.home("ben")),
            "/home",
            str(one.root),
            str(one.course),
            str(one.state),
            inbound,
        ],
        writable=[
            "/home/ada",
            inbound,
            outbound,
            str(one.exchange / "chainrule"),
            "/usr",
            str(ROOT),
            "/etc",
            sys.prefix,
        ],
    )
    told = {
        path: said
        for path, said in found["read"].items()
        if said not in ("FileNotFoundError", "PermissionError")
    }
    assert list(told) == [f"{outbound}/svm/svm.ipynb"]
    assert found["listed"]["/home"] == "['ada']"
    refused = {"FileNotFoundError", "PermissionError"}
    assert {
        found["listed"][str(path)] for path in (one.home("ben"), one.course, one.state)
    } <= refused
    assert found["listed"][str(one.root)] == "['exchange']"
    written = {path for path, said in found["written"].items() if said == "None"}
    assert written == {"/home/ada", inbound}
    assert found["imports"][2] == "ModuleNotFoundError"
    assert all("module" in one for one in found["imports"][:2])
    assert (found["me"], found["home"]) == ("ada", "/home/ada")
    assert found["processes"] < 5
    assert not found["hub"]
    if os.geteuid() == 0:
        assert found["uid"] == one.uid("ada") != one.uid("ben")
        assert found["root"] == "PermissionError"
        assert (
            found["listed"][inbound] == "PermissionError"
        )  # what others handed in cannot even be named


def test_it_says_where_it_is_and_who_may_log_in(hub: Hub):
    assert hub.settings.address in hub.said
    for name, password in hub.settings.passwords().items():
        assert f"{name} " in hub.said
        assert password in hub.said
    assert (hub.settings.state / "passwords.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_with_all_it_started_and_keeps_what_was_done(
    tmp_path: Path, number: signal.Signals
):
    hub = Hub(tmp_path / "hub")
    login = urllib.request.urlopen(f"{hub.settings.address}/hub/login")
    assert login.status == 200
    (hub.settings.home("ada") / "work.txt").write_text("mine")
    passwords = hub.settings.passwords()
    assert len(processes_of(hub)) >= 5  # itself, the Hub, the proxy, Formgrader, the oracle
    hub.process.send_signal(number)
    assert hub.process.wait(timeout=60) == 0
    deadline = time.monotonic() + 10
    while processes_of(hub) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes_of(hub) == []
    again = Hub(tmp_path / "hub")
    assert again.settings.passwords() == passwords
    assert (again.settings.home("ada") / "work.txt").read_text() == "mine"
    assert again.stop() == 0


def processes_of(hub: Hub) -> list[str]:
    """Everything that was started with this hub's folder in its words or its environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if str(hub.settings.root).encode() in words and int(folder.name) != os.getpid():
            found.append(words[:200].decode(errors="replace"))
    return found


ORDINARY_USER = 23456
ORDINARY = """
import subprocess, sys
from pathlib import Path
from autograder.wall.outside.isolation import bwrap
from deploy.hub import sandbox
from deploy.hub.__main__ import prepare
from deploy.hub.settings import make
hub = make(Path(sys.argv[1]), 8000)
prepare(hub)
(hub.exchange / "chainrule/inbound").mkdir(parents=True)
(hub.course / "secret").write_text("42")
raise SystemExit(subprocess.run([*sandbox.command(hub, "ada"), sys.executable, "-c", sys.argv[2]]).returncode)
"""


def as_an_ordinary_user(command: list[str], own: Path) -> list[str]:
    """The command, with no rights at all where the tests have root's. The interpreter may lie in
    root's home.
    """
    if os.geteuid() != 0:
        return command
    shutil.chown(own, ORDINARY_USER, ORDINARY_USER)
    home, interpreter = Path.home(), Path(sys.base_prefix)
    room = [bwrap(), "--die-with-parent", "--cap-add", "ALL", "--dev-bind", "/", "/"]
    if interpreter.is_relative_to(home):
        room += ["--perms", "0755", "--tmpfs", str(home)]
        for parent in reversed(interpreter.relative_to(home).parents):
            room += ["--perms", "0755", "--dir", str(home / parent)]
        room += ["--ro-bind", str(interpreter), str(interpreter)]
    user = str(ORDINARY_USER)
    return [
        *room,
        "--chdir",
        str(ROOT),
        "setpriv",
        f"--reuid={user}",
        f"--regid={user}",
        "--clear-groups",
        *command,
    ]


def test_an_ordinary_users_hub_keeps_the_same_things_out():
    with tempfile.TemporaryDirectory() as own:  # pytest's own folders are closed to others
        root = Path(own) / "hub"
        probe = PROBE % {
            "files": [
                str(root / "course/secret"),
                str(ROOT / "solutions/svm.py"),
                str(root / "state/passwords.json"),
            ],
            "folders": [str(root), str(root / "homes/ben")],
            "writable": [
                "/home/ada",
                str(root / "exchange/chainrule"),
                str(root / "exchange/chainrule/inbound"),
            ],
        }
        command = as_an_ordinary_user([sys.executable, "-c", ORDINARY, str(root), probe], Path(own))
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "HOME": own}
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found["read"].values()) <= {"FileNotFoundError", "PermissionError"}
    assert found["listed"][str(root)] == "['exchange']"
    assert found["listed"][str(root / "homes/ben")] == "FileNotFoundError"
    written = {path for path, said in found["written"].items() if said == "None"}
    assert written == {"/home/ada", str(root / "exchange/chainrule/inbound")}
    assert (found["me"], found["processes"] < 5, found["imports"][2]) == (
        "ada",
        True,
        "ModuleNotFoundError",
    )
