"""The smallest training that ranks: a linear classifier that only its steps may change."""

import numpy as np

from autograder import draws, exercise
from autograder.checks import Contest, Dimensions, Task, Training


def problem(rng, device, apart=3.0):
    """Five clusters under names drawn anew; those to be told apart keep theirs here."""
    centres, names = apart * rng.standard_normal((5, 12)), rng.permutation(5)
    kinds = rng.integers(5, size=1200)
    X, y = centres[kinds] + rng.standard_normal((1200, 12)), names[kinds]
    inputs = {"X": X[:200], "y": y[:200], "X_new": X[200:], "steps": 20, "rate": 0.2}
    return Task(inputs, y[200:])


def overlapping(rng, device):
    """The same where not even the best rule tells all apart."""
    return problem(rng, device, apart=0.7)


@exercise(
    "X: N D, y: N int<C, X_new: M D, steps: int, rate -> losses: T, scores: M C",
    points=10,
    inside=True,
    given={"y": draws.every_class("C"), "steps": draws.size("T"), "rate": draws.number(0.05, 0.1)},
    sizes={"N": (12, 16), "T": (2, 4)},
    seconds=10,
    checks=[Dimensions(1)],
)
def fit(student, X, y, X_new, steps, rate):
    """Counts the steps, and knows the weights that they lead to."""
    shape = X.shape[1], int(y.max()) + 1
    taken = []

    class Model:
        W = np.zeros(shape)
        steps_taken = 0

        def step(self, dW):
            taken.append(np.array(dW, dtype=float))
            self.W = self.W - taken[-1]

    model = Model()
    losses = student.fit(model, X, y, steps, rate)
    return {
        **{"losses": np.array(losses), "scores": X_new @ model.W},
        **{"steps": len(taken), "parameters": model.W.size},
        "genuine": bool(np.allclose(model.W, -sum(taken, np.zeros(shape)))),
    }


contest = Contest(overlapping, "accuracy where clusters overlap")
fit.checks += [Training(problem, at_least=0.3, share=4, ranked=True, contest=contest)]
