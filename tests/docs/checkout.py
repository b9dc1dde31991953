"""A fresh copy of this repository with an environment of its own, and shells in which people type.

The environment is the one that the tests run in, file by file: nothing is downloaded for it. It is
the copy that is installed there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parents[2]
MINUTES = 20
"""How long one block may take."""
PATIENCE = 900
"""Seconds until a block that stays has to have said its words."""


class TypedError(AssertionError):
    """What a document tells people to type does not work."""


def fresh_copy(into: Path) -> Path:
    """All that is or would be committed, and ``.venv``, in a new folder. ``into`` must not hold
    one.
    """
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    named = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, named.split("\0")):
        if (source := ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, into / name)
    _environment(into)
    return into


def _environment(copy: Path) -> None:
    """The environment that runs this, again: its programs start here, and use the copy."""
    there, here = Path(sys.prefix), copy / ".venv"
    shutil.copytree(there, here, symlinks=True, copy_function=_linked)
    (site,) = here.glob("lib/python3*/site-packages")
    mine = [here / "pyvenv.cfg", *(here / "bin").iterdir()]
    mine += [*site.glob("__editable__*"), *site.glob("chainrule-*.dist-info/*")]
    for path in mine:
        if path.is_file() and not path.is_symlink():
            _rewritten(path, {str(there): str(here), str(ROOT): str(copy)})
    for path in site.glob("__pycache__/__editable__*"):
        path.unlink()
    for made in (".graded", ".done"):  # as `make setup` leaves them
        (here / "bin" / made).touch()


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _rewritten(path: Path, instead: dict[str, str]) -> None:
    """The file anew, never through a link to the one it was copied from."""
    content, mode = path.read_bytes(), path.stat().st_mode
    for old, new in instead.items():
        content = content.replace(old.encode(), new.encode())
    path.unlink()
    path.write_bytes(content)
    path.chmod(mode)


class Shell:
    """Somebody's terminal: what one block changes, the next one finds changed.

    ``bare``: with the system's programs alone; else in the copy's environment.
    """

    def __init__(self, folder: Path, home: Path, *, environment: Path | None = None) -> None:
        self.folder, self.home = folder, home
        home.mkdir(parents=True, exist_ok=True)
        self._state = home / "state.sh"
        path = [str(Path(sys.base_prefix) / "bin"), *_system_path()]
        if environment is not None:
            path.insert(0, str(environment / "bin"))
        self._environment = {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            **_index(),
            "PATH": os.pathsep.join(path),
            "HOME": str(home),
            "BROWSER": "true",
            "PIP_QUIET": "1",
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
        }
        self._state.write_text(f"cd {_quoted(folder)}\n")
        if os.getuid() == 0:  # tests may be root's; Jupyter wants root to say that it means it
            (home / ".jupyter").mkdir(exist_ok=True)
            config = {"ServerApp": {"allow_root": True}}
            (home / ".jupyter/jupyter_server_config.json").write_text(json.dumps(config))

    def run(self, text: str) -> str:
        """Type a block; returns what it printed. Raises TypedError when it fails."""
        with self._started(text) as process:
            try:
                printed, _ = process.communicate(timeout=60 * MINUTES)
            except subprocess.TimeoutExpired:
                raise TypedError(f"still running after {MINUTES} minutes:\n{text}") from None
            finally:
                if process.poll() is None:
                    _end(process, signal.SIGKILL)
        if process.returncode:
            raise TypedError(f"exit status {process.returncode}:\n{text}\n{printed}")
        return printed

    def run_until(self, text: str, words: str) -> str:
        """Type a block that stays; end it, as Ctrl-C does, once it has said the words."""
        with TemporaryFile("w+") as said, self._started(text, said.fileno()) as process:
            until = time.monotonic() + PATIENCE
            try:
                while time.monotonic() < until and process.poll() is None:
                    said.seek(0)
                    if words in (printed := said.read()):
                        return printed
                    time.sleep(0.2)
                said.seek(0)
                raise TypedError(f"never said {words!r}:\n{text}\n{said.read()}")
            finally:
                _end(process, signal.SIGINT)

    def _started(self, text: str, out: int = subprocess.PIPE) -> subprocess.Popen[str]:
        kept = f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {_quoted(self._state)}"
        script = f". {_quoted(self._state)}\nset -eo pipefail\n{text}\nset +e\n{kept}\n"
        return subprocess.Popen(
            ["bash", "-c", script],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


_KEPT = ("TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CHAINRULE_CHROMIUM")
_KEPT += tuple(name for name in os.environ if re.match(r"(PIP_|https?_proxy|no_proxy)", name, re.I))
"""How this machine reaches a package index, and a browser."""


def _index() -> dict[str, str]:
    """Where pip is told of an index in this user's own folder, which no typed command reads."""
    config = Path.home() / ".config" / "pip" / "pip.conf"
    return {"PIP_CONFIG_FILE": str(config)} if config.is_file() else {}


def _system_path() -> list[str]:
    """The search path without any environment's programs."""
    return [one for one in os.get_exec_path() if not (Path(one).parent / "pyvenv.cfg").exists()]


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "'\\''") + "'"


def _end(process: subprocess.Popen[str], first: signal.Signals) -> None:
    """Ask the whole group to end; what does not, is killed."""
    for number in (first, signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(20)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return
