"""The hostile class: everybody in it, by family."""

from __future__ import annotations

from ..attack import Attack
from .breaking import BREAKING
from .displays import DISPLAYS
from .escaping import ESCAPING
from .forging import FORGING
from .lying_arrays import LYING_ARRAYS
from .means import MEANS
from .mishaps import MISHAPS
from .notebook_files import NOTEBOOK_FILES
from .reading import READING
from .resources import RESOURCES

FAMILIES: dict[str, list[Attack]] = {
    "forging": FORGING,
    "reading": READING,
    "lying arrays": LYING_ARRAYS,
    "breaking": BREAKING,
    "resources": RESOURCES,
    "escaping": ESCAPING,
    "displays": DISPLAYS,
    "notebook files": NOTEBOOK_FILES,
    "means": MEANS,
    "mishaps": MISHAPS,
}
CATALOGUE: list[Attack] = [attack for family in FAMILIES.values() for attack in family]

EVERY_NTH = 16

QUICK: list[Attack] = [attack for attack in CATALOGUE if not attack.slow]
SLOW: list[Attack] = [attack for attack in CATALOGUE if attack.slow]
"""Graded by `make test-long`."""
SAMPLE: list[Attack] = [
    attack
    for family in FAMILIES.values()
    for attack in [one for one in family if one in QUICK][::EVERY_NTH]
]
"""Some of every family, graded by `make test`; the others by `make test-hostile`."""
