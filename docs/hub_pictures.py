"""Make the pictures of docs/hub.md: what is seen on the way while `make test-hub` tells its story.

python docs/hub_pictures.py       (minutes; writes docs/images/hub/)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images" / "hub"
TOUR = (
    "home",
    "starting",
    "assignments",
    "widget",
    "mistaken",
    "mended",
    "validate",
    "judged",
    "autograded",
    "grading",
    "feedback",
    "report",
)
WIDTH, COLOURS = 960, 64


def main() -> int:
    """Tell the story, keep the pictures that the tour shows, small."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as taken:
        story = [sys.executable, "-m", "pytest", "-m", "hub", "tests/hub/test_story.py"]
        done = subprocess.run(
            story, cwd=ROOT, env={**os.environ, "CHAINRULE_PICTURES": taken}, check=False
        )
        if done.returncode:
            return done.returncode
        for name in TOUR:
            with Image.open(Path(taken) / f"{name}.png") as picture:
                small = picture.convert("RGB").resize(
                    (WIDTH, round(picture.height * WIDTH / picture.width))
                )
                small.quantize(COLOURS).save(IMAGES / f"{name}.png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
