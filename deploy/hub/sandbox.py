"""The room that a person's Jupyter server runs in: the system and the course's packages to read,
their own files to write.

Neither ``solutions/``, the gradebook, the repository, other people's files nor the Hub's own are
there. Where the hub runs as root, everybody also is a user of their own.
"""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from autograder.wall.outside.isolation import (
    ACCELERATORS,
    SYSTEM,
    bubblewrap_problem,
    bwrap,
    visible_paths,
)

from .settings import COURSE, Settings

CONFIGURATION = Path(__file__).resolve().parent / "jupyter"


class SandboxError(Exception):
    """People's servers cannot be kept apart here: one sentence with what to install."""


def refuse_without() -> None:
    """Raise SandboxError when this machine has not what the sandbox is made of."""
    if problem := bubblewrap_problem():
        raise SandboxError(f"students' servers run in a sandbox, and {problem}")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        raise SandboxError("setpriv is not installed (apt install util-linux)")


def command(settings: Settings, name: str) -> list[str]:
    """What comes before the command of a person's server."""
    inside = f"/home/{name}"
    words = [bwrap(), "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    words += ["--unshare-cgroup-try"]
    if os.geteuid() == 0:
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    words += [*_system(), "--proc", "/proc", "--dev", "/dev", "--ro-bind-try", "/sys", "/sys"]
    for pattern in ACCELERATORS:
        for path in glob.glob(pattern):
            words += ["--dev-bind", path, path]
    for room in ("/tmp", "/dev/shm"):
        words += ["--perms", "1777", "--tmpfs", room]
    for path in ("passwd", "group"):
        words += ["--ro-bind", str(settings.state / "etc" / name / path), f"/etc/{path}"]
    shown = [*map(str, visible_paths()), str(CONFIGURATION)]
    shown = [path for path in shown if not any(Path(one) in Path(path).parents for one in SYSTEM)]
    exchange = settings.exchange / COURSE
    places = [*shown, inside, str(settings.exchange)]
    for parent in sorted(
        {str(parent) for path in places for parent in Path(path).parents} - {"/", "/tmp"}
    ):
        words += [
            "--perms",
            "0755",
            "--dir",
            parent,
        ]  # bubblewrap's own would be closed to other users
    for path in shown:
        words += ["--ro-bind", path, path]
    words += ["--bind", str(settings.home(name)), inside]
    # nbgrader wants to be able to write into the exchange's root: here that is an empty folder of
    # one's own
    words += [
        "--perms",
        "1777",
        "--tmpfs",
        str(settings.exchange),
        "--ro-bind",
        str(exchange),
        str(exchange),
    ]
    words += ["--bind", str(exchange / "inbound"), str(exchange / "inbound")]
    words += [
        "--setenv",
        "HOME",
        inside,
        "--setenv",
        "USER",
        name,
        "--chdir",
        "/",
        "--remount-ro",
        "/",
    ]
    if os.geteuid() == 0:
        uid = str(settings.uid(name))
        words += ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    return [*words, "env", f"--chdir={inside}"]


def _system() -> Iterator[str]:
    for path in (*SYSTEM, "/etc"):
        if os.path.islink(path):
            yield from ("--symlink", os.readlink(path), path)
        elif os.path.isdir(path):
            yield from ("--ro-bind", path, path)


def prepare(settings: Settings, name: str) -> None:
    """Make a person's folder, theirs alone."""
    home = settings.home(name)
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, settings.uid(name), settings.uid(name) if os.geteuid() == 0 else -1)
    home.chmod(0o700)


def write_names(settings: Settings) -> None:
    """The user names that nbgrader finds: in their own room everybody has their own, even where all
    share one user.
    """
    users = [(name, settings.uid(name)) for name in settings.people]
    for name, uid in users:
        _write_names(
            settings.state / "etc" / name, [(name, uid), *(one for one in users if one[1] != uid)]
        )
    _write_names(settings.state / "etc", users)


def _write_names(folder: Path, users: list[tuple[str, int]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    users = [("root", 0), *users, ("nobody", 65534)]
    passwd = "".join(f"{name}:x:{uid}:{uid}::/home/{name}:/bin/bash\n" for name, uid in users)
    (folder / "passwd").write_text(passwd)
    (folder / "group").write_text("".join(f"{name}:x:{uid}:\n" for name, uid in users))


def with_names(settings: Settings) -> list[str]:
    """What comes before Formgrader's command where people are users of their own: nbgrader then
    knows them by name.
    """
    if os.geteuid() != 0:
        return []
    names = str(settings.state / "etc" / "passwd")
    words = [bwrap(), "--die-with-parent", "--cap-add", "ALL", "--dev-bind", "/", "/"]
    return [*words, "--ro-bind", names, "/etc/passwd"]
