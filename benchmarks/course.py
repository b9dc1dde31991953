"""What the notebooks' models reach on the images that are always there.

    python -m benchmarks.course            # four solved notebooks are run: some minutes
    python -m benchmarks.course --json     # the last line alone

The accuracies are those that the solved notebooks print for their test images; checks are left out.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from autograder.authoring.build import solved_notebook

ROOT = Path(__file__).parents[1]
MODELS = {
    "svm": ("linear SVM",),
    "softmax": ("softmax",),
    "backprop": ("fully connected net",),
    "cnn": ("convolutional net", "residual net"),
}
"""Each notebook's models, in the order in which it tells their accuracies."""
TOLD = re.compile(r"on the test images ([\d.]+)%")


def reached(name: str, progress: Progress) -> dict[str, float]:
    """The test accuracies that a solved notebook prints."""
    notebook: Any = nbformat.from_dict(solved_notebook(ROOT, name))
    cells = notebook.cells
    notebook.cells = [one for one in cells if "check" not in one.metadata.get("chainrule", {})]
    task = progress.add_task(name, total=len(notebook.cells))
    with tempfile.TemporaryDirectory() as scratch:
        folder = shutil.copytree(ROOT / "source" / name, Path(scratch) / name)
        NotebookClient(
            notebook,
            timeout=600,
            resources={"metadata": {"path": str(folder)}},
            on_cell_executed=lambda **_: progress.advance(task),
        ).execute()
    progress.update(task, completed=len(notebook.cells))
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())
    )
    told = [round(float(one) / 100, 4) for one in TOLD.findall(printed)]
    return dict(zip(MODELS[name], told, strict=True))


def main() -> None:
    """Run the four notebooks and print what their models reach."""
    quiet = "--json" in sys.argv[1:]
    found: dict[str, float] = {}
    with Progress(console=Console(stderr=True), disable=quiet) as progress:
        for name in MODELS:
            found |= reached(name, progress)
    if not quiet:
        table = Table("model", "test accuracy")
        for model, accuracy in found.items():
            table.add_row(model, f"{accuracy:.1%}")
        Console().print(table)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
