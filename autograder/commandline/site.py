"""``chainrule site``."""

from __future__ import annotations

from pathlib import Path

from .saying import console, course_root, print_json


def run(into: Path, course: Path | None, pyodide: str | None, json: bool) -> None:
    """Write the course as a static site, and say what it weighs and how to look at it."""
    from ..site import build_site

    root = course_root(course)
    done = build_site(root, into, pyodide)
    if json:
        print_json(
            {
                "folder": str(done.folder),
                "assignments": done.assignments,
                "bytes": done.size,
                "pyodide_bytes": done.pyodide_size,
                "outside": done.outside,
            }
        )
        return
    out = console()
    listed = ", ".join(done.assignments)
    out.print(f"[bold]{done.folder}[/]: {listed}; {done.size / 1e6:.0f} MB in all")
    if done.outside:
        out.print(f"  pages load Pyodide from {done.outside}")
    else:
        out.print(f"  Pyodide is bundled ({done.pyodide_size / 1e6:.0f} MB): nothing is loaded")
        out.print("  from elsewhere")
    out.print(f"  look at it: python -m http.server --directory {done.folder}")
