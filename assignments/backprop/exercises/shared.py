"""What several exercises share: gradients by name, a network to try things on."""

import numpy as np


def beyond(shares, low=0.0, high=1.0):
    """How far the worst of some shares of a gradient lies outside what is allowed: 0 if right."""
    return np.max(np.maximum(0, np.maximum(low - shares, shares - high)))


class FoldedNet:
    """scores = |X A + c| V, with a squared loss: small, with kinks, and nobody's answer.

    ``spoil`` plants a bug in its gradients; with a ``seed`` each example's loss has a random weight,
    drawn anew in every call until reset().
    """

    def __init__(self, A, c, V, reg=0.0, spoil=None, seed=None):
        self.params = {"A": A.copy(), "c": c.copy(), "V": V.copy()}
        self.reg, self.spoil, self.seed = reg, spoil, seed
        self.reset()

    def reset(self):
        """Back to the first random numbers."""
        self.rng = np.random.default_rng(self.seed)

    def winners(self, X):
        """On which side of its fold every unit is."""
        return X @ self.params["A"] + self.params["c"] > 0

    def loss(self, X, y=None):
        """Scores, or loss and gradients."""
        A, c, V = (self.params[name] for name in ("A", "c", "V"))
        sides = np.where(self.winners(X), 1, -1).astype(X.dtype)
        folded = sides * (X @ A + c)
        scores = folded @ V
        if y is None:
            return scores
        weights = np.full(len(X), 2 / len(X), X.dtype)
        if self.seed is not None:
            weights *= self.rng.uniform(0.5, 1.5, len(X)).astype(X.dtype)
        off = scores - np.eye(V.shape[1], dtype=X.dtype)[y]
        pull = weights[:, None] * off
        loss = np.sum(pull * off) / 2 + self.reg * (np.sum(A * A) + np.sum(V * V))
        through = np.einsum("ik,hk,ih->ih", pull, V, sides)
        grads = {
            "A": np.einsum("id,ih->dh", X, through) + 2 * self.reg * A,
            "c": through.sum(0),
            "V": np.einsum("ih,ik->hk", folded, pull) + 2 * self.reg * V,
        }
        return loss, grads if self.spoil is None else self.spoil(grads, self, X)


FOLDED = "X: N D, y: N int<C, A: D H, c: H, V: H C"
