"""Start the hub: ``python -m deploy.hub``, or ``make hub``. Ctrl-C stops it, with everything it
started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Annotated

import typer

from . import sandbox
from .course import CourseError, make_course
from .settings import COURSE, ENVIRONMENT, Settings, make

ROOT = Path(__file__).resolve().parents[2]


def main(
    port: Annotated[int, typer.Option(help="The hub's port on 127.0.0.1.")] = 8000,
    into: Annotated[
        Path | None, typer.Option(help="Where everything is kept. Default: build/hub.")
    ] = None,
    assignments: Annotated[
        list[str] | None, typer.Argument(help="What is released. Default: all.")
    ] = None,
) -> None:
    """JupyterHub with the course, an instructor, two students and the oracle, on this machine only.

    Example: python -m deploy.hub svm --port 8000
    """
    from autograder.authoring.build import assignments_in_source
    from autograder.errors import AuthoringError

    settings = make((into or ROOT / "build" / "hub").absolute(), port)
    try:
        sandbox.refuse_without()
        prepare(settings)
        make_course(ROOT, settings, assignments or assignments_in_source(ROOT))
    except (sandbox.SandboxError, CourseError, AuthoringError) as error:
        typer.echo(f"No hub: {error}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(serve(settings))


def serve(settings: Settings) -> int:
    """Run the hub until a signal, and say where it is once it answers. Returns its exit code."""
    log = settings.state / "hub.log"
    command = [
        sys.executable,
        "-m",
        "jupyterhub",
        "-f",
        str(Path(__file__).parent / "jupyterhub_config.py"),
    ]
    stopped = threading.Event()
    # before the hub is begun: a shell's background jobs ignore SIGINT, and would pass that on
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    with log.open("w") as out:
        # a session of its own: Ctrl-C reaches us alone, and the hub is told once
        hub = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, ENVIRONMENT: str(settings.root)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    while hub.poll() is None and not stopped.is_set() and not answers(settings):
        stopped.wait(0.2)
    if hub.poll() is None and not stopped.is_set():
        announce(settings)
    while hub.poll() is None and not stopped.is_set():
        stopped.wait(0.5)
    if hub.poll() is not None:
        typer.echo(f"The hub stopped by itself: {log} says why.", err=True)
        return 1
    typer.echo("Stopping the hub and everybody's servers.")
    hub.terminate()
    hub.wait()
    return 0


def answers(settings: Settings) -> bool:
    """Whether the hub and all its services are up."""
    try:
        return urllib.request.urlopen(f"{settings.address}/hub/login", timeout=5).status == 200
    except OSError:
        return False


def prepare(settings: Settings) -> None:
    """Every folder with the rights it needs, and a home for everybody."""
    settings.root.mkdir(parents=True, exist_ok=True)
    for folder, mode in (
        (settings.state, 0o700),
        (settings.course, 0o700),
        (settings.exchange, 0o755),
    ):
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)
    settings.save()
    sandbox.write_names(settings)
    for name in settings.people:
        sandbox.prepare(settings, name)


def announce(settings: Settings) -> None:
    """The address and the logins."""
    passwords = settings.passwords()
    typer.echo(f"\n  {settings.address}")
    for name in settings.people:
        role = "instructor: Formgrader is at" if name in settings.instructors else "student"
        where = (
            f" {settings.address}/services/{COURSE}/formgrader"
            if name in settings.instructors
            else ""
        )
        typer.echo(f"    {name:<12} {passwords[name]:<10} {role}{where}")
    typer.echo(f"  files: {settings.root}   log: state/hub.log   stop: Ctrl-C\n")
    sys.stdout.flush()


if __name__ == "__main__":
    typer.run(main)
