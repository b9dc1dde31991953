"""Keys made of outputs: who has the same output, up to rounding, has the same key, and nobody else.

An output is projected on a few random directions and each projection is rounded to a step as wide
as two values may be apart that count as the same. Who makes a key (``key``) takes it only where
rounding on another machine cannot change it; who tries one (``keys``) tries the neighbours as well
where a projection lies near the border of a step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import islice, product

import numpy as np

PROJECTIONS = 4
SALTS = 256
SMALLER, LEAST = 10, -100
ROUNDS = 64
"""Hashes of hashes for one key: a guess costs this much, and a student's own output as little."""
CERTAIN = 2.0**-12
"""How near the border of a step, in steps, a projection may lie where a key is made."""
NEAR = 2.0**-4
"""How near it may lie where a key is tried without trying the other side of the border."""

Where = tuple[str, int, str]
"""The exercise, the situation in it, the output."""


@dataclass(frozen=True)
class Flat:
    """An output as keys see it: its shape, its numbers in a row, and where they are not finite.

    ``least`` is the power of two that rounding goes by where the numbers are smaller than that:
    what is nothing beside the right output may be another nothing on another machine.
    """

    shape: tuple[int, ...]
    numbers: np.ndarray
    pattern: bytes
    least: int

    @classmethod
    def of(cls, output: np.ndarray, right: np.ndarray) -> Flat:
        """Any array of numbers, beside what is right; a complex one has two numbers for each
        entry.
        """
        usual = np.abs(right[np.isfinite(right)]).max(initial=0)
        least = math.frexp(usual)[1] - SMALLER if usual else LEAST
        numbers = output.ravel()
        if output.dtype.kind == "c":
            numbers = np.concatenate([np.real(numbers), np.imag(numbers)])
        numbers = numbers.astype(np.float64)
        finite = np.isfinite(numbers)
        if finite.all():
            return cls(output.shape, numbers, b"", least)
        odd = np.isnan(numbers) + 2 * np.isposinf(numbers) + 3 * np.isneginf(numbers)
        pattern = odd.astype(np.uint8).tobytes()
        return cls(output.shape, np.where(finite, numbers, 0.0), pattern, least)


def key(output: Flat, tolerance: float, where: Where, salt: int) -> bytes | None:
    """The key of an output; None where rounding could make it another one."""
    found = [*islice(_stated(output, tolerance, where, salt, CERTAIN), 2)]
    return _stretched(found[0]) if len(found) == 1 else None


def keys(output: Flat, tolerance: float, where: Where, salt: int) -> list[bytes]:
    """Every key that an output may have been given, the likeliest first."""
    return [*map(_stretched, _stated(output, tolerance, where, salt, NEAR))]


def _stated(
    output: Flat, tolerance: float, where: Where, salt: int, near: float
) -> Iterator[bytes]:
    """All that a key is made of, for each way to round it."""
    stated = repr((*where, salt, output.shape)).encode() + output.pattern
    projected = _directions(len(output.numbers), salt) @ output.numbers
    for exponent in _exponents(output, near * tolerance, salt):
        width = _step(tolerance) * 2.0**exponent
        for rounded in product(*(_rounded(one / width, near) for one in projected.tolist())):
            yield stated + repr((exponent, *rounded)).encode()


def _step(tolerance: float) -> float:
    """The power of two at or below a tolerance."""
    return 2.0 ** math.floor(math.log2(tolerance))


def _exponents(output: Flat, near: float, salt: int) -> set[int]:
    """The size of the largest number as a power of two, and the next one where rounding may pass
    it.

    What lies between two powers hangs on the salt: whole numbers are powers of two too often.
    """
    largest = float(max(output.numbers.max(initial=0), -output.numbers.min(initial=0)))
    fraction, exponent = math.frexp(largest * (1.3 + salt / SALTS / 2))
    neighbour = 1 if 1 - fraction <= near else -1 if 2 * fraction - 1 <= near else 0
    known = {exponent, exponent + neighbour} if largest else {LEAST}
    return {max(one, output.least) for one in known}


@lru_cache(maxsize=1024)
def _directions(length: int, salt: int) -> np.ndarray:
    rng = np.random.default_rng([salt, length])
    return 2 * rng.random((PROJECTIONS, length)) - 1


def _rounded(step: float, near: float) -> tuple[int, ...]:
    down = math.floor(step)
    if abs(step - down - 0.5) <= near:
        nearest = down + (step - down >= 0.5)
        return nearest, 2 * down + 1 - nearest
    return (round(step),)


def _stretched(stated: bytes) -> bytes:
    made = blake2b(stated, digest_size=32).digest()
    for _ in range(ROUNDS):
        made = blake2b(made, digest_size=32).digest()
    return made
