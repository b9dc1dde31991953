"""The command line: ``chainrule``. What a command needs is imported when it runs, so that help is there at once."""


def main() -> None:
    """Run the command line."""
    from .app import app

    app()


__all__ = ["main"]
