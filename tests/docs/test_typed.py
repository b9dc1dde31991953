"""What README and docs tell people to type works, typed in order into a fresh copy."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from autograder.commandline.app import app

from .checkout import ROOT, Shell, TypedError, fresh_copy
from .fences import DATA, SHOWN, TYPED, Fence, commands_in_words, fences

FIRST = ("README.md", "public/README.md")
"""A reader begins here, with nothing but the system's programs."""
THEN = (
    "docs/authoring.md",
    "docs/grading.md",
    "docs/scale.md",
    "docs/hub.md",  # of this and what follows little is run: marks say where it is proven
    "docs/tab.md",
    "docs/kubernetes.md",
    "docs/tab.md",
)
"""And goes on here, in the environment that README makes."""
MADE = ("docs/messages.md", "docs/checks.md", "docs/judge.md")
"""Pages that a command writes: nothing to type but that command."""
WRITTEN = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
    if path.relative_to(ROOT).as_posix() not in MADE
)
NOT_RUN = 18
"""How many blocks are passed over, for reasons that stand above them."""
LOG = ROOT / "build" / "typed"
"""What every block printed, a file a document."""


def blocks(document: str, root: Path = ROOT) -> list[Fence]:
    return list(fences(root / document, document))


@pytest.mark.parametrize("document", WRITTEN)
def test_every_block_says_what_it_is(document: str) -> None:
    found = blocks(document)
    known = {*TYPED, *DATA, *SHOWN}
    strange = [one for one in found if one.language not in known and one.language[:1] != "{"]
    assert [one.place for one in strange] == []
    assert [one.place for one in found if _means(one) == ""] == []
    typed = [one.place for one in found if one.language in TYPED]
    assert typed == [] or document in (*FIRST, *THEN), "list the document in FIRST or THEN"


def _means(block: Fence) -> str:
    """What is done with a block: run, written, read or shown; empty where that is not plain."""
    marks = set(block.marks)
    if marks == {"not run"}:
        return "not run"
    if marks in ({"file"}, {"append"}):
        return "written"
    if block.language in TYPED:
        return "run" if marks <= {"until"} else ""
    if marks:
        return ""
    return "read" if block.language in DATA else "shown"


def test_what_is_not_run_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed with their reasons, at every run; whoever adds one says so above."""
    left_out = [
        (one.place, one.marks["not run"])
        for name in WRITTEN
        for one in blocks(name)
        if one.marks
        if "not run" in one.marks
    ]
    means = Counter(_means(one) for name in WRITTEN for one in blocks(name))
    with capsys.disabled():
        run, written = means["run"], means["written"]
        print(f"\n{run} blocks are typed, {written} written to files; {NOT_RUN} are not run:")
        for place, reason in left_out:
            print(f"  {place}: {reason}")
    assert all(len(reason.split()) > 2 for _, reason in left_out)
    assert len(left_out) == NOT_RUN


@pytest.mark.parametrize("document", WRITTEN)
def test_data_can_be_read(document: str) -> None:
    for one in blocks(document):
        if one.language == "json":
            json.loads(one.text)
        elif one.language == "yaml":
            yaml.safe_load(one.text)
        elif one.language == "python":
            compile(one.text, one.place, "exec")


def test_commands_in_sentences_exist() -> None:
    """The word after chainrule is a command, the options after it are its options; the same for
    make's targets and for files and folders of tests.
    """
    commands: dict[str, Any] = vars(typer.main.get_command(app))["commands"]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    lost = []
    for document in WRITTEN:
        for line, code in commands_in_words(ROOT / document):
            words = code.split()
            if words[:1] == ["chainrule"] and len(words) > 1 and words[1] != "...":
                command = commands.get(words[1])
                known = {name for one in command.params for name in one.opts} if command else set()
                asked = {one.partition("=")[0] for one in words if one.startswith("--")}
                if command is None or asked - known - {"--help"}:
                    lost.append(f"{document}:{line}: {code}")
            elif words[:1] == ["make"] and {one for one in words[1:] if "=" not in one} - targets:
                lost.append(f"{document}:{line}: {code}")
            elif words[:1] == ["pytest"]:
                lost += [
                    f"{document}:{line}: {code}"
                    for one in words[1:]
                    if "/" in one and "NAME" not in one and not (ROOT / one).exists()
                ]
    assert lost == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fresh_copy(tmp_path_factory.mktemp("typed") / "chainrule")


@pytest.mark.docs
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("document", [*FIRST, *THEN])
def test_it_works_as_it_is_written(document: str, copy: Path) -> None:
    path = copy / document
    assert path.is_file(), "the documents before this one make it"
    folder = path.parent if document == "public/README.md" else copy
    home = copy.parent / "homes" / document.replace("/", "-")
    environment = None if document in FIRST else copy / ".venv"
    shell = Shell(folder, home, environment=environment)
    LOG.mkdir(parents=True, exist_ok=True)
    with (LOG / f"{document.replace('/', '-')}.txt").open("w") as log:
        for block, printed in _typed(document, copy, shell):
            log.write(f"=== {block.place}\n{block.text}--- printed\n{printed}\n")
            log.flush()
    if document in FIRST:  # each says how large the folder is by now
        _no_larger_than_stated(path, copy / "public")


def _no_larger_than_stated(readme: Path, folder: Path) -> None:
    (stated,) = re.findall(r"some (\d+) MB", readme.read_text())
    files = [path for path in folder.rglob("*") if not path.is_symlink() and path.is_file()]
    assert sum(path.stat().st_size for path in files) < int(stated) * 1e6


def _typed(document: str, copy: Path, shell: Shell) -> Iterator[tuple[Fence, str]]:
    for block in blocks(document, copy):
        means = _means(block)
        try:
            if means == "written":
                yield block, _write(block, shell.folder)
            elif means == "run":
                yield block, _type(block, shell)
        except TypedError as error:
            pytest.fail(f"{block.place}: {error}")


def _write(block: Fence, folder: Path) -> str:
    name = block.marks.get("file") or block.marks["append"]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w" if "file" in block.marks else "a", encoding="utf-8") as file:
        file.write(block.text)
    return f"(written to {name})"


def _type(block: Fence, shell: Shell) -> str:
    text = block.text
    if block.language == "python":
        script = shell.home / "typed.py"
        script.write_text(text, encoding="utf-8")
        text = f"python {script}"
    until = block.marks.get("until")
    return shell.run_until(text, until) if until else shell.run(text)
