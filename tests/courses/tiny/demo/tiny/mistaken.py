"""One mistake."""
# others: solved


# %% half_square
def half_square(x, w):
    scores = x @ w
    return np.mean(scores**2) / 2, x.T @ scores
