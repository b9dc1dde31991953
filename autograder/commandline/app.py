"""The commands, their options and their help; each hands on to a module of its name."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from .saying import refusing

app = typer.Typer(
    name="chainrule",
    help="A deep-learning course in notebooks, with an autograder that cannot be fooled.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Course = Annotated[
    Path | None,
    typer.Option(
        help="The course's folder, with nbgrader_config.py. Default: the one you are in.",
        show_default=False,
    ),
]
Isolation = Annotated[
    str | None,
    typer.Option(
        help=(
            "How student code is kept apart: auto (the strongest there is), bubblewrap, landlock "
            "or none."
        ),
        show_default=False,
    ),
]


class Lms(Enum):
    """The learning management systems that grades can be passed on to."""

    canvas = "canvas"
    moodle = "moodle"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@app.command()
def build(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="Names of assignments. Default: all.")
    ] = None,
    course: Course = None,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="The last release went out: let exercises come and go, and grade again.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Make the released notebooks from source/ and solutions/.

    Example: chainrule build svm
    """
    from .build import run

    with refusing(json):
        raise typer.Exit(run(assignments or [], course, json, update))


@app.command()
def publish(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    course: Course = None,
    address: Annotated[
        str | None,
        typer.Option(help="Where it will be served, for hosted notebooks.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Write what students get into a folder, and nothing else; refuse if it gives anything away.

    Example: chainrule publish public --address https://example.org/course
    """
    from .publish import run

    with refusing(json):
        run(folder, course, address, json)


@app.command()
def site(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    course: Course = None,
    pyodide: Annotated[
        str | None,
        typer.Option(
            help=(
                "A folder with Pyodide's distribution, to be bundled, or an address that pages "
                "load it from. Default: build/pyodide of the course, else the public address."
            ),
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write the course as a static site that runs in a browser's tab, for any web server; refuse
    what publish refuses.

    Example: chainrule site public-site --pyodide pyodide/
    """
    from .site import run

    with refusing(json):
        run(folder, course, pyodide, json)


@app.command()
def check(
    notebook: Annotated[
        Path | None, typer.Argument(help="The notebook to judge. Default: all in this folder.")
    ] = None,
    assignment: Annotated[
        str | None, typer.Option(help="Which assignment it answers, if that is not plain.")
    ] = None,
    course: Course = None,
    isolation: Isolation = None,
    json: Json = False,
) -> None:
    """Judge one notebook behind the wall: exit 0 for full marks, 1 for less, 2 if it could not be
    graded. Where there is no course, without the reference and without a wall, as in the notebook.

    With no notebook: all in this folder, as a table and as a page, progress.html; with --course by
    its reference. Exit 0.

    Example: chainrule check submitted/ada/svm/svm.ipynb --json

    Example: chainrule check
    """
    from .check import run

    about = {"notebook": str(notebook), "assignment": assignment} if notebook else {}
    with refusing(json, **about):
        raise typer.Exit(run(notebook, assignment, course, isolation, json))


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="The assignment whose submissions are graded.")],
    course: Course = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="How many submissions are judged at a time.")
    ] = 2,
    isolation: Isolation = None,
    feedback: Annotated[bool, typer.Option(help="Write the pages that students read, too.")] = True,
    seed: Annotated[
        int | None, typer.Option(help="Draw the same inputs again.", show_default=False)
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Judge again what has not changed, too.")
    ] = False,
    db: Annotated[
        str | None,
        typer.Option(
            help="Another gradebook, e.g. postgresql+psycopg://host/course.", show_default=False
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="A Dask scheduler, e.g. tls://host:8786, whose workers judge.", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Grade all of submitted/*/ASSIGNMENT/ into nbgrader's gradebook, autograded/ and feedback/.

    What has not changed since it was graded is not graded again. Interrupted? Give the same command
    again.

    Example: chainrule grade svm --jobs 8
    """
    from ..gradebook.classroom import Wishes
    from .grade import run

    with refusing(json, assignment=assignment):
        raise typer.Exit(
            run(
                assignment,
                course,
                Wishes(jobs, isolation, feedback, seed, force, db, scheduler),
                json,
            )
        )


@app.command("receive")
def receive_submissions(
    course: Course = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on looking until a signal: a service of a hub.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=1, help="How many submissions are judged at a time.")
    ] = 1,
    isolation: Isolation = None,
    receipts: Annotated[
        Path | None,
        typer.Option(
            help="The folder for what students may know. Default: build/received/receipts of the "
            "course.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Judge what students have put into nbgrader's exchange, before anybody collects it. `chainrule
    grade` starts from these verdicts.

    With --watch, --json prints an object a line.

    Example: chainrule receive

    Example: chainrule receive --watch --jobs 2
    """
    from .receive import run

    with refusing(json):
        raise typer.Exit(run(course, jobs, isolation, receipts, watch, json))


@app.command()
def report(
    assignment: Annotated[
        str | None,
        typer.Argument(help="The assignment whose class is reported on. Default: all, as one."),
    ] = None,
    course: Course = None,
    into: Annotated[
        Path | None,
        typer.Option(help="The folder that gets page and tables. Default: reports/ of the course."),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            help="An earlier class's course-report.json, to be set beside this one.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show what a class understood, as HTML and CSV: in one assignment, or over the whole course.
    Grade first.

    Example: chainrule report svm

    Example: chainrule report --compare ../last-year/reports/course-report.json
    """
    from .report import run

    with refusing(json, assignment=assignment):
        run(assignment, course, into, compare, json)


@app.command()
def leaderboard(
    assignment: Annotated[str, typer.Argument(help="The assignment whose models are compared.")],
    identities: Annotated[
        bool, typer.Option("--identities", help="Say who is who; not for a screen that all see.")
    ] = False,
    course: Course = None,
    json: Json = False,
) -> None:
    """Rank the trained models of those students who want it, by what the judge measured: on labels
    that nobody had, as a ratio to the reference trained beside it, with no more steps and
    parameters. Grade first.

    Example: chainrule leaderboard cnn
    """
    from .leaderboard import run

    with refusing(json, assignment=assignment):
        run(assignment, course, identities, json)


@app.command()
def demo(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="Names of assignments. Default: all.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="A folder for the demo's course. Default: build/demo.")
    ] = None,
    course: Course = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="How many submissions are judged at a time.")
    ] = 1,
    isolation: Isolation = None,
    json: Json = False,
) -> None:
    """Make a fresh course with a few submissions, grade them, and show what came of it.

    Example: chainrule demo
    """
    from .demo import run

    with refusing(json):
        raise typer.Exit(run(assignments or [], course, into, jobs, isolation, json))


@app.command()
def audit(
    assignments: Annotated[
        list[str] | None, typer.Argument(help="Names of assignments. Default: all.")
    ] = None,
    course: Course = None,
    files: Annotated[
        Path | None,
        typer.Option(
            help="A folder of *.py and *.ipynb that students wrote, to be judged instead.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Draw the same inputs again.", show_default=False)
    ] = None,
    isolation: Isolation = None,
    json: Json = False,
) -> None:
    """Grade the grader: right answers must pass, every known mistake must be caught and named. Exit
    1 on any miss.

    With --files, say of every distinct function that students wrote what the judge makes of it:
    found by its name, put with all it needs into the released notebook, judged behind the wall.
    Then the exit code is 0.

    Example: chainrule audit svm

    Example: chainrule audit --files submissions-of-last-year/
    """
    from . import audit as grader
    from . import measure

    with refusing(json):
        if files is not None:
            names = assignments or []
            raise typer.Exit(measure.run(files, names, course, seed, isolation, json))
        raise typer.Exit(grader.run(assignments or [], course, seed, json))


@app.command()
def push(
    lms: Annotated[Lms, typer.Argument(help="Where to: canvas or moodle.")],
    assignment: Annotated[str, typer.Argument(help="The assignment whose grades are passed on.")],
    address: Annotated[
        str | None,
        typer.Option(help="The system's address. Default: what lms.toml says.", show_default=False),
    ] = None,
    course_id: Annotated[
        str | None,
        typer.Option(help="The course's number there. Default: lms.toml.", show_default=False),
    ] = None,
    called: Annotated[
        str | None,
        typer.Option(
            help="The assignment's name or number there. Default: lms.toml, else as here.",
            show_default=False,
        ),
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Send; without it nothing is.")] = False,
    roster: Annotated[
        Path | None,
        typer.Option(
            help="A CSV that says who is who: student, and lms_id, login or email.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also replace grades that somebody gave there.")
    ] = False,
    scale: Annotated[
        bool, typer.Option("--scale", help="Reckon in the points that it is worth there.")
    ] = False,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="A file with the token. Default: CHAINRULE_CANVAS_TOKEN or CHAINRULE_MOODLE_TOKEN "
            "of the environment.",
            show_default=False,
        ),
    ] = None,
    course: Course = None,
    json: Json = False,
) -> None:
    """Pass grades on to Canvas or Moodle by their web interfaces: only what differs, and only with
    --send. Interrupted? Give the same command again.

    Example: chainrule push canvas svm --address https://canvas.example.edu --course-id 4711 --send
    """
    from .push import LmsPlace, run

    with refusing(json, assignment=assignment):
        place = LmsPlace(lms.value, address, course_id, called, token_file)
        raise typer.Exit(run(assignment, course, place, roster, overwrite, scale, send, json))


@app.command()
def extensions(course: Course = None, json: Json = False) -> None:
    """Show who may hand in later, as extensions.csv says it: exit 1 if a line cannot be read.

    Example: chainrule extensions
    """
    from .extensions import run

    with refusing(json):
        raise typer.Exit(run(course, json))


@app.command()
def doctor(json: Json = False) -> None:
    """Say what this machine offers for grading, and which images notebooks find.

    Example: chainrule doctor
    """
    from .doctor import run

    with refusing(json):
        run(json)


@app.command()
def oracle(
    course: Course = None,
    log: Annotated[
        Path | None,
        typer.Option(help="A folder for the audit log, one file a user. Default: none is kept."),
    ] = None,
    examiners: Annotated[int, typer.Option(min=1, help="How many processes judge.")] = 2,
    checks_per_minute: Annotated[
        int, typer.Option(min=1, help="How often one user may check in a minute.")
    ] = 60,
    checks_per_hour: Annotated[int, typer.Option(min=1, help="And in an hour.")] = 600,
) -> None:
    """Serve a JupyterHub's students verdicts on the hidden reference, and no value of it. The Hub
    starts this.

    Example: c.JupyterHub.services = [{"name": "oracle", "url": "http://127.0.0.1:8600", "command":
        ["chainrule", "oracle"]}]
    """
    from .oracle import run

    with refusing(False):
        run(course, log, examiners, checks_per_minute, checks_per_hour)
