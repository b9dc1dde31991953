"""Keys made of outputs: the same for the same output up to rounding, another for any other."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.released.keys import SALTS, Flat, key, keys

WHERE = ("affine", 2, "out")
NEAR = 1e-7


def drawn(shape: tuple[int, ...] = (4, 3), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def made(output: np.ndarray, right: np.ndarray | None = None) -> tuple[int, bytes]:
    """The first salt with which there is a key, and the key."""
    flat = Flat.of(output, output if right is None else right)
    found = ((salt, key(flat, NEAR, WHERE, salt)) for salt in range(SALTS))
    return next((salt, one) for salt, one in found if one is not None)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
def test_rounding_changes_no_key(scale: float) -> None:
    for seed in range(200):
        output = scale * drawn(seed=seed)
        salt, one = made(output)
        rounded = output * (1 + 1e-13 * drawn(seed=seed + 1000))
        assert key(Flat.of(rounded, output), NEAR, WHERE, salt) == one
        far = output * (1 + 1e-9 * drawn(seed=seed + 1000))
        assert one in keys(Flat.of(far, output), NEAR, WHERE, salt)


@pytest.mark.parametrize(
    "output",
    [np.float64(1.0), np.array([True, False]), np.arange(6).reshape(2, 3), np.array([1.0, np.nan])],
)
def test_whole_numbers_flags_and_nan_have_keys(output: np.ndarray) -> None:
    salt, one = made(np.asarray(output))
    assert one in keys(Flat.of(np.asarray(output), np.asarray(output)), NEAR, WHERE, salt)


def test_another_output_has_another_key() -> None:
    output = drawn()
    salt, one = made(output)
    other = output.copy()
    other[1, 2] += 1e-5
    hole = output.copy()
    hole[0, 0] = np.nan
    for wrong in (other, output.reshape(3, 4), -output, 2 * output, hole, 0 * output):
        assert one not in keys(Flat.of(wrong, output), NEAR, WHERE, salt)
    assert one not in keys(Flat.of(output, output), NEAR, ("affine", 3, "out"), salt)


def test_what_is_nothing_beside_the_right_output_has_one_key() -> None:
    right = drawn()
    salt, one = made(1e-15 * drawn(seed=1), right)
    assert one in keys(Flat.of(1e-15 * drawn(seed=2), right), NEAR, WHERE, salt)
