"""The same layer at every step: an embedding, scores, and what they cost."""

import numpy as np

from autograder import case, draws, function, layer, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close

from .shared import SHORT_CASES

MOST_NEVER_OCCUR = case("most words never occur", sizes={"V": 60})

word_embedding = layer(
    "word_embedding",
    "x: N T int<V, W: V D -> out: N T D",
    points=3,
    shares=(0.25, 0.75, 1),
    cases=[
        case("one word all over", sizes={"N": 4, "T": 6, "V": 5}, x=np.full((4, 6), 3)),
        MOST_NEVER_OCCUR,
        case("one word", sizes={"N": 1, "T": 1}),
    ],
    checks=[Vectorised("N", 0.5)],
)


@property_of(word_embedding, "Every place counts", 0.5)
def each_place_counts(ask):
    """The entries of dW add up to those of dout, and words that do not occur get nothing."""
    inputs, out = ask(MOST_NEVER_OCCUR)
    absent = np.setdiff1d(np.arange(len(inputs["W"])), inputs["x"])
    must(not out["dW"][absent].any(), "the row of dW of a word that does not occur must be 0.")
    if not close(out["dW"].sum(axis=0), inputs["dout"].sum(axis=(0, 1))):
        return "the rows of dW must add up to the sum of dout over all places: every place counts, repeated words too."


temporal_affine = layer(
    "temporal_affine",
    "x: N T D, w: D M, b: M -> out: N T M",
    points=3,
    shares=(0.5, 0.75, 1),
    cases=SHORT_CASES,
    checks=[Vectorised("N", 0.5), Vectorised("T", 0.25)],
)


def some_steps(rng, sizes):
    """About two thirds of the steps are real, one of them surely."""
    mask = rng.random((sizes["N"], sizes["T"])) < 2 / 3
    mask[0, 0] = True
    return mask


def scattered(rng, inputs):
    """Rows of scores that lie thousands apart."""
    return rng.standard_normal((4, 5, 3)) + 3e3 * rng.integers(-3, 4, (4, 5, 1))


FEW = {"N": 4, "T": 5, "V": 3}
RAGGED = np.arange(5) < np.array([[5], [2], [0], [4]])  # one sequence is filling throughout

temporal_softmax_loss = function(
    "temporal_softmax_loss",
    "x: N T V, y: N T int<V, mask: N T bool -> loss, dx: N T V",
    points=4,
    given={"mask": some_steps},
    cases=[
        case("every step is real", sizes=FEW, mask=np.ones((4, 5), dtype=bool)),
        case("no step is real", sizes=FEW, mask=np.zeros((4, 5), dtype=bool)),
        case("sequences of different lengths", sizes=FEW, mask=RAGGED),
        case("a single step", sizes={"T": 1}),
        case("one sequence", sizes={"N": 1}),
        case("scores of tens of thousands", sizes=FEW, x=draws.normal(4, 5, 3, scale=1e4)),
        case("rows that lie thousands apart", sizes=FEW, x=scattered),
    ],
    checks=[
        Dimensions(0.25),
        Gradient("loss", wrt="x", claimed="dx", share=0.75),
        Reference(1),
        Vectorised("N", 0.25),
    ],
)


@property_of(temporal_softmax_loss, "Filling is silent", 0.75)
def filling_is_silent(ask):
    """What stands at masked steps changes nothing, and gets no gradient."""
    inputs, out = ask()
    mask = inputs["mask"]
    must(not out["dx"][~mask].any(), "at steps where mask is False dx must be 0.")
    noise = ask.rng.standard_normal(inputs["x"].shape)
    x = np.where(mask[:, :, None], inputs["x"], noise)
    y = np.where(mask, inputs["y"], (inputs["y"] + 1) % inputs["x"].shape[2])
    _, other = ask(inputs, x=x, y=y)
    if not (close(other["loss"], out["loss"]) and close(other["dx"], out["dx"])):
        return "other scores and words at steps where mask is False change the result: they must not count."


@property_of(temporal_softmax_loss, "A sum over steps, a mean over sequences", 0.75)
def sum_over_steps_mean_over_sequences(ask):
    """Equal scores cost log V a step; twice the steps cost twice, twice the sequences the same."""
    drawn = ask.draw()
    inputs = {**drawn, "mask": np.ones(drawn["y"].shape, dtype=bool)}
    T, V = inputs["x"].shape[1:]
    equal = {**inputs, "x": np.zeros_like(inputs["x"])}
    longer, more = (
        {name: np.concatenate([value, value], axis=axis) for name, value in inputs.items()}
        for axis in (1, 0)
    )
    out, of_equal, of_longer, of_more = ask.all([inputs, equal, longer, more])
    if not close(of_equal["loss"], T * np.log(V)):
        return (
            f"with equal scores each of the T = {T} steps costs log V = {np.log(V):.4g}, "
            f"so the loss must be {T * np.log(V):.4g}, not {float(of_equal['loss']):.4g}."
        )
    if not close(of_longer["loss"], 2 * out["loss"]):
        return "the same steps once more must double the loss: it is a sum over the steps."
    if not close(of_more["loss"], out["loss"]):
        return "the same sequences once more must leave the loss as it is: it is a mean over the sequences."


@property_of(temporal_softmax_loss, "The entries of dx sum to 0", 0.25)
def rows_sum_to_zero(ask):
    """What pushes the wrong words down pushes the right one up, by as much."""
    inputs, out = ask()
    if not close(out["dx"].sum(axis=-1), np.zeros(inputs["y"].shape)):
        return "at every step the entries of dx must add up to 0: equal scores added to a step change nothing."
