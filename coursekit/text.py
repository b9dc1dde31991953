"""The text that a character model reads: the course's own prose, or any text file that is named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .data import DataError, folders
from .shipped import SHIPPED

NAMED = "text.txt"
SHORTEST = 10_000
LEFT_OUT = re.compile(r"[^\n -~]+")
"""All but printable ASCII and the end of a line."""


@dataclass(frozen=True)
class Text:
    """A text as the ids of its characters, which index ``characters``; ``ids`` is (M,) int64."""

    name: str
    characters: str
    ids: np.ndarray

    @cached_property
    def unigram_entropy(self) -> float:
        """What a symbol costs, in nats, for one who knows how frequent each is, and nothing of what
        came before.
        """
        return entropy(self.ids)

    def encode(self, written: str) -> np.ndarray:
        """The ids of a string's characters. Raises KeyError for one that the text does not have."""
        place = {character: k for k, character in enumerate(self.characters)}
        return np.array([place[character] for character in written], dtype=np.int64)

    def decode(self, ids: np.ndarray) -> str:
        """The string that some ids stand for."""
        return "".join(self.characters[k] for k in np.ravel(ids))

    def split(self, held_out: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
        """The ids to train on, and those of the last part, to be held out."""
        at = len(self.ids) - int(held_out * len(self.ids))
        return self.ids[:at], self.ids[at:]

    def __str__(self) -> str:
        return (
            f"Text: {self.name}, {len(self.ids):,} characters, {len(self.characters)} different "
            f"ones, unigram entropy {self.unigram_entropy:.3f} nats."
        )


def load_text(file: str | Path | None = None, most: int = 200_000) -> Text:
    """Read a text, and print one line that says which it is.

    The named file; without one, ``text.txt`` in the folder named by the environment variable
    CHAINRULE_DATA, in the shared folders of the machine or in the local cache; else the prose of
    this course. Only printable ASCII characters are kept, and ``most`` at most. Raises DataError
    for a named file that cannot be read, or has fewer than 10,000 characters.
    """
    found = find_text(file, most)
    print(found)
    return found


def find_text(file: str | Path | None = None, most: int = 200_000) -> Text:
    """The same, without a word."""
    if file is not None:
        written = _read(Path(file))
        if len(written) < SHORTEST:
            raise DataError(f"{file} has no {SHORTEST:,} characters to read: name a longer text")
        return text(Path(file).name, written[:most])
    for folder in folders():
        written = _read(folder / NAMED)
        if len(written) >= SHORTEST:
            return text(NAMED, written[:most])
    return text("this course", _read(SHIPPED / "prose.txt")[:most])


def text(name: str, written: str) -> Text:
    """A string as a Text, in the alphabet of its own characters."""
    codes = np.frombuffer(written.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    occurs = np.bincount(codes.astype(np.int64)) > 0
    characters = "".join(map(chr, np.flatnonzero(occurs)))
    return Text(name, characters, (np.cumsum(occurs, dtype=np.int64) - 1)[codes])


def entropy(ids: np.ndarray) -> float:
    """The entropy of the symbols' own frequencies, in nats."""
    counts = np.unique(ids, return_counts=True)[1]
    p = counts / counts.sum()
    return float(-np.sum(p * np.log(p)))


def _read(path: Path) -> str:
    """The printable ASCII characters of a file; nothing when it cannot be opened (a sandbox may
    hide it).
    """
    try:
        return _plain(path.read_text(encoding="utf-8", errors="ignore"))
    except OSError:
        return ""


def _plain(written: str) -> str:
    return LEFT_OUT.sub("", written.replace("\t", " "))
