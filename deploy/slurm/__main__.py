"""Start a scheduler here and workers on the cluster: ``python -m deploy.slurm --workers 16``.
Ctrl-C ends them all.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from .cluster import ClusterError, started

ROOT = Path(__file__).resolve().parents[2]
CHECK_SECONDS = 5.0


def main(
    workers: Annotated[int, typer.Option(help="How many jobs with one worker each.", min=1)] = 4,
    gpu: Annotated[
        bool, typer.Option(help="Each with a card of its own: section chainrule-gpu.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option(help="Your copy of deploy/slurm/dask.yaml.", exists=True)
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            help=(
                "Where the keys are kept, on a disk that the nodes see. Default: build/slurm/cpu "
                "or gpu."
            )
        ),
    ] = None,
) -> None:
    """A Dask scheduler on this machine and its workers as Slurm jobs, until Ctrl-C. All of it
    speaks TLS.

    Example: python -m deploy.slurm --workers 2 --gpu
    """
    ended = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda number, frame: ended.set())
    folder = (into or ROOT / "build" / "slurm" / ("gpu" if gpu else "cpu")).absolute()
    try:
        with started(folder, config, gpu=gpu) as cluster:
            cluster.scale(jobs=workers)
            typer.echo(
                f"{workers} jobs are asked for (squeue shows them); this waits for the first."
            )
            while not cluster.scheduler_info["workers"] and not ended.wait(0.2):
                pass
            typer.echo("Now, in another shell on this machine:\n")
            typer.echo(f"    export DASK_CONFIG={folder}")
            typer.echo(f"    chainrule grade ASSIGNMENT --scheduler {cluster.scheduler_address}\n")
            while not ended.wait(CHECK_SECONDS):
                cluster.scale(jobs=workers)  # in place of those that Slurm has ended
    except ClusterError as error:
        typer.echo(f"No workers: {error}", err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    typer.run(main)
