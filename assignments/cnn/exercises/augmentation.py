"""More images than there are: mirrored, and moved."""

import numpy as np

from autograder import case, draws, exercise, property_of
from autograder.checks import Dimensions, Reference


@exercise(
    "x: N C H W, pad: int, seed: int -> out: N C H W",
    points=2,
    # images without a 0, so that one can tell them from their padding
    given={"x": draws.uniform(1, 2, *"NCHW"), "pad": draws.whole(1, 3), "seed": draws.seed},
    sizes={"N": (5, 9), "C": (2, 3), "H": (4, 8), "W": (4, 9)},
    cases=[
        case("no padding", pad=0),
        case("a padding as large as the image", sizes={"H": 2, "W": 4}, pad=4),
        case("one image", sizes={"N": 1}),
        case("the first one mirrored, some others not", sizes={"N": 6}, seed=2),
    ],
    words={"seed": "the seed of rng"},
    checks=[Dimensions(0.25), ..., Reference(0.75)],
)
def random_flip_crop(student, x, pad, seed):
    return {"out": student.random_flip_crop(x, pad, np.random.default_rng(seed))}


def pieces_of(image, pad):
    """All that may come of an image (C, H, W): (rows moved, columns moved, mirrored) -> piece."""
    C, H, W = image.shape
    room = np.zeros((C, H + 2 * pad, W + 2 * pad))
    room[:, pad : pad + H, pad : pad + W] = image
    places = [(i, j) for i in range(2 * pad + 1) for j in range(2 * pad + 1)]
    cut = {at: room[:, at[0] : at[0] + H, at[1] : at[1] + W] for at in places}
    return {(*at, False): one for at, one in cut.items()} | {
        (*at, True): np.flip(one, 2) for at, one in cut.items()
    }


@property_of(random_flip_crop, "A piece of itself", 0.5)
def a_piece_of_itself(ask):
    """Each image a window of its own padded self, mirrored or not, all channels alike."""
    for one in random_flip_crop.cases:
        inputs, out = ask(one)
        for n, (image, ours) in enumerate(zip(inputs["x"], out["out"], strict=True)):
            if not any(
                np.array_equal(ours, piece) for piece in pieces_of(image, inputs["pad"]).values()
            ):
                return (
                    f"out[{n}] is no piece of x[{n}] with zeros around it, mirrored from left to right "
                    f"or not ({one.title})."
                )


@property_of(random_flip_crop, "Every image draws for itself", 0.5)
def every_image_draws(ask):
    """Of many equal images all eighteen pieces come out, as often mirrored as not."""
    image = ask.rng.uniform(1, 2, (1, 1, 3, 4))
    _, out = ask(x=image.repeat(600, axis=0), pad=1)
    pieces = pieces_of(image[0], 1)
    drawn = [[k for k, one in pieces.items() if np.array_equal(one, ours)] for ours in out["out"]]
    found = [names[0] for names in drawn if names]
    if len(set(found)) != len(pieces):
        return (
            f"of 600 equal images with a padding of 1 all {len(pieces)} pieces must come out; "
            f"of yours there are {len(set(found))}."
        )
    mirrored = np.mean([name[2] for name in found])
    if not 0.3 < mirrored < 0.7:
        return f"every second image is mirrored on average; of yours {mirrored:.0%} are."
