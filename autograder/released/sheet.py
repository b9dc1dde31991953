"""The file of an assignment's released answers: plain numbers, compressed, with a version and a
hash.

chainrule expected answers 1\\n | SHA-256 of what follows | zlib of (length of the header | header, JSON | bytes)
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from .expected import Arrays, Expected, RightOutputs
from .locked import Locked

SHEET = "expected.answers"
"""The file's name, beside the notebook."""
OPENING = b"chainrule expected answers "
VERSION = 1
LARGEST = 64 << 20
KINDS = "biufc"


class UnreadableSheet(ValueError):
    """The file is none of ours, damaged, or of a newer version: one sentence."""


@dataclass(frozen=True)
class Sheet:
    """What is released of an assignment, by exercise. ``made_of`` names the sources it was worked
    out from.
    """

    made_of: str
    exercises: Mapping[str, Expected]


def write_sheet(sheet: Sheet) -> bytes:
    """The file of what is released."""
    parts = _Parts()
    stated = {name: _stated(one, parts) for name, one in sheet.exercises.items()}
    header = json.dumps([sheet.made_of, stated], separators=(",", ":")).encode()
    body = zlib.compress(len(header).to_bytes(8, "big") + header + bytes(parts.data), 9)
    return OPENING + str(VERSION).encode() + b"\n" + sha256(body).digest() + body


def read_sheet(data: bytes) -> Sheet:
    """What a file holds. Raises UnreadableSheet."""
    opening, _, rest = data.partition(b"\n")
    if not opening.startswith(OPENING) or sha256(rest[32:]).digest() != rest[:32]:
        raise UnreadableSheet(f"{SHEET} is damaged: fetch the assignment again")
    if opening != OPENING + str(VERSION).encode():
        raise UnreadableSheet(f"{SHEET} is of a newer release: update chainrule")
    body = zlib.decompressobj().decompress(rest[32:], LARGEST)
    size = int.from_bytes(body[:8], "big")
    made_of, stated = json.loads(body[8 : 8 + size])
    return Sheet(made_of, {name: _read(one, body[8 + size :]) for name, one in stated.items()})


class _Parts:
    """The bytes of a file that are no JSON, and where each piece of them lies."""

    def __init__(self) -> None:
        self.data = bytearray()

    def place(self, data: bytes) -> int:
        self.data += data
        return len(self.data) - len(data)

    def pieces(self, pieces: Sequence[bytes]) -> list[int]:
        """Where the pieces begin, and how long each of them is."""
        return [self.place(b"".join(pieces)), *map(len, pieces)]

    def arrays(self, arrays: Arrays) -> dict[str, Any]:
        little = {name: one.astype(one.dtype.newbyteorder("<")) for name, one in arrays.items()}
        return {
            name: [one.dtype.str, one.shape, self.place(one.tobytes())]
            for name, one in little.items()
        }


def _stated(one: Expected, parts: _Parts) -> dict[str, Any]:
    sealed = one.locked
    return {
        "tolerances": one.tolerances,
        "rights": [
            [right.place, right.attempt, right.inputs, parts.arrays(right.outputs)]
            for right in one.rights
        ],
        "salts": [[k, name, salt] for (k, name), salt in sealed.salts.items()],
        "sealed": [parts.pieces(some) for some in (sealed.hints, sealed.records, [sealed.locks])],
    }


def _read(stated: Mapping[str, Any], body: bytes) -> Expected:
    rights = [
        RightOutputs(place, attempt, tuple(inputs), _arrays_of(outputs, body))
        for place, attempt, inputs, outputs in stated["rights"]
    ]
    hints, records, locks = (_pieces_of(some, body) for some in stated["sealed"])
    salts = {(k, name): salt for k, name, salt in stated["salts"]}
    locked = Locked(hints, records, b"".join(locks), salts)
    return Expected(stated["tolerances"], tuple(rights), locked)


def _pieces_of(stated: Sequence[int], body: bytes) -> tuple[bytes, ...]:
    start, *lengths = stated
    ends = [*accumulate(lengths, initial=start)]
    return tuple(body[left:right] for left, right in pairwise(ends))


def _arrays_of(stated: Mapping[str, Any], body: bytes) -> dict[str, np.ndarray]:
    found = {}
    for name, (code, shape, start) in stated.items():
        dtype = np.dtype(code)
        if dtype.kind not in KINDS:
            raise UnreadableSheet(f"{SHEET} is damaged: fetch the assignment again")
        found[name] = np.frombuffer(body, dtype, math.prod(shape), start).reshape(shape)
    return found
