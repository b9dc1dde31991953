"""The text that a character model reads: a plain-text corpus where the machine has one, else
Python's own manual.

Nothing is downloaded, and no text travels with the course.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .data import folders

NAMED = "text.txt"
CORPORA = (
    ("fortunes about science", "/usr/share/games/fortunes/science"),
    ("the GNU General Public License", "/usr/share/common-licenses/GPL-3"),
)
"""What Debian's packages ship: fortunes, and base-files, which every machine has."""
SHORTEST = 10_000
KEPT = frozenset("\n" + "".join(map(chr, range(32, 127))))


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


def load_text(most: int = 200_000) -> Text:
    """Find a text, and print one line that says which it is.

    Looks for ``text.txt`` in the folder named by the environment variable CHAINRULE_DATA, in the
    shared folders of the machine and in the local cache; then for the corpora of Debian's packages;
    Python's own manual, as ``help()`` shows it, is always there. ``most`` is an upper limit on its
    characters."""
    found = find_text(most)
    print(found)
    return found


def find_text(most: int = 200_000) -> Text:
    """The same, without a word."""
    for name, path in _places():
        written = _read(path)
        if len(written) >= SHORTEST:
            return text(name, written[:most])
    return text("Python's manual", _manual()[:most])


def text(name: str, written: str) -> Text:
    """A string as a Text, in the alphabet of its own characters."""
    characters = "".join(sorted(set(written)))
    codes = np.array([ord(character) for character in written], dtype=np.int64)
    return Text(
        name, characters, np.searchsorted([ord(one) for one in characters], codes).astype(np.int64)
    )


def entropy(ids: np.ndarray) -> float:
    """The entropy of the symbols' own frequencies, in nats."""
    counts = np.unique(ids, return_counts=True)[1]
    p = counts / counts.sum()
    return float(-np.sum(p * np.log(p)))


def _places() -> Iterator[tuple[str, Path]]:
    for folder in folders():
        yield NAMED, folder / NAMED
    for name, path in CORPORA:
        yield name, Path(path)


def _read(path: Path) -> str:
    """The printable ASCII characters of a file; nothing when it cannot be opened (a sandbox may
    hide it).
    """
    try:
        return _plain(path.read_text(encoding="utf-8", errors="ignore"))
    except OSError:
        return ""


def _plain(written: str) -> str:
    return "".join(character for character in written.replace("\t", " ") if character in KEPT)


def _manual() -> str:
    """The chapters of the language reference that the standard library ships for ``help()``."""
    from pydoc_data.topics import topics

    return _plain("\n\n".join(topics[name] for name in sorted(topics)))
