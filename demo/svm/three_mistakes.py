"""Everything right but for three classic mistakes."""
# others: solved


# %% svm_loss_naive
def svm_loss_naive(W, X, y, reg):
    num_train, num_classes = X.shape[0], W.shape[1]
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(num_train):
        scores = X[i] @ W
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - scores[y[i]] + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]  # and the true class?
    return loss / num_train + reg * np.sum(W * W), dW / num_train + 2 * reg * W


# %% svm_loss_vectorized
def svm_loss_vectorized(W, X, y, reg):
    rows = np.arange(len(y))
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = margins.sum() / len(y) + reg * np.sum(W * W)
    mask = (margins > 0).astype(float)
    mask[rows, y] = -mask.sum(axis=1)
    return loss, X.T @ mask / len(y) + reg * W  # the derivative of W ** 2 is 2 * W


# %% squared_hinge_loss
def squared_hinge_loss(W, X, y, reg):
    rows = np.arange(len(y))
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = np.sum(margins**2) / len(y) + reg * np.sum(W * W)
    slope = margins.copy()  # the 2 of the square's derivative is missing
    slope[rows, y] = -slope.sum(axis=1)
    return loss, X.T @ slope / len(y) + 2 * reg * W
