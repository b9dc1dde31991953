"""The sentences in docs/messages.md: all that students can read of the autograder, taken from where
each is written.

    python docs/messages_page.py        (writes the page)

Read as syntax trees: a text of three words or more in the modules below is a sentence for students,
unless it explains the code (a docstring) or is raised for authors. What is filled in when it is
said stands in braces."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path(__file__).with_name("messages.md")
WRITTEN_IN = {
    "What the checks say": ["autograder/checks/*.py", "autograder/judge.py"],
    "What an exercise says must be true": [
        "source/*/exercises/**/*.py",
        "coursekit/exercises/*.py",
    ],
    "When an answer gives nothing to judge": [
        "autograder/watch/as_data.py",
        "autograder/watch/devices.py",
        "autograder/watch/evaluate.py",
        "autograder/watch/limit.py",
        "autograder/language/probe.py",
        "autograder/vocabulary/functions.py",
        "autograder/wall/outside/evaluator.py",
        "autograder/wall/outside/session.py",
    ],
    "In the notebook": [
        "autograder/notebook.py",
        "autograder/fetch.py",
        "autograder/report/*.py",
        "autograder/oracle/client.py",
        "coursekit/tab.py",
    ],
    "About a whole submission": [
        "autograder/grading/*.py",
        "autograder/gradebook/arrivals/receipts.py",
    ],
    "About a learner's own folder": ["autograder/progress/*.py"],
}
FOR_AUTHORS = re.compile(
    r"(Exercise|Dims|Assignment|Authoring|Wall|Value|Type|Runtime|Lookup)Error|OtherEngine|compile"
)
"""What is raised, or read as a pattern, with texts that are not for students."""

SIGNATURE = re.compile(r"^(?=.*(->|\w: ([A-Z\d]|int\b|bool\b|any\b)))[\w\s:,<>*+.{}-]*$|^\s*<")
"""What is no sentence: an exercise's inputs and outputs, and the report's HTML."""

FILLED_IN = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")

HEAD = """\
# All that students can read

Made by `python docs/messages_page.py` from the code, never by hand. What is filled in stands in braces.
"""


@dataclass(frozen=True)
class Sentence:
    """What can be said, and where it is written: a file, or an answer and one of its known
    mistakes.
    """

    text: str
    where: str


def sentences() -> dict[str, list[Sentence]]:
    """Every sentence, by occasion, each once."""
    found = {occasion: _written_in(patterns) for occasion, patterns in WRITTEN_IN.items()}
    for path in sorted(ROOT.glob("solutions/mistakes/*.py")):
        if path.stem != "__init__":
            found[f"Known mistakes: {path.stem}"] = list(_hints(_module(path).HINTS))
    return found


def _written_in(patterns: list[str]) -> list[Sentence]:
    once: dict[str, Sentence] = {}
    for path in (path for pattern in patterns for path in sorted(ROOT.glob(pattern))):
        for text in texts(ast.parse(path.read_text())):
            if len(text.split()) > 2 and not SIGNATURE.search(FILLED_IN.sub("n", text)):
                once.setdefault(text, Sentence(text, path.relative_to(ROOT).as_posix()))
    return list(once.values())


def texts(node: ast.AST) -> Iterator[str]:
    """Every text of a tree that is no docstring and not for authors, in its order."""
    if isinstance(node, ast.Call) and FOR_AUTHORS.search(ast.unparse(node.func)):
        return
    if isinstance(node, ast.JoinedStr):
        yield "".join(_part(one) for one in node.values)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from texts(child)


def _part(one: ast.expr) -> str:
    if isinstance(one, ast.Constant):
        return str(one.value)
    return "{" + ast.unparse(one.value if isinstance(one, ast.FormattedValue) else one) + "}"


def _hints(catalogue: Mapping[str, Mapping[str, str]]) -> Iterator[Sentence]:
    for answer, mistakes in catalogue.items():
        for name, hint in mistakes.items():
            yield Sentence(hint, f"{answer}: {name}")


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"mistakes_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for occasion, some in sentences().items():
        where, lines = "", []
        for one in some:
            if one.where.partition(":")[0] != where:
                where = one.where.partition(":")[0]
                lines.append(f"\n`{where}`\n")
            lines.append(f"- {' '.join(one.text.split())}")
        parts.append(f"## {occasion}\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


# --- how they read ------------------------------------------------------------------------------

WORD = re.compile(r"(?<![\w.\[{(_])[a-z]+(?:['’-][a-z]+)*(?![\w\[({_]|\.\w)", re.IGNORECASE)
VOWELS = re.compile(r"[aeiouy]+", re.IGNORECASE)


def words(text: str) -> list[str]:
    """The words proper: neither what is filled in, nor names of code, nor formulas."""
    plain = re.sub(r"\{[^}]*\}|`[^`]*`|\([^()]*[=*/][^()]*\)", " ", text)
    return [one for one in WORD.findall(plain) if len(one) > 1 or one in "aI"]


def grade(text: str) -> float:
    """The school year that a text asks for, by Flesch and Kincaid; of words alone."""
    said = words(text)
    stops = max(1, len(re.findall(r"[.:;?](?=\s|$)", text)))
    syllables = sum(map(_syllables, said))
    return 0.39 * len(said) / stops + 11.8 * syllables / len(said) - 15.59 if said else 0.0


def _syllables(word: str) -> int:
    """Its groups of vowels; a silent e is none."""
    count = len(VOWELS.findall(word))
    silent = re.search(r"[^aeiouyl]e[sd]?$", word) and count > 1
    return max(1, count - bool(silent))


if __name__ == "__main__":
    PAGE.write_text(page())
