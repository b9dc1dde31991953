"""A published notebook opened alone, as in a hosted notebook: in an empty folder, by a Python that
knows nothing of the course.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from courses.course import RIGHT, TinyCourse, code
from nbclient import NotebookClient

from autograder.authoring.publish import publish
from autograder.course.fetch_cell import fetch_cell, is_fetch_cell
from autograder.fetch import FetchFailed, fetch_assignment
from autograder.grading.handed_in import read_notebook
from autograder.grading.rebuild import rebuild
from autograder.released.contents import CONTENTS, UnreadableContents, read_contents

pytestmark = pytest.mark.integration


class Served:
    """A folder that a web server serves, and what was asked of it."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.folder = folder
        asked = self.asked

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                asked.append(self.path)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def served(tiny_built: TinyCourse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = Served(tmp_path_factory.mktemp("served") / "public")
    place.folder.mkdir()
    publish(tiny_built.root, place.folder, address=place.address)
    yield place
    place.server.shutdown()


@pytest.fixture
def published(served: Served) -> dict[str, Any]:
    return json.loads((served.folder / "assignments/tiny/tiny.ipynb").read_bytes())


@pytest.fixture(scope="module")
def strange_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with all that is installed here, but for the course."""
    place = tmp_path_factory.mktemp("strange")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    (theirs,) = place.glob("lib/python3*/site-packages")
    (ours,) = Path(sys.prefix).glob("lib/python3*/site-packages")
    for path in ours.iterdir():
        if "chainrule" not in path.name and path.suffix != ".pth":
            (theirs / path.name).symlink_to(path)
    return place / "bin/python"


def run_alone(notebook: dict[str, Any], folder: Path, python: Path) -> list[Any]:
    """The cells, run by a kernel of that Python."""
    spec = folder.parent / "jupyter/kernels/strange"
    spec.mkdir(parents=True, exist_ok=True)
    start = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    stated = {"argv": start, "display_name": "strange", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(stated))
    os.environ["JUPYTER_PATH"] = str(folder.parent / "jupyter")
    try:
        client = NotebookClient(
            nbformat.reads(json.dumps(notebook), as_version=4),
            kernel_name="strange",
            allow_errors=True,
            resources={"metadata": {"path": str(folder)}},
        )
        return client.execute().cells
    finally:
        del os.environ["JUPYTER_PATH"]


def answered(notebook: dict[str, Any]) -> dict[str, Any]:
    filled = deepcopy(notebook)
    for cell in filled["cells"]:
        cell["source"] = RIGHT.get(cell["id"], cell["source"])
    return filled


def outputs(cells: list[Any], start: str) -> str:
    (cell,) = (one for one in cells if one.source.startswith(start))
    return json.dumps(cell.outputs)


def test_a_notebook_alone_fetches_the_rest_and_checks(
    served: Served, published: dict[str, Any], strange_python: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    cells = run_alone(answered(published), folder, strange_python)
    said = outputs(cells, "# Opened by itself")
    assert "files of tiny are in" in said
    assert "Error" not in said
    assert "all checks passed, 6 of 6 points" in outputs(cells, 'check("half_square")')
    assert f"/{CONTENTS}" in served.asked
    beside = {path.name for path in (folder / "tiny").iterdir()}
    assert beside >= {"exercises", "shared.py", "expected.answers"}


def test_where_the_rest_is_at_hand_it_does_nothing(
    served: Served, published: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = tmp_path / "tiny"
    shutil.copytree(served.folder / "assignments/tiny", beside)
    asked = len(served.asked)
    for start in (beside, tmp_path):  # in the notebook's folder, and above one fetched before
        monkeypatch.chdir(start)
        fetch_assignment("tiny", served.address)
        assert Path.cwd() == beside
    assert len(served.asked) == asked
    assert sum(is_fetch_cell("".join(cell["source"])) for cell in published["cells"]) == 1


def test_what_cannot_be_fetched_is_told_in_a_line(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FetchFailed, match="no course with huge is served at"):
        fetch_assignment("huge", served.address)
    with pytest.raises(FetchFailed, match="cannot be reached"):
        fetch_assignment("tiny", "http://127.0.0.1:9")
    with pytest.raises(FetchFailed, match="no address of the web"):
        fetch_assignment("tiny", f"file://{served.folder}")
    other = Served(tmp_path / "other")
    shutil.copytree(served.folder, other.folder)
    (other.folder / "assignments/tiny/shared.py").write_text("SECONDS = 0\n")
    with pytest.raises(FetchFailed, match=r"shared\.py is another than was published"):
        fetch_assignment("tiny", other.address)
    other.server.shutdown()


@pytest.mark.parametrize("path", ["../up.py", "/etc/x", "a\\b", "C:x", ""])
def test_no_list_of_files_leads_out_of_the_folder(path: str) -> None:
    stated = {"wheel": "w", "assignments": {"tiny": {path: "0"}}}
    with pytest.raises(UnreadableContents):
        read_contents(json.dumps(stated).encode())


def as_a_hosted_notebook_saves_it(notebook: dict[str, Any]) -> bytes:
    """Without the cells' ids, with metadata of its own."""
    saved = deepcopy(notebook)
    saved["metadata"] = {
        "colab": {"provenance": [], "toc_visible": True},
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "accelerator": "GPU",
    }
    for number, cell in enumerate(saved["cells"]):
        del cell["id"]
        cell["metadata"] = {"id": f"hT9x{number}"}
        if cell["cell_type"] == "code":
            base = "https://localhost:8080/"
            cell["metadata"] |= {"colab": {"base_uri": base}, "outputId": f"f3{number}"}
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    return json.dumps(saved | {"nbformat_minor": 0}).encode()


def test_what_comes_back_is_known_cell_by_cell(
    tiny_built: TinyCourse, published: dict[str, Any]
) -> None:
    """The cell that was added runs nowhere; nor does a demonstration that nobody touched."""
    mine = answered(published)
    mine["cells"].append(code("mine = 1"))
    rebuilt = rebuild(tiny_built.release, read_notebook(as_a_hosted_notebook_saves_it(mine)))
    released = [cell["id"] for cell in tiny_built.release["cells"]]
    assert [cell["id"] for cell in rebuilt.notebook["cells"]] == [*released, "student-1"]
    assert rebuilt.notes == ()
    texts = {cell["id"]: cell["source"] for cell in rebuilt.notebook["cells"]}
    assert {name: texts[name] for name in RIGHT} == RIGHT
    skipped = [cell for cell in rebuilt.notebook["cells"] if "the demo ran" in cell["source"]]
    assert [cell["metadata"]["chainrule"]["skip"] for cell in skipped] == [True]


def test_a_cell_that_somebody_wrote_into_is_theirs(tiny_built: TinyCourse) -> None:
    cell = fetch_cell("tiny", "https://example.org/a%20course/~ada", "chainrule-0.1.0.whl")
    assert is_fetch_cell(cell["source"])
    assert not is_fetch_cell(cell["source"] + "\nprint(1)")
    assert not is_fetch_cell(cell["source"].replace("%pip", "print(1); %pip"))
