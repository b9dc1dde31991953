"""Small filters in a stack: how far they see, and how many weights they take."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference
from coursekit.exercises.refusals import refuses


def filters_and_strides(rng, sizes):
    """Rows (F, S), one for each layer."""
    return np.stack([rng.integers(1, 8, sizes["L"]), rng.integers(1, 4, sizes["L"])], 1)


@exercise(
    "table: L 2 int -> field: int, jump: int",
    points=2,
    given={"table": filters_and_strides},
    cases=[
        case("no layers", sizes={"L": 0}),
        case("one layer", sizes={"L": 1}, table=np.array([[7, 2]])),
    ],
    words={"table": "layers"},
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def receptive_field(student, table):
    field, jump = student.receptive_field([tuple(row) for row in table.tolist()])
    return {"field": field, "jump": jump}


KNOWN_FIELDS = ([(3, 1)] * 3, 7), ([(3, 1)] * 2, 5), ([(3, 2)] * 2, 7), ([(3, 1), (2, 2)] * 2, 10)


@property_of(receptive_field, "Known stacks", 0.75)
def known_fields(ask):
    """Stacks whose field is in every lecture."""
    for layers, wanted in KNOWN_FIELDS:
        field = ask(table=np.array(layers))[1]["field"]
        if field != wanted:
            return f"layers (F, S) = {layers} see {wanted} entries; yours see {int(field)}."
    jump = ask(table=np.array([(7, 2), (3, 2), (3, 1)]))[1]["jump"]
    must(jump == 4, "after two layers of stride 2 neighbours look 4 entries apart on the image.")


STACKS = ("single", "stack", "bottleneck", "separable", "depthwise")


@exercise(
    f"C: int, N: int, squeeze: int -> counts: {len(STACKS)} int, squeezed: int, refused: bool",
    points=1,
    given={
        "C": lambda rng, sizes: 12 * int(rng.integers(1, 9)),
        "N": lambda rng, sizes: 2 * int(rng.integers(1, 6)) + 1,
        "squeeze": draws.one_of(3, 4, 6),
    },
    cases=[case("3 x 3", N=3), case("11 x 11", N=11)],
    words={
        "counts": "the counts of the kinds",
        "squeezed": "the count of a narrower bottleneck",
        "refused": "whether another kind is refused",
    },
    entries={"counts": [f'the count of "{kind}"' for kind in STACKS]},
    checks=[Dimensions(0.25), ..., Reference(0.5)],
)
def stack_params(student, C, N, squeeze):
    """Every kind, and a narrower bottleneck."""
    return {
        "counts": np.array([student.stack_params(kind, C, N) for kind in STACKS]),
        "squeezed": student.stack_params("bottleneck", C, N, squeeze),
        "refused": refuses(student.stack_params, "magic", C, N),
    }


KNOWN_STACKS = [
    *[("single", 7, 49), ("stack", 7, 27), ("stack", 5, 18), ("single", 5, 25)],
    *[("bottleneck", 3, 3.25), ("separable", 3, 6), ("separable", 7, 14)],
]


@property_of(stack_params, "Known stacks", 0.25)
def known_stacks(ask):
    for kind, N, wanted in KNOWN_STACKS:
        _, out = ask(C=24, N=N, squeeze=4)
        if out["counts"][STACKS.index(kind)] != wanted * 24 * 24:
            return f'"{kind}" for a window of {N} x {N} takes {wanted:g} C**2 weights.'
    _, out = ask(C=24, N=3, squeeze=4)
    if out["squeezed"] != 1.0625 * 24 * 24:
        return "a bottleneck that narrows to a quarter takes 1.0625 C**2 weights at 3 x 3."
    must(out["refused"], "another kind must raise ValueError.")
