"""The command line: ``chainrule``. What a command needs is imported when it runs, so that help is
there at once.
"""

import os


def main() -> None:
    """Run the command line."""
    for library in (
        "OMP",
        "OPENBLAS",
        "MKL",
    ):  # as behind the wall; threads that wait for each other cost a busy machine
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    from .app import app

    app()


__all__ = ["main"]
