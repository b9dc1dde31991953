"""Images drawn by the course itself: ten kinds of things, each at its own place, size, angle and
way round, before a background with clutter.

Some kinds come often in colours of their own (the sun in yellow, a tree in green), so that a linear
classifier has something to find; no colour tells all of them, and some have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

SIDE = 32
BLOCK = 500
"""Images are drawn in blocks, each from its own seed: the first n are the same, however many."""
STYLE = 1
"""Counts the ways that the same numbers were drawn in: what is kept on disk is of one style."""

Field = np.ndarray
"""float32, (n, SIDE, SIDE): a number for every pixel of n images."""
Colour = tuple[float, float, float]
Parts = Iterator[tuple[Field, int]]
"""Signed distances to the edge of a part (negative inside), and which of its colours it has."""


@dataclass(frozen=True)
class Thing:
    """One class: what it looks like and, where it has its own, in which colours, before which.

    ``parts`` takes two coordinates, about -1 to 1 inside the thing, the second downwards, and for
    each image which of its two kinds it is, (n, 1, 1) bool.
    """

    name: str
    parts: Callable[[Field, Field, np.ndarray], Parts]
    colours: tuple[Colour, Colour]
    often: float  # how often it has these colours
    ground: tuple[Colour, Colour]  # above and below
    grounded: float  # how often it stands before this


def doodles(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images (count, 32, 32, 3) uint8 and labels (count,) int64, ten classes equally often in every
    500.
    """
    blocks = [_block(seed, k) for k in range(-(-count // BLOCK))]
    X, y = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return X[:count], y[:count]


def _block(seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    # RandomState's stream is frozen by NumPy: the images stay the same for ever.
    draws = _Draws(np.random.RandomState([seed, number]), BLOCK // len(THINGS))
    X = np.concatenate([_images(thing, draws) for thing in THINGS])
    y = np.repeat(np.arange(len(THINGS)), draws.n)
    order = draws.random.permutation(len(y))
    return X[order], y[order]


class _Draws:
    """Random numbers for n images at once."""

    def __init__(self, random: np.random.RandomState, n: int) -> None:
        self.random, self.n = random, n

    def between(self, low: float, high: float, *shape: int) -> np.ndarray:
        """(n, 1, 1) float32, or (*shape, n, 1, 1)."""
        drawn = self.random.uniform(low, high, (*shape, self.n, 1, 1))
        return drawn.astype(np.float32)

    def happens(self, share: float) -> np.ndarray:
        """(n, 1, 1) bool."""
        return self.random.random_sample((self.n, 1, 1)) < share

    def near(self, colours: tuple[Colour, Colour]) -> np.ndarray:
        """(2, 3, n, 1, 1): two colours, a little off."""
        wanted = np.array(colours, np.float32)[:, :, None, None, None]
        return np.clip(wanted + self.between(-0.2, 0.2, 2, 3), 0, 1)


def _images(thing: Thing, draws: _Draws) -> np.ndarray:
    image = _background(thing, draws)
    for _ in range(3):
        _paint(image, _clutter(draws, 5), draws.between(0, 1, 3))
    size, turn = draws.between(8.5, 13), draws.between(-0.3, 0.3)
    u, v = _turned(draws.between(-4.5, 4.5), draws.between(-4.5, 4.5), turn, size)
    u *= np.where(draws.happens(0.5), np.float32(1), np.float32(-1))
    colours = draws.between(0, 1, 3, 3)
    colours[2] = np.where(draws.happens(0.5), 0.2 * colours[2], 1 - 0.2 * colours[2])
    colours[:2] = np.where(draws.happens(thing.often), draws.near(thing.colours), colours[:2])
    light = 1 + draws.between(-0.25, 0.25) * u  # from one side
    for distance, colour in thing.parts(u, v, draws.happens(0.5)):
        _paint(image, distance * size, colours[colour] * light)
    _paint(image, _clutter(draws, 3.5), draws.between(0, 1, 3))
    noise = draws.random.randint(-16, 17, image.shape, dtype=np.int8)
    image = 255 * draws.between(0.75, 1.1) * image + noise
    return np.clip(image, 0, 255).astype(np.uint8).transpose(1, 2, 3, 0)


def _background(thing: Thing, draws: _Draws) -> np.ndarray:
    """(3, n, SIDE, SIDE): from one colour to another, in waves."""
    own = draws.happens(thing.grounded)
    ends = np.where(own, draws.near(thing.ground), draws.between(0, 1, 2, 3))
    turn = np.where(own, draws.between(-0.3, 0.3), draws.between(-3.2, 3.2))
    _, along = _turned(0, 0, turn, SIDE)
    wave, _ = _turned(0, 0, draws.between(0, 3.2), draws.between(1.2, 6))
    mixed = 0.5 + along * draws.between(0.5, 4)
    mixed = np.clip(mixed, 0, 1) + draws.between(0, 0.2) * np.sin(wave + draws.between(0, 6.3))
    return ends[0] + mixed * (ends[1] - ends[0])


def _clutter(draws: _Draws, largest: float) -> Field:
    """Distances in pixels from an ellipse or a rectangle anywhere."""
    turn = draws.between(0, 3.2)
    u, v = _turned(draws.between(-16, 16), draws.between(-16, 16), turn, 1)
    wide, high = draws.between(1, largest), draws.between(1, largest)
    round_ = (np.hypot(u / wide, v / high) - 1) * np.minimum(wide, high)
    return np.where(draws.happens(0.5), round_, _box(u, v, 0, 0, wide, high))


def _turned(
    right: np.ndarray | int, down: np.ndarray | int, turn: np.ndarray, size: np.ndarray | int
) -> tuple[Field, Field]:
    """The pixels' coordinates around a place that lies so far from the middle."""
    pixels = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
    x, y = (pixels[None, None, :] - right) / size, (pixels[None, :, None] - down) / size
    cos, sin = np.cos(turn), np.sin(turn)
    return x * cos + y * sin, y * cos - x * sin


def _paint(image: np.ndarray, distance: Field, colour: np.ndarray) -> None:
    """Cover what lies inside; the edge, a pixel wide, is mixed."""
    inside = np.clip(0.5 - distance, 0, 1)
    for plane, part in zip(image, colour, strict=True):
        plane += inside * (part - plane)


# --- distances, roughly, negative inside ---


def _disc(u: Field, v: Field, x: float, y: float, wide: float, high: float | None = None) -> Field:
    high = high or wide
    return (np.hypot((u - x) * (1 / wide), (v - y) * (1 / high)) - 1) * min(wide, high)


def _box(
    u: Field, v: Field, x: float, y: float, wide: np.ndarray | float, high: np.ndarray | float
) -> Field:
    return np.maximum(np.abs(u - x) - wide, np.abs(v - y) - high)


def _polygon(u: Field, v: Field, *corners: tuple[float, float]) -> Field:
    """A convex one; its corners clockwise."""
    distance = np.full_like(u, -np.inf)
    for (x, y), (to_x, to_y) in zip(corners, (*corners[1:], corners[0]), strict=True):
        a, b = to_y - y, x - to_x
        a, b = a / np.hypot(a, b), b / np.hypot(a, b)
        distance = np.maximum(distance, u * np.float32(a) + v * np.float32(b) - (x * a + y * b))
    return distance


def _sun(u: Field, v: Field, kind: np.ndarray) -> Parts:
    r, angle = np.hypot(u, v), np.arctan2(v, u)
    yield r - 0.48, 0
    rays = (np.abs(np.sin(np.where(kind, 3, 4) * angle)) - 0.5) * r * 0.3
    yield np.maximum(rays, np.abs(r - 0.8) - 0.19), 0


def _moon(u: Field, v: Field, kind: np.ndarray) -> Parts:
    yield np.maximum(_disc(u, v, 0, 0, 0.85), -_disc(u, v, 0.42, -0.1, 0.72)), 0


def _fish(u: Field, v: Field, kind: np.ndarray) -> Parts:
    yield _polygon(u, v, (0.35, 0), (0.95, -0.5), (0.95, 0.5)), 1
    yield _disc(u, v, -0.15, 0, 0.72, 0.42), 0
    yield _disc(u, v, -0.55, -0.1, 0.11), 2


def _tree(u: Field, v: Field, kind: np.ndarray) -> Parts:
    yield _box(u, v, 0, 0.6, 0.13, 0.38), 1
    fir = np.minimum(
        _polygon(u, v, (0, -1), (0.55, -0.1), (-0.55, -0.1)),
        _polygon(u, v, (0, -0.55), (0.72, 0.45), (-0.72, 0.45)),
    )
    beech = np.minimum(_disc(u, v, -0.28, -0.2, 0.45), _disc(u, v, 0.28, -0.2, 0.45))
    yield np.where(kind, fir, np.minimum(beech, _disc(u, v, 0, -0.5, 0.46))), 0


def _house(u: Field, v: Field, kind: np.ndarray) -> Parts:
    yield _box(u, v, 0, 0.35, 0.65, 0.5), 1
    yield _polygon(u, v, (0, -0.95), (0.9, -0.1), (-0.9, -0.1)), 0
    yield _box(u, v, 0.2, 0.52, 0.15, 0.33), 2
    yield _box(u, v, -0.3, 0.25, 0.15, 0.15), 2


def _boat(u: Field, v: Field, kind: np.ndarray) -> Parts:
    yield _polygon(u, v, (-0.95, 0.4), (0.95, 0.4), (0.6, 0.85), (-0.6, 0.85)), 1
    yield _box(u, v, 0, -0.25, 0.05, 0.65), 2
    yield _polygon(u, v, (0.1, -0.9), (0.85, 0.25), (0.1, 0.25)), 0
    yield _polygon(u, v, (-0.1, -0.6), (-0.1, 0.25), (-0.6, 0.25)), 0


def _flower(u: Field, v: Field, kind: np.ndarray) -> Parts:
    r, angle = np.hypot(u, v), np.arctan2(v, u)
    yield (r - 0.62 - 0.3 * np.cos(np.where(kind, 5, 6) * angle)) * 0.7, 0
    yield r - 0.27, 1


def _mushroom(u: Field, v: Field, kind: np.ndarray) -> Parts:
    yield _box(u, v, 0, 0.45, 0.22, 0.5), 1
    yield np.maximum(_disc(u, v, 0, 0, 0.9, 0.85), v - 0.05), 0
    for x, y in ((-0.4, -0.3), (0.1, -0.5), (0.45, -0.2)):
        yield _disc(u, v, x, y, 0.13), 1


def _car(u: Field, v: Field, kind: np.ndarray) -> Parts:
    yield _box(u, v, 0, 0.15, 0.95, 0.25), 0
    yield _polygon(u, v, (-0.45, -0.5), (0.35, -0.5), (0.65, -0.05), (-0.65, -0.05)), 0
    yield _polygon(u, v, (-0.36, -0.38), (0.26, -0.38), (0.45, -0.08), (-0.48, -0.08)), 1
    yield np.minimum(_disc(u, v, -0.5, 0.42, 0.24), _disc(u, v, 0.5, 0.42, 0.24)), 2


def _cat(u: Field, v: Field, kind: np.ndarray) -> Parts:
    yield _polygon(u, v, (-0.75, -0.95), (-0.1, -0.4), (-0.7, 0.1)), 0
    yield _polygon(u, v, (0.75, -0.95), (0.7, 0.1), (0.1, -0.4)), 0
    yield _disc(u, v, 0, 0.15, 0.78, 0.7), 0
    yield np.minimum(_disc(u, v, -0.32, 0, 0.14), _disc(u, v, 0.32, 0, 0.14)), 2
    yield _disc(u, v, 0, 0.35, 0.12, 0.09), 1


_SKY, _NIGHT, _SEA = (0.45, 0.7, 0.97), (0.04, 0.05, 0.18), (0.1, 0.32, 0.6)
_MEADOW, _EARTH, _SNOW = (0.35, 0.6, 0.25), (0.35, 0.27, 0.15), (0.93, 0.93, 0.9)
_YELLOW, _RED, _WOOD = (1.0, 0.78, 0.1), (0.8, 0.12, 0.1), (0.42, 0.27, 0.12)
_ORANGE, _GREEN, _STONE = (1.0, 0.5, 0.15), (0.15, 0.5, 0.15), (0.6, 0.6, 0.62)
THINGS = (
    Thing("sun", _sun, (_YELLOW, _YELLOW), 0.75, (_SKY, _SKY), 0.4),
    Thing("moon", _moon, (_SNOW, _SNOW), 0.75, (_NIGHT, _NIGHT), 0.6),
    Thing("fish", _fish, (_ORANGE, _ORANGE), 0.6, (_SEA, _SEA), 0.5),
    Thing("tree", _tree, (_GREEN, _WOOD), 0.75, (_SKY, _MEADOW), 0.3),
    Thing("house", _house, (_RED, _SNOW), 0.4, (_SKY, _MEADOW), 0.2),
    Thing("boat", _boat, (_SNOW, _WOOD), 0.5, (_SKY, _SEA), 0.5),
    Thing("flower", _flower, (_ORANGE, _YELLOW), 0.0, (_MEADOW, _GREEN), 0.3),
    Thing("mushroom", _mushroom, (_RED, _SNOW), 0.7, (_GREEN, _EARTH), 0.3),
    Thing("car", _car, (_RED, _SKY), 0.0, (_STONE, _STONE), 0.3),
    Thing("cat", _cat, (_WOOD, _SNOW), 0.0, (_ORANGE, _WOOD), 0.0),
)
