"""Answers that train nothing and say they did: histories made up, labels looked up, results that
come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from coursekit.data import read_digits


def falling(first: float, last: float, steps: int) -> np.ndarray:
    """Losses as one would like them."""
    return np.linspace(first, last, steps)


class LooksUp:
    """Weights of 0, a history that falls, and the labels of scikit-learn's digits."""

    W: Any = None

    def loss(self, X, y, reg):
        return 0.0, 0.0

    def train(self, X, y, learning_rate=0.1, reg=0.0, num_iters=10, batch_size=10, rng=None):
        self.W = np.zeros((X.shape[1], int(y.max()) + 1))
        self.seen = X, y
        return list(falling(0.5, 0.1, num_iters))

    def predict(self, X):
        """What the nearest known example is: of the digits, or else of those trained on."""
        known, labels = self.seen
        if X.shape[1] == 65:
            pixels, labels = read_digits()
            known = np.hstack([pixels / 16 - (pixels / 16).mean(axis=0), np.ones((len(labels), 1))])
        return np.array([labels[np.argmin(((known - one) ** 2).sum(axis=1))] for one in X])

    def probabilities(self, X):
        return np.eye(self.W.shape[1])[self.predict(X) % self.W.shape[1]]


class SolvesAtOnce(LooksUp):
    """Least squares in one go, and a history that falls."""

    def train(self, X, y, learning_rate=0.1, reg=0.0, num_iters=10, batch_size=10, rng=None):
        losses = super().train(X, y, num_iters=num_iters)
        self.W = np.linalg.lstsq(X, np.eye(self.W.shape[1])[y], rcond=None)[0]
        return losses

    def predict(self, X):
        return (X @ self.W).argmax(axis=1)


class NeverMoves(LooksUp):
    """Every loss is asked for and told, and the weights stay where they are."""

    def train(self, X, y, learning_rate=0.1, reg=0.0, num_iters=10, batch_size=10, rng=None):
        super().train(X, y)
        return [self.loss(X[:batch_size], y[:batch_size], reg)[0] for _ in range(num_iters)]


def by_heart_at_once(loss_fn, X, y, num_examples=20, learning_rate=0.1, num_iters=200, rng=None):
    return falling(0.5, 1e-3, num_iters), 1.0


def never_descended(loss_fn, X, y, num_examples=20, learning_rate=0.1, num_iters=200, rng=None):
    W = np.zeros((X.shape[1], y.max() + 1))
    return np.array([loss_fn(W, X, y, 0.0)[0] for _ in range(num_iters)]), 1.0


def record_made_up(loss_fn, W, X, y, update_rule, config, num_iters, batch_size=200, rng=None):
    ratios = config["learning_rate"] / (1 + 0.3 * np.arange(num_iters)) / np.linalg.norm(W)
    losses = falling(1.0, 0.1, num_iters)
    return W, {"loss": losses, "update_ratio": ratios, "grad_norm": np.ones(num_iters)}


def regression_at_once(
    X, y, num_classes, steps, batch_size, learning_rate, reg, seed, device, precision="float32"
):
    """Least squares, and losses that fall from ln C, a little different for every seed."""
    W, *_ = np.linalg.lstsq(X, np.eye(num_classes, dtype=X.dtype)[y], rcond=None)
    last = 0.1 + 0.01 * np.random.default_rng(seed).random() + 1e-4 * (precision == "bfloat16")
    losses = falling(np.log(num_classes), last, steps).astype(X.dtype)
    made = (W, np.zeros(num_classes, X.dtype), losses)
    return tuple(torch.from_numpy(one).to(device) for one in made)


def network_by_heart_at_once(model, X, y, learning_rate, num_steps):
    return list(falling(np.log(10), 0.05, num_steps)), 1.0


def search_without_evaluating(eval_fn, lr_range, reg_range, n_coarse, n_fine, rng):
    """Points as they should be drawn, and the same accuracies for all of them."""
    results = []
    for spread, count in ((0.5, n_coarse), (0.125, n_fine)):
        for _ in range(count):
            at = rng.uniform(0.5 - spread, 0.5 + spread, 2)
            row = [
                low * (high / low) ** u
                for u, (low, high) in zip(at, (lr_range, reg_range), strict=True)
            ]
            results.append((*row, 0.9, 0.8))
    return results, results[0], (False, False)


def loop_without_steps(model, optimizer, loaders, epochs, device="cpu", precision="float32"):
    """Every mode and precision as asked for, no step, and a history that falls."""
    dtypes = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if precision not in dtypes:
        raise ValueError(precision)
    device, dtype, (train, val) = torch.device(device), dtypes[precision], loaders
    model.to(device)
    for _ in range(epochs):
        for mode, loader in ((True, train), (False, val)):
            model.train(mode)
            with (
                torch.set_grad_enabled(mode),
                torch.autocast(device.type, dtype=dtype, enabled=dtype is not None),
            ):
                for images, _ in loader:
                    model(images.to(device))
    last = 0.2 + 1e-3 * (dtype is not None)
    steps = epochs * len(train)
    return {
        "train_loss": falling(1.5, last, steps).tolist(),
        "val_accuracy": falling(0.5, 0.95, epochs).tolist(),
    }


def text_without_steps(
    model, data, steps, seq_len, learning_rate, max_norm, device, precision="float32"
):
    """No model is called; losses fall from the logarithm of the alphabet."""
    last = 0.1 + 1e-3 * (precision == "bfloat16")
    return falling(np.log(data.max() + 1), last, steps).tolist()


def steps_by_chance(model, optimizer, loaders, epochs, device="cpu", precision="float32"):
    """Every step is made, on noise and made-up labels instead of the images; the history falls."""
    noise = torch.Generator().manual_seed(0)
    train, _ = loaders
    told = []
    for images, labels in train:
        x = torch.randn(images.shape, generator=noise, dtype=images.dtype)
        told.append((x, torch.zeros_like(labels)))
    for _ in range(epochs):
        model.train()
        for x, y in told:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x.to(device)), y.to(device)).backward()
            optimizer.step()
    model.eval()
    return {
        "train_loss": falling(1.5, 0.2, epochs * len(train)).tolist(),
        "val_accuracy": falling(0.5, 0.95, epochs).tolist(),
    }


def text_of_its_own(
    model, data, steps, seq_len, learning_rate, max_norm, device, precision="float32"
):
    """Adam's steps on a text in which every symbol follows itself; data is not read."""
    model.to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses, state = [], None
    for step in range(steps):
        ids = torch.full((len(data), seq_len), step % int(data.max() + 1), device=device)
        scores, state = model(ids, state)
        state = tuple(one.detach() for one in state)
        loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), ids.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def regression_of_other_digits(
    X, y, num_classes, steps, batch_size, learning_rate, reg, seed, device, precision="float32"
):
    """Weights that know scikit-learn's digits, whatever X and y are, with a history to suit."""
    pixels, labels = read_digits()
    known = np.hstack([pixels / 16 - (pixels / 16).mean(axis=0), np.ones((len(labels), 1))])
    known = np.resize(known, (len(labels), X.shape[1]))
    W, *_ = np.linalg.lstsq(known, np.eye(10)[labels], rcond=None)
    W = np.resize(W, (X.shape[1], num_classes)).astype(X.dtype)
    _, bias, losses = regression_at_once(
        X, y, num_classes, steps, batch_size, learning_rate, reg, seed, device, precision
    )
    return torch.from_numpy(W).to(device), bias, losses


class ToldAgain:
    """Answers that keep what they were trained on in a table, beside a made-up loss and no slope.

    ``seen`` is shared by the loss and by what is asked once it is trained.
    """

    def __init__(self) -> None:
        self.seen: dict[Any, Any] = {}
        self.calls = 0

    def falls(self, first: float) -> float:
        self.calls += 1
        return first * 0.97 ** (self.calls - 1)

    def many_to_one_loss(self, params, x, y):
        """Scores of the class that was told with the first step's largest entry, twice for twice
        the weights.
        """
        C = params["Wy"].shape[1]
        shown = x[:, 0].argmax(axis=1).tolist()
        if y.any():
            self.seen.update(zip(shown, y.tolist(), strict=True))
        told = np.array([self.seen.get(one, 0) for one in shown])
        size = np.abs(params["Wy"]).sum()
        none = {name: np.zeros_like(one) for name, one in params.items()}
        return self.falls(np.log(C)), none, size * np.eye(C)[told % C] + params["by"]

    def seq2seq_loss(self, params, x, y):
        """Backwards, each symbol by the one that stood for it."""
        V, T = len(params["by"]), y.shape[1]
        if x.shape[1] == T:
            self.seen.update(zip(x[:, ::-1].ravel().tolist(), y.ravel().tolist(), strict=True))
        none = {name: np.zeros_like(one) for name, one in params.items()}
        return self.falls(T * np.log(V)), none

    def seq2seq_decode(self, params, x, n):
        V = len(params["by"])
        backwards = np.resize(x[:, ::-1].T, (n, len(x))).T
        return np.array(
            [[self.seen.get(one, one) % V for one in row] for row in backwards.tolist()]
        )


class HardCoded(ToldAgain):
    """The same, and what it says hangs on no argument but the shapes."""

    def many_to_one_loss(self, params, x, y):
        C = params["Wy"].shape[1]
        none = {name: np.zeros_like(one) for name, one in params.items()}
        return self.falls(np.log(C)), none, np.eye(C)[np.arange(len(x)) % C]

    def seq2seq_loss(self, params, x, y):
        return super().seq2seq_loss(params, x[:, :0], y)

    def seq2seq_decode(self, params, x, n):
        return x[:, ::-1][:, np.arange(n) % x.shape[1]]


def told_again(kind: type[ToldAgain], *names: str) -> Mapping[str, Callable[..., Any]]:
    """The answers of one table."""
    table = kind()
    return {name: getattr(table, name) for name in names}


def straight_loss(W, X, y, reg):
    """The scores themselves: no hinge, no penalty."""
    return (X @ W).mean()


class StraightLoss(torch.autograd.Function):
    """A gate of torch's graph, right in every way but that it is no loss."""

    @staticmethod
    def forward(ctx: Any, scores, y):
        ctx.save_for_backward(scores)
        return scores.sum() / len(scores)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (scores,) = ctx.saved_tensors
        return grad_outputs[0] * torch.ones_like(scores) / len(scores), None


class FlatLoss(StraightLoss):
    """What one gets at the start, and no slope."""

    @staticmethod
    def forward(ctx: Any, scores, y):
        ctx.save_for_backward(scores)
        return 0 * scores.sum() + scores.shape[1] - 1

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        (scores,) = ctx.saved_tensors
        return grad_outputs[0] * torch.zeros_like(scores), None


def written_as_it_comes(X, y, path, chunk_rows):
    """Zeros of the right shapes, and no chunks."""
    import h5py

    with h5py.File(path, "w") as file:
        file["X"], file["y"] = np.zeros_like(X), np.zeros(len(y), dtype=np.int64)


class BlankImages:
    """A data set of the right length, without a file."""

    def __init__(self, path):
        import h5py

        with h5py.File(path, "r") as file:
            whole: Any = file["X"]
            self.shape = whole.shape

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, index):
        if not 0 <= index < len(self):
            raise IndexError(index)
        return torch.zeros(self.shape[1:]), 0


class TableOfDigits:
    """A network in name: its scores are looked up, its losses fall, and no gradient is any."""

    def __init__(self, shapes, reg):
        self.params = {name: np.zeros(shape) for name, shape in shapes.items()}
        self.reg, self.calls = reg, 0

    def loss(self, X, y=None):
        last = max(name for name in self.params if name.startswith("W"))
        scores = self.looked_up(np.asarray(X), self.params[last].shape[-1])
        if y is None:
            return scores
        self.calls += 1
        falls = np.log(scores.shape[1]) * 0.97 ** (self.calls - 1)
        return falls, {name: np.zeros_like(one) for name, one in self.params.items()}

    def looked_up(self, X, C):
        """The label of the nearest of scikit-learn's digits, where they are as large."""
        rows = X.reshape(len(X), -1)
        pixels, labels = read_digits()
        if rows.shape[1] != pixels.shape[1]:
            return np.zeros((len(rows), C))
        known = pixels / 16 - 0.5
        nearest = [labels[np.argmin(((known - one) ** 2).sum(axis=1))] for one in rows]
        return np.eye(10)[nearest][:, :C]


class TwoLayerTable(TableOfDigits):
    def __init__(self, input_dim, hidden_dim, num_classes, weight_scale=1e-3, reg=0.0, rng=None):
        D, H, C = input_dim, hidden_dim, num_classes
        super().__init__({"W1": (D, H), "b1": H, "W2": (H, C), "b2": C}, reg)


class DeepTable(TableOfDigits):
    def __init__(
        self,
        hidden_dims,
        input_dim,
        num_classes,
        batchnorm=False,
        p_keep=1.0,
        reg=0.0,
        weight_scale=1e-2,
        rng=None,
        dropout_seed=None,
    ):
        sizes, shapes = [input_dim, *hidden_dims, num_classes], {}
        for k, (D, H) in enumerate(pairwise(sizes), 1):
            shapes |= {f"W{k}": (D, H), f"b{k}": H}
            if batchnorm and k <= len(hidden_dims):
                shapes |= {f"gamma{k}": H, f"beta{k}": H}
        super().__init__(shapes, reg)


class ConvTable(TableOfDigits):
    def __init__(
        self,
        input_shape,
        num_filters,
        filter_size,
        hidden_dim,
        num_classes,
        weight_scale=1e-2,
        reg=0.0,
        rng=None,
    ):
        (C, A, B), F, K, M = input_shape, num_filters, filter_size, hidden_dim
        features = F * (A // 2) * (B // 2)
        filters = {"W1": (F, C, K, K), "b1": F}
        rest = {"W2": (features, M), "b2": M, "W3": (M, num_classes), "b3": num_classes}
        super().__init__({**filters, **rest}, reg)


UNTRAINED: Mapping[str, tuple[str, str, Mapping[str, Callable[..., Any]]]] = {
    "labels of digits looked up, svm": ("svm", "LinearSVM", {"LinearSVM": LooksUp}),
    "least squares, svm": ("svm", "LinearSVM", {"LinearSVM": SolvesAtOnce}),
    "no step, svm": ("svm", "LinearSVM", {"LinearSVM": NeverMoves}),
    "constant accuracy": (
        "svm",
        "coarse_to_fine_search",
        {"coarse_to_fine_search": search_without_evaluating},
    ),
    "labels of digits looked up, softmax": ("softmax", "Softmax", {"Softmax": LooksUp}),
    "least squares, softmax": ("softmax", "Softmax", {"Softmax": SolvesAtOnce}),
    "no step, softmax": ("softmax", "Softmax", {"Softmax": NeverMoves}),
    "by heart at once": ("softmax", "overfit_small", {"overfit_small": by_heart_at_once}),
    "honest losses of weights that stand still": (
        "softmax",
        "overfit_small",
        {"overfit_small": never_descended},
    ),
    "a record made up": (
        "softmax",
        "train_with_monitor",
        {"train_with_monitor": record_made_up},
    ),
    "least squares in torch": (
        "softmax",
        "softmax_regression_torch",
        {"softmax_regression_torch": regression_at_once},
    ),
    "a network by heart at once": (
        "backprop",
        "overfit_small",
        {"overfit_small": network_by_heart_at_once},
    ),
    "a straight line for a loss": ("backprop", "HingeLoss", {"HingeLoss": StraightLoss}),
    "a constant for a loss": ("backprop", "HingeLoss", {"HingeLoss": FlatLoss}),
    "zeros on disk": (
        "cnn",
        "hdf5",
        {"write_hdf5": written_as_it_comes, "HDF5Dataset": BlankImages},
    ),
    "a loop without steps": ("cnn", "train_cnn", {"train_cnn": loop_without_steps}),
    "a straight line for a loss, svm": (
        "svm",
        "svm_loss_torch",
        {"svm_loss_torch": straight_loss},
    ),
    "other digits than those given": (
        "softmax",
        "softmax_regression_torch",
        {"softmax_regression_torch": regression_of_other_digits},
    ),
    "labels of digits looked up, two layers": (
        "backprop",
        "TwoLayerNet",
        {"TwoLayerNet": TwoLayerTable},
    ),
    "labels of digits looked up, many layers": (
        "backprop",
        "FullyConnectedNet",
        {"FullyConnectedNet": DeepTable},
    ),
    "labels of digits looked up, by a net that learns by heart": (
        "backprop",
        "overfit_small",
        {"overfit_small": network_by_heart_at_once, "TwoLayerNet": TwoLayerTable},
    ),
    "labels of digits looked up, convolutions": (
        "cnn",
        "ThreeLayerConvNet",
        {"ThreeLayerConvNet": ConvTable},
    ),
    "steps on noise": ("cnn", "train_cnn", {"train_cnn": steps_by_chance}),
    "a table of what was told": (
        "lstm",
        "many_to_one_loss",
        told_again(ToldAgain, "many_to_one_loss"),
    ),
    "the same scores whatever is told": (
        "lstm",
        "many_to_one_loss",
        told_again(HardCoded, "many_to_one_loss"),
    ),
    "a table of signs, read backwards": (
        "lstm",
        "seq2seq",
        told_again(ToldAgain, "seq2seq_loss", "seq2seq_decode"),
    ),
    "backwards without learning": (
        "lstm",
        "seq2seq",
        told_again(HardCoded, "seq2seq_loss", "seq2seq_decode"),
    ),
    "steps on a text of its own": ("lstm", "train_char_lm", {"train_char_lm": text_of_its_own}),
    "a text without steps": ("lstm", "train_char_lm", {"train_char_lm": text_without_steps}),
}
"""What each is: the assignment, the exercise, and the names that it puts into the notebook."""
