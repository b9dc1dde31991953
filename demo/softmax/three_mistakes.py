"""Everything right but for three classic mistakes."""
# others: solved


# %% softmax
def softmax(s):
    e = np.exp(s - np.max(s))  # one maximum for all rows: the others may vanish
    return e / e.sum(axis=1, keepdims=True)


# %% softmax_loss_vectorized
def softmax_loss_vectorized(W, X, y, reg):
    loss, dscores = softmax_loss(X @ W, y)
    return loss + reg * np.sum(W * W), X.T @ dscores + reg * W  # the derivative of W ** 2 is 2 * W


# %% adam
def adam(w, dw, config=None):
    config = {
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        **(config or {}),
    }
    config["t"] = config.get("t", 0) + 1
    config["m"] = config["beta1"] * config.get("m", np.zeros_like(w)) + (1 - config["beta1"]) * dw
    config["v"] = (
        config["beta2"] * config.get("v", np.zeros_like(w)) + (1 - config["beta2"]) * dw**2
    )
    # both averages started at zero, and nobody corrects for it
    return w - config["learning_rate"] * config["m"] / (
        np.sqrt(config["v"]) + config["epsilon"]
    ), config
