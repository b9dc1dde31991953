"""What the tests of the site share."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring.build import assignments_in_source
from autograder.authoring.leak import Secrets
from autograder.authoring.publish import hidden_in

ROOT = Path(__file__).resolve().parents[2]
LIVE = "../site/notebooks/index.html?path={name}/{name}.ipynb"
_SEAM = re.compile(r"""["']\s*f?["']""")


@pytest.fixture(scope="session")
def hidden() -> Secrets:
    """What no page may hold; a hint that an exercise says too travels with it."""
    secret = hidden_in(ROOT, assignments_in_source(ROOT))
    exercises = (path.read_text() for path in ROOT.glob("source/*/exercises/**/*.py"))
    said = " ".join(re.findall(r"\w+", _SEAM.sub("", "".join(exercises)).lower()))
    return replace(secret, hints={one: of for one, of in secret.hints.items() if one not in said})


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, made by its command with warnings as errors."""
    into = tmp_path_factory.mktemp("made") / "pages"
    command = [sys.executable, "-m", "docs.pages", "--into", str(into), "--live", LIVE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return into
