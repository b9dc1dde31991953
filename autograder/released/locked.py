"""Hints locked by the mistakes themselves: only who gives a mistake's outputs can read its hint.

For every known mistake there is a record: for each output and situation whether it is right there,
or else a few bytes of the key that its output makes (``keys``); and the keys of its hints. A hint
and a record are sealed under the hash of what is in them, and the hash of a record is what the
locks hold, each under the key of one wrong output in one situation. So an answer opens a record
where it gives what the mistake gives, and then the record says whether it does everywhere: that is
when the grader, too, would name it.

    hint = seal(hash(words), words)         record = seal(hash(content), content)
    lock = tag(key), the record's number, hash(content) ^ pad(key, number)

Sealing is BLAKE2: as the stream that content is added to, and as the seal in front of it. What it
protects is a hint and no secret, and it opens wherever Python runs, in a browser, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

KEY, SEAL, TAG, SHORT, NUMBER = 16, 8, 6, 4, 2
RIGHT, UNKNOWN, NOTHING = b"\0" * SHORT, b"\xff" * SHORT, b"\xfe" * SHORT
LOCKS = 3
"""Locks for each output that a mistake gets wrong: in the first situations in which it does."""

Place = tuple[int, str]
"""A situation and an output."""
Found = Mapping[Place, Sequence[bytes]]
"""The keys that an answer's wrong outputs make; an output that is right has no place in it."""


@dataclass(frozen=True)
class Mistaken:
    """A mistake as it is locked: its hints, and its key by situation and output.

    In the place of a key is ``RIGHT`` where the output is right, ``NOTHING`` where there is none,
    and ``UNKNOWN`` where it is wrong, and rounding decides about its key.
    """

    hints: tuple[str, ...]
    keys: Mapping[Place, bytes]


@dataclass(frozen=True)
class Locked:
    """The sealed hints and records of an exercise, in the catalogue's order, and the locks.

    ``salts`` are the keys' salts by situation and output.
    """

    hints: tuple[bytes, ...] = ()
    records: tuple[bytes, ...] = ()
    locks: bytes = b""
    salts: Mapping[Place, int] = field(default_factory=dict)

    def opened(self, found: Found) -> list[Opened]:
        """The mistakes whose records an answer opens, in the catalogue's order."""
        table = self._table()
        hashes = {
            (number, _add(wrapped, _pad(key, number)))
            for made in found.values()
            for key in made
            for number, wrapped in table.get(_tag(key), ())
        }
        contents = [_opened(self.records[number], one) for number, one in sorted(hashes)]
        return [self._read(content) for content in contents if content]

    def _table(self) -> dict[bytes, list[tuple[int, bytes]]]:
        table: dict[bytes, list[tuple[int, bytes]]] = {}
        for start in range(0, len(self.locks), TAG + NUMBER + KEY):
            tag, rest = _cut(self.locks[start:], TAG)
            number, rest = _cut(rest, NUMBER)
            table.setdefault(tag, []).append((int.from_bytes(number, "big"), rest[:KEY]))
        return table

    def _read(self, content: bytes) -> Opened:
        """A record's content, which is no one's but the author's: its seal held."""
        gives, hints = {}, []
        for place in self.salts:
            gives[place], content = _cut(content, SHORT)
        while content:
            number, content = _cut(content, NUMBER)
            opens, content = _cut(content, KEY)
            words = _opened(self.hints[int.from_bytes(number, "big")], opens)
            hints.append((words or b"").decode())
        return Opened(tuple(hints), gives)


@dataclass(frozen=True)
class Opened:
    """A mistake whose record was opened: its hints, and what it gives, as records say it."""

    hints: tuple[str, ...]
    gives: Mapping[Place, bytes]

    def reproduces(self, found: Found, outputs: Sequence[str]) -> bool:
        """Whether the answer gives these outputs wherever the mistake does, and a wrong one
        somewhere.
        """
        held = [place for place in self.gives if place[1] in outputs]
        shows = any(self.gives[place] != RIGHT for place in held)
        return shows and all(self._gives(place, found) for place in held)

    def _gives(self, place: Place, found: Found) -> bool:
        """Whether the answer gives the same in one place."""
        given = self.gives[place]
        if place not in found or given == RIGHT:
            return place not in found and given == RIGHT
        made = [_short(key) for key in found[place]]
        return bool(made) if given == UNKNOWN else given in made


def lock(mistakes: Sequence[Mistaken], salts: Mapping[Place, int]) -> Locked:
    """Seal every mistake and its hints; ``salts`` names every situation and output."""
    words = [*dict.fromkeys(hint for mistake in mistakes for hint in mistake.hints)]
    opens = {hint: _content_key(hint.encode()) for hint in words}
    records, locks = [], []
    for mistake in mistakes:
        content = b"".join(_short(mistake.keys[place]) for place in salts)
        for hint in mistake.hints:
            content += words.index(hint).to_bytes(NUMBER, "big") + opens[hint]
        number, secret = len(records), _content_key(content)
        made = [*dict.fromkeys(_locking(mistake, salts))]
        locks += [
            _tag(one) + number.to_bytes(NUMBER, "big") + _add(secret, _pad(one, number))
            for one in made
        ]
        records += [_sealed(content, secret)] if made else []
    hints = tuple(_sealed(hint.encode(), opens[hint]) for hint in words)
    return Locked(hints, tuple(records), b"".join(sorted(locks)), salts)


def _locking(mistake: Mistaken, salts: Mapping[Place, int]) -> Iterator[bytes]:
    """The keys of the first situations in which each output is wrong, if the mistake always gives
    one.
    """
    for output in dict.fromkeys(output for _, output in salts):
        made = [mistake.keys[place] for place in salts if place[1] == output]
        if NOTHING not in made:
            yield from [one for one in made if one not in (RIGHT, UNKNOWN)][:LOCKS]


def _short(key: bytes) -> bytes:
    """Three bytes that tell a key from others; what stands for a key, as it is."""
    return key if len(key) == SHORT else b"\x01" + _hash(key, b"short")[: SHORT - 1]


def _tag(key: bytes) -> bytes:
    return _hash(key, b"tag")[:TAG]


def _pad(key: bytes, number: int) -> bytes:
    return _hash(key, b"pad", number)


def _hash(key: bytes, use: bytes, number: int = 0) -> bytes:
    return blake2b(number.to_bytes(4, "big"), digest_size=KEY, key=key, person=use).digest()


def _content_key(content: bytes) -> bytes:
    return blake2b(content, digest_size=KEY, person=b"content").digest()


def _sealed(content: bytes, key: bytes) -> bytes:
    return _seal(content, key) + _add(content, _stream(key, len(content)))


def _opened(record: bytes, key: bytes) -> bytes | None:
    seal, hidden = _cut(record, SEAL)
    content = _add(hidden, _stream(key, len(hidden)))
    return content if _seal(content, key) == seal else None


def _seal(content: bytes, key: bytes) -> bytes:
    return blake2b(content, digest_size=SEAL, key=key, person=b"seal").digest()


def _stream(key: bytes, length: int) -> bytes:
    blocks = range(-(-length // 64))
    made = (blake2b(k.to_bytes(4, "big"), key=key, person=b"stream").digest() for k in blocks)
    return b"".join(made)[:length]


def _add(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _cut(data: bytes, at: int) -> tuple[bytes, bytes]:
    return data[:at], data[at:]
