"""The CNN assignment once more: convolutions as sparse matrices, dicts of closures for caches, transforms by matrices.

Right and legitimate, if unusual: results as NumPy's own integers and bools, strided views and columns of another layout
inside, gradients by the transposed matrix, sizes by remainders, blocks as functions of their weights.
"""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportIndexIssue=false

import contextlib
from functools import reduce
from itertools import accumulate, product
from operator import mul

import h5py
import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided
from torch import nn

# --- sizes and counts -------------------------------------------------------------------------------------------------


def conv_output_size(W, F, S=1, P=0, strict=False):
    """By quotient and remainder, in NumPy's integers."""
    steps, rest = np.divmod(W + P + P - F, S)
    if W + 2 * P < F or (strict and rest != 0):
        raise ValueError("does not fit")
    return steps + 1


def same_padding(F):
    """Half of an odd number's predecessor."""
    half, odd = divmod(F, 2)
    if not odd:
        raise ValueError("even")
    return np.int64(half)


def conv_param_count(F, D1, K, groups=1):
    """By the sizes of arrays that are never made."""
    shape = (K, D1 // groups, F, F)
    return reduce(mul, shape) + shape[0]


def pool_output_size(W, F, S, ceil_mode=False):
    """Rounded up by rounding the negative down, then by what begins inside."""
    whole = 1 + (W - F) // S
    if not ceil_mode:
        return whole
    begins_inside = 1 + (W - 1) // S
    return min(begins_inside, 1 - (F - W) // S)


def network_summary(layers, input_shape):
    """Each kind has its function from a shape to (shape, params, macs)."""

    def conv(shape, F, K, S, P):
        C, *sides = shape
        out = (K, *((side + 2 * P - F + S) // S for side in sides))
        return out, K + K * C * F**2, K * C * F**2 * out[1] * out[2]

    def pool(shape, F, S):
        return (shape[0], *((side - F + S) // S for side in shape[1:])), 0, 0

    def fc(shape, K):
        D = reduce(mul, shape)
        return (K,), (D + 1) * K, D * K

    kinds = {"conv": conv, "pool": pool, "fc": fc}
    shape, rows = tuple(input_shape), []
    for layer in [{"kind": "input"}, *layers]:
        kind = layer["kind"]
        layer = {name: value for name, value in layer.items() if name != "kind"}
        params = macs = 0
        if kind in kinds:
            shape, params, macs = kinds[kind](shape, **layer)
        size = reduce(mul, shape)
        rows.append(dict(kind=kind, shape=shape, params=params, macs=macs, activations=size))
    totals = dict.fromkeys(("params", "activations", "macs"), 0)
    for row in rows:
        for name in totals:
            totals[name] += row[name]
    return rows, {"mebibytes": totals["activations"] / (1 << 18), **totals}


def resnet_param_count(blocks, num_classes=1000):
    """A formula for each stage."""
    total, before = 7 * 7 * 3 * 64 + 128, 64
    for w, n in zip((64, 128, 256, 512), blocks, strict=True):
        total += n * (
            9 * w * w + 4 * w * w + 2 * 6 * w
        )  # 3x3, the last 1x1, six widths of normalisations
        total += before * w + (n - 1) * 4 * w * w  # the first 1x1 of each block
        total += before * 4 * w + 2 * 4 * w  # one projection
        before = 4 * w
    return total + before * num_classes + num_classes


def conv_claims():
    """In NumPy's own bools."""
    return dict(zip("abcdefghij", np.array([0, 1, 0, 0, 1, 0, 0, 0, 1, 0]) > 0, strict=True))


# --- convolution, by definition ---------------------------------------------------------------------------------------


def _matrix(image, conv_param, w):
    """A layer as one matrix from a flat image to flat outputs: (F * high * wide, C * H * W)."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    (H, W), (F, C, HH, WW) = image, w.shape
    high, wide = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    matrix = np.zeros((F, high, wide, C, H, W))
    for i, j, p, q in product(range(high), range(wide), range(HH), range(WW)):
        row, column = i * stride + p - pad, j * stride + q - pad
        if 0 <= row < H and 0 <= column < W:
            matrix[:, i, j, :, row, column] = w[:, :, p, q]
    return matrix.reshape(F * high * wide, C * H * W), (F, high, wide)


def conv_forward_naive(x, w, b, conv_param):
    """One large matrix."""
    matrix, shape = _matrix(x.shape[2:], conv_param, w)
    out = (x.reshape(len(x), -1) @ matrix.T).reshape(len(x), *shape)
    out += b[:, None, None]
    return out, {"x": x, "w": w, "matrix": matrix, "conv_param": conv_param}


def conv_backward_naive(dout, cache):
    """Its transpose; each weight's gradient by the matrix of a filter that is 0 but for that weight's 1."""
    x, w, N = cache["x"], cache["w"], len(dout)
    dx = (dout.reshape(N, -1) @ cache["matrix"]).reshape(x.shape)
    dw = np.zeros_like(w)
    for c, p, q in np.ndindex(*w.shape[1:]):
        one = np.zeros((1, 1, *w.shape[2:]))
        one[0, 0, p, q] = 1
        matrix, (_, high, wide) = _matrix(x.shape[2:], cache["conv_param"], one)
        seen = x[:, c].reshape(N, -1) @ matrix.T
        dw[:, c, p, q] = np.einsum("nfk,nk->f", dout.reshape(N, -1, high * wide), seen)
    return dx, dw, dout.swapaxes(0, 1).reshape(len(w), -1).sum(1)


# --- pooling ----------------------------------------------------------------------------------------------------------


def _strided(x, height, width, stride):
    """All windows as a view: (N, C, high, wide, height, width)."""
    N, C, H, W = x.shape
    high, wide = (H - height) // stride + 1, (W - width) // stride + 1
    n, c, down, right = x.strides
    return as_strided(
        x, (N, C, high, wide, height, width), (n, c, stride * down, stride * right, down, right)
    )


def max_pool_forward(x, pool_param):
    """The cache is the way back."""
    height, width, stride = (
        pool_param["pool_height"],
        pool_param["pool_width"],
        pool_param["stride"],
    )
    x = np.ascontiguousarray(x)
    windows = _strided(x, height, width, stride)
    out = np.sort(windows.reshape(*windows.shape[:4], -1), axis=-1)[..., -1]

    def back(dout):
        """The last of equals gets all."""
        dx = np.zeros(x.shape)
        for n, c, i, j in np.ndindex(*dout.shape):
            window = windows[n, c, i, j]
            at = np.argwhere(window == out[n, c, i, j])[-1]
            dx[n, c, i * stride + at[0], j * stride + at[1]] += dout[n, c, i, j]
        return dx

    return out, back


def max_pool_backward(dout, cache):
    """The way back that the forward pass left."""
    return cache(dout)


def avg_pool_forward(x, pool_param):
    """A convolution of each channel by itself with equal weights."""
    height, width, stride = (
        pool_param["pool_height"],
        pool_param["pool_width"],
        pool_param["stride"],
    )
    N, C, H, W = x.shape
    filters = np.full((1, 1, height, width), 1 / (height * width))
    out, cache = conv_forward_naive(
        x.reshape(N * C, 1, H, W), filters, np.zeros(1), {"stride": stride, "pad": 0}
    )
    return out.reshape(N, C, *out.shape[2:]), (cache, x.shape)


def avg_pool_backward(dout, cache):
    """Through that convolution."""
    cache, shape = cache
    N, C, high, wide = dout.shape
    return (dout.reshape(N * C, high * wide) @ cache["matrix"]).reshape(shape)


def global_avg_pool_forward(x):
    """Axis by axis."""
    return np.average(np.average(x, axis=3), axis=2), 0 * x


def global_avg_pool_backward(dout, cache):
    """By broadcasting onto zeros."""
    return cache + np.expand_dims(dout, (2, 3)) / cache[0, 0].size


# --- convolution as one matrix product --------------------------------------------------------------------------------


def im2col(x, HH, WW, stride=1, pad=0):
    """Entry of the window by entry of the window."""
    N, C, H, W = x.shape
    around = np.zeros((N, C, H + 2 * pad, W + 2 * pad), x.dtype)
    around[:, :, pad : pad + H, pad : pad + W] = x
    high, wide = around.shape[2] - HH + 1, around.shape[3] - WW + 1
    entries = [
        around[:, :, p : p + high : stride, q : q + wide : stride]
        for p, q in product(range(HH), range(WW))
    ]
    return np.stack(entries).transpose(2, 0, 1, 3, 4).reshape(C * HH * WW, -1)


def col2im(cols, x_shape, HH, WW, stride=1, pad=0):
    """By bincount: the number of every entry's place in the padded image."""
    N, C, H, W = x_shape
    room = (N, C, H + 2 * pad, W + 2 * pad)
    places = im2col(np.arange(np.prod(room)).reshape(room), HH, WW, stride)
    collected = np.bincount(places.ravel(), weights=cols.ravel(), minlength=np.prod(room)).reshape(
        room
    )
    return collected[:, :, pad : pad + H, pad : pad + W]


def conv_forward_im2col(x, w, b, conv_param):
    """The bias as one more column of the filters, and one more row of ones."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, _, H, _), (F, _, HH, WW) = x.shape, w.shape
    cols = im2col(x, HH, WW, stride, pad)
    cols = np.vstack([cols, np.ones((1, cols.shape[1]))])
    out = np.hstack([w.reshape(F, -1), b[:, None]]) @ cols
    high = (H + 2 * pad - HH) // stride + 1
    out = out.reshape(F, N, high, -1).swapaxes(0, 1)
    return out, {"cols": cols, "w": w, "shape": x.shape, "stride": stride, "pad": pad}


def conv_backward_im2col(dout, cache):
    """Weights and bias together again."""
    w, F = cache["w"], dout.shape[1]
    rows = np.moveaxis(dout, 1, 0).reshape(F, -1)
    both = rows @ cache["cols"].T
    dcols = np.tensordot(w.reshape(F, -1), rows, (0, 0))
    dx = col2im(dcols, cache["shape"], w.shape[2], w.shape[3], cache["stride"], cache["pad"])
    return dx, both[:, :-1].reshape(w.shape), both[:, -1]


# --- spread out, and transposed ----------------------------------------------------------------------------------------


def conv_forward_dilated(x, w, b, conv_param):
    """Filters with zeros between their entries, under the layer for filters without."""
    dilation, (F, C, HH, WW) = conv_param["dilation"], w.shape
    spread = np.zeros((F, C, HH, dilation, WW, dilation))
    spread[:, :, :, 0, :, 0] = w
    spread = spread.reshape(F, C, HH * dilation, WW * dilation)
    rest = dilation - 1  # zeros behind the last entry, which no filter has
    spread = spread[:, :, : HH * dilation - rest, : WW * dilation - rest]
    return conv_forward_im2col(x, spread, b, conv_param)[0]


def conv_transpose(y, w, b, conv_param):
    """By the transpose of the layer's one large matrix."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    image = tuple(
        stride * count + side - stride - 2 * pad
        for count, side in zip(y.shape[2:], w.shape[2:], strict=True)
    )
    matrix, _ = _matrix(image, conv_param, w)
    flat = y.reshape(len(y), -1) @ matrix
    return flat.reshape(len(y), w.shape[1], *image) + np.expand_dims(b, (1, 2))


# --- faster ways to convolve ------------------------------------------------------------------------------------------


def conv_forward_fft(x, w, b, pad=0):
    """Flipped filters, room up to powers of two, and frequencies multiplied as a stack of matrices."""
    (_, _, H, W), (_, _, HH, WW) = x.shape, w.shape
    room = [1 << (side + 2 * pad + other).bit_length() for side, other in ((H, HH), (W, WW))]
    images = np.fft.fftn(x, room, axes=(2, 3)).transpose(2, 3, 0, 1)
    filters = np.fft.fftn(np.flip(w, (2, 3)), room, axes=(2, 3)).transpose(2, 3, 1, 0)
    full = np.fft.ifftn((images @ filters).transpose(2, 3, 0, 1), axes=(2, 3)).real
    full = np.roll(full, (pad, pad), axis=(2, 3))  # the padding, after the fact
    return full[:, :, HH - 1 : H + 2 * pad, WW - 1 : W + 2 * pad] + b.reshape(-1, 1, 1)


def conv_cost(method, H, W, C, F, K):
    """By a table of functions."""

    def fft():
        P = np.prod([H + K - 1, W + K - 1])
        return P * (np.log2(P) * ((C + 1) * (F + 1) - 1) + 2 * C * F)

    def winograd():
        if K != 3:
            raise ValueError("only 3 x 3")
        return 16 * C * F * ((H + 1) // 2) * ((W + 1) // 2)

    table = {"direct": lambda: float(H * W * C * F * K * K), "fft": fft, "winograd": winograd}
    if method not in table:
        raise ValueError(method)
    return table[method]()


def strassen_matmul(A, B, leaf=64):
    """The seven products as linear combinations: coefficients in three small tables."""
    (m, k), n = A.shape, B.shape[1]
    if m <= leaf or k <= leaf or n <= leaf:
        return np.einsum("mk,kn->mn", A, B), np.int64(m * k * n)
    left, right = (_blocks(one) for one in (A, B))
    U = np.array(
        [
            [1, 0, 0, 1],
            [0, 0, 1, 1],
            [1, 0, 0, 0],
            [0, 0, 0, 1],
            [1, 1, 0, 0],
            [-1, 0, 1, 0],
            [0, 1, 0, -1],
        ]
    )
    V = np.array(
        [
            [1, 0, 0, 1],
            [1, 0, 0, 0],
            [0, 1, 0, -1],
            [-1, 0, 1, 0],
            [0, 0, 0, 1],
            [1, 1, 0, 0],
            [0, 0, 1, 1],
        ]
    )
    R = np.array(
        [
            [1, 0, 0, 1, -1, 0, 1],
            [0, 0, 1, 0, 1, 0, 0],
            [0, 1, 0, 1, 0, 0, 0],
            [1, -1, 1, 0, 0, 1, 0],
        ]
    )
    made = [
        strassen_matmul(*pair, leaf) for pair in zip(_mixed(U, left), _mixed(V, right), strict=True)
    ]
    C11, C12, C21, C22 = _mixed(R, [one for one, _ in made])
    C = np.concatenate([np.concatenate([C11, C12], 1), np.concatenate([C21, C22], 1)])
    return C[:m, :n], sum(count for _, count in made)


def _blocks(A):
    """The four quarters, filled up to even sides."""
    A = np.pad(A, [(0, side & 1) for side in A.shape])
    h, v = A.shape[0] // 2, A.shape[1] // 2
    return [A[:h, :v], A[:h, v:], A[h:, :v], A[h:, v:]]


def _mixed(table, blocks):
    """Sums and differences of blocks, a row of coefficients each."""
    for row in table:
        yield sum(weight * block for weight, block in zip(row, blocks, strict=True) if weight)


def winograd_matrices():
    """With the halves in the output transform, so that the filter's has integers only."""
    AT = np.array([[1, 0.5, 0.5, 0], [0, 0.5, -0.5, 1]])
    G = np.array([[1.0, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 1]])
    BT = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])
    return BT, G, AT


def winograd_f2x2_3x3(x, w):
    """One matrix for both axes together: a piece is a vector of 16 numbers, a tile one of 4."""
    BT, G, AT = (np.kron(one, one) for one in winograd_matrices())
    (N, C, H, W), F = x.shape, w.shape[0]
    high, wide = H // 2 - 1 + H % 2, W // 2 - 1 + W % 2
    room = np.zeros((N, C, 2 * high + 2, 2 * wide + 2))
    room[:, :, :H, :W] = x
    pieces = _strided(room, 4, 4, 2).reshape(N, C, high, wide, 16)
    data = np.tensordot(BT, pieces, (1, 4)).reshape(16, N, C, high * wide)
    filters = np.tensordot(G, w.reshape(F, C, 9), (1, 2))
    sums = np.matmul(filters[:, None], data)  # 16 N F places
    tiles = np.tensordot(AT, sums, (1, 0)).reshape(2, 2, N, F, high, wide)
    return np.moveaxis(tiles, (0, 1), (3, 5)).reshape(N, F, 2 * high, 2 * wide)[
        ..., : H - 2, : W - 2
    ]


# --- stacks -----------------------------------------------------------------------------------------------------------


def receptive_field(layers):
    """By the jumps before each layer."""
    jumps = list(accumulate([stride for _, stride in layers], mul, initial=1))
    return 1 + sum(
        jump * (size - 1) for (size, _), jump in zip(layers, jumps, strict=False)
    ), jumps[-1]


def stack_params(kind, C, N, squeeze=2):
    """Kind by kind, in units of C squared."""
    match kind:
        case "single":
            units = N**2
        case "stack":
            units = 9 * (N // 2)
        case "bottleneck":
            return round(C**2 * (2 / squeeze + (N / squeeze) ** 2))
        case "separable":
            units = N + N
        case "depthwise":
            return C * (N**2 + C)
        case _:
            raise ValueError(kind)
    return units * C * C


def separate_kernel(kernel):
    """Alternating least squares until it stands still; what is left by its norm."""
    row = kernel[np.argmax(np.linalg.norm(kernel, axis=1))].astype(float)
    col = kernel @ row
    for _ in range(20000):
        row = col @ kernel / (col @ col)
        new = kernel @ row / (row @ row)
        if np.allclose(new, col, rtol=1e-14, atol=0):
            break
        col = new
    return col, row, np.linalg.norm(kernel - np.outer(col, row), 2)


def separable_conv(x, col, row):
    """By two banded matrices."""
    down, right = (
        sum(weight * np.eye(side - len(line) + 1, side, k) for k, weight in enumerate(line))
        for line, side in ((col, x.shape[0]), (row, x.shape[1]))
    )
    return down @ x @ np.transpose(right)


# --- a residual block, and a whole network ----------------------------------------------------------------------------


def residual_block_forward(x, w1, b1, w2, b2, ws=None, stride=1):
    """Every layer leaves its way back on a list."""
    backs = {}

    def conv(name, x, w, b, stride, pad):
        out, cache = conv_forward_im2col(x, w, b, {"stride": stride, "pad": pad})
        backs[name] = lambda dout: conv_backward_im2col(dout, cache)
        return out

    def relu(name, x):
        backs[name] = lambda dout: dout * np.heaviside(x, 0.0)
        return np.fmax(x, 0.0)

    out = relu("inner", conv("first", x, w1, b1, stride, 1))
    out = conv("second", out, w2, b2, 1, 1)
    out = out + (x if ws is None else conv("shortcut", x, ws, np.zeros(ws.shape[0]), stride, 0))
    return relu("outer", out), backs


def residual_block_backward(dout, cache):
    """The ways back, one after the other."""
    dout = cache["outer"](dout)
    dhidden, dw2, db2 = cache["second"](dout)
    dx, dw1, db1 = cache["first"](cache["inner"](dhidden))
    dws = None
    if "shortcut" in cache:
        dout, dws, _ = cache["shortcut"](dout)
    return [dx + dout, dw1, db1, dw2, db2, dws]


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """As rows of channels, one row for each place of each image."""
    rows = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    settings = {"eps": 1e-5, "momentum": 0.9, "running_mean": 0.0, "running_var": 0.0, **bn_param}
    if bn_param["mode"] == "test":
        mean, var = settings["running_mean"], settings["running_var"]
    else:
        mean = np.ones(len(rows)) @ rows / len(rows)
        var = np.einsum("rc,rc->c", rows, rows - mean) / len(rows)
        keep = settings["momentum"]
        for name, now in (("running_mean", mean), ("running_var", var)):
            bn_param[name] = now + keep * (settings[name] - now)
    scale = gamma / np.sqrt(var + settings["eps"])
    out = scale * rows + (beta - scale * mean)
    whole = (x.shape[0], *x.shape[2:], -1)
    return np.moveaxis(out.reshape(whole), -1, 1), (rows - mean, scale, gamma)


def spatial_batchnorm_backward(dout, cache):
    """By the matrix that takes means off, twice."""
    centred, scale, gamma = cache
    back = np.moveaxis(dout, 1, -1).reshape(-1, dout.shape[1])
    dscale = np.diag(back.T @ centred)
    dgamma = dscale * (scale / gamma)
    dvar = -0.5 * dscale * scale * (scale / gamma) ** 2
    dcentred = back * scale + centred * (2 * dvar / len(back))
    drows = dcentred - np.average(dcentred, axis=0)
    whole = (dout.shape[0], *dout.shape[2:], -1)
    return np.moveaxis(drows.reshape(whole), -1, 1), dgamma, back.sum(0)


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Each group of each image as one channel of a single image, normalised over its batch of one."""
    N, C, H, W = x.shape
    alone = x.reshape(1, N * G, C // G * H, W)
    plain = np.ones(N * G), np.zeros(N * G)
    xhat, cache = spatial_batchnorm_forward(alone, *plain, {"mode": "train", **gn_param})
    xhat = xhat.reshape(N, C, H, W)
    out = np.einsum("nchw,c->nchw", xhat, gamma) + np.reshape(beta, (C, 1, 1))
    return out, {"cache": cache, "xhat": xhat, "gamma": gamma, "shape": alone.shape}


def spatial_groupnorm_backward(dout, cache):
    """Through that batch of one."""
    dxhat = np.einsum("nchw,c->nchw", dout, cache["gamma"]).reshape(cache["shape"])
    dx, _, _ = spatial_batchnorm_backward(dxhat, cache["cache"])
    dgamma = np.einsum("nchw,nchw->c", dout, cache["xhat"])
    return dx.reshape(dout.shape), dgamma, np.einsum("nchw->c", dout)


class ThreeLayerConvNet:
    """Convolution by the affine layers' own product, pooling by reshaping, log-sum-exp by logaddexp."""

    def __init__(
        self,
        input_shape=(3, 32, 32),
        num_filters=32,
        filter_size=7,
        hidden_dim=100,
        num_classes=10,
        *rest,
        **named,
    ):
        self._start(input_shape, num_filters, filter_size, hidden_dim, num_classes, *rest, **named)

    def _start(self, image, filters, size, hidden, classes, weight_scale=1e-3, reg=0.0, rng=None):
        rng = np.random.default_rng() if rng is None else rng
        self.reg, self.params = reg, {}
        pooled = reduce(mul, (side // 2 for side in image[1:]), filters)
        for k, shape in enumerate(
            [(filters, image[0], size, size), (pooled, hidden), (hidden, classes)], 1
        ):
            self.params[f"W{k}"] = rng.standard_normal(shape) * weight_scale
            self.params[f"b{k}"] = np.zeros(shape[0] if k == 1 else shape[1])

    def loss(self, X, y=None):
        """Forward through a list of steps, backward through the same."""
        p = self.params
        (N, _, H, W), F, K = X.shape, len(p["W1"]), p["W1"].shape[-1]
        pad = {"stride": 1, "pad": K // 2}
        maps, cache = conv_forward_im2col(X, p["W1"], p["b1"], pad)
        even = np.maximum(maps, 0)[:, :, : H // 2 * 2, : W // 2 * 2]
        pieces = (
            even.reshape(N, F, H // 2, 2, W // 2, 2)
            .transpose(0, 1, 2, 4, 3, 5)
            .reshape(N, F, H // 2, W // 2, 4)
        )
        pooled = pieces.max(-1)
        rows = pooled.reshape(N, -1)
        hidden = np.maximum(rows @ p["W2"] + p["b2"], 0)
        scores = hidden @ p["W3"] + p["b3"]
        if y is None:
            return scores
        log_p = scores - np.logaddexp.reduce(scores, axis=1)[:, None]
        squares = sum(np.linalg.norm(p[f"W{k}"]) ** 2 for k in (1, 2, 3))
        d3 = (np.exp(log_p) - (np.arange(scores.shape[1]) == y[:, None])) / N
        d2 = np.where(hidden > 0, d3 @ p["W3"].T, 0)
        back = (d2 @ p["W2"].T).reshape(pooled.shape)
        winner = np.eye(4)[pieces.argmax(-1)] * back[..., None]
        dmaps = np.zeros(maps.shape)
        unfolded = winner.reshape(N, F, H // 2, W // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        dmaps[:, :, : H // 2 * 2, : W // 2 * 2] = unfolded.reshape(even.shape)
        _, dW1, db1 = conv_backward_im2col(np.where(maps > 0, dmaps, 0), cache)
        grads = {
            "b1": db1,
            "W2": rows.T @ d2,
            "b2": d2.sum(0),
            "W3": hidden.T @ d3,
            "b3": d3.sum(0),
            "W1": dW1,
        }
        for k in (1, 2, 3):
            grads[f"W{k}"] += 2 * self.reg * p[f"W{k}"]
        return self.reg * squares - np.trace(log_p[:, y]) / N, grads


def random_flip_crop(x, pad, rng):
    """Row and column of every entry to be read, for all images at once; beyond the edge it is 0."""
    N, _, H, W = x.shape
    signs = np.where(rng.random(N) < 0.5, -1, 1)
    down, right = (rng.integers(0, 2 * pad + 1, (N, 1)) - pad for _ in range(2))
    rows = down + np.arange(H)
    columns = np.stack([np.arange(W)[::sign] for sign in signs]) + right
    inside = (rows >= 0) & (rows < H), (columns >= 0) & (columns < W)
    n = np.arange(N)[:, None, None]
    seen = x[n, :, (rows % H)[:, :, None], (columns % W)[:, None]]  # N H W C
    kept = inside[0][:, :, None] & inside[1][:, None]
    return np.moveaxis(seen * kept[..., None], -1, 1)


# --- blocks in PyTorch ------------------------------------------------------------------------------------------------


def _norm_conv(c_in, c_out, *rest, **named):
    """A convolution without bias and its normalisation."""
    return nn.Conv2d(c_in, c_out, *rest, bias=False, **named), nn.BatchNorm2d(c_out)


def _shortcut(c_in, c_out, stride):
    return (
        nn.Identity()
        if (c_in, 1) == (c_out, stride)
        else nn.Sequential(*_norm_conv(c_in, c_out, 1, stride))
    )


class ResidualBlock(nn.Module):
    """In place where it can be."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.shortcut = _shortcut(c_in, c_out, stride)
        self.conv2, self.bn2 = _norm_conv(c_out, c_out, (3, 3), (1, 1), (1, 1))
        self.conv1, self.bn1 = _norm_conv(c_in, c_out, (3, 3), (stride, stride), (1, 1))

    def forward(self, x):
        """A sum made in place."""
        out = self.bn2(self.conv2(self.bn1(self.conv1(x)).clamp_(min=0)))
        out += self.shortcut(x)
        return out.clamp_(min=0)


class Bottleneck(nn.Module):
    """As a loop over its parts."""

    def __init__(self, c_in, width, c_out, stride=1, groups=1):
        super().__init__()
        wide = _norm_conv(width, width, 3, stride, 1, groups=groups)
        for k, pair in enumerate(
            [_norm_conv(c_in, width, 1), wide, _norm_conv(width, c_out, 1)], 1
        ):
            self.add_module(f"conv{k}", pair[0])
            self.add_module(f"bn{k}", pair[1])
        self.shortcut = _shortcut(c_in, c_out, stride)

    def forward(self, x):
        """The names of the parts in their order."""
        out = x
        for step in ("conv1", "bn1", "relu", "conv2", "bn2", "relu", "conv3", "bn3"):
            out = out.relu() if step == "relu" else self.get_submodule(step)(out)
        return out.add(self.shortcut(x)).relu()


class DenseBlock(nn.Module):
    """Room for all maps at once, filled from the front."""

    def __init__(self, c_in, growth, num_layers):
        super().__init__()
        self.growth = growth
        self.layers = nn.ModuleList()
        for k in range(num_layers):
            seen, parts = c_in + k * growth, []
            for before, after, size in ((seen, 4 * growth, 1), (4 * growth, growth, 3)):
                parts += [nn.BatchNorm2d(before), nn.ReLU(inplace=True)]
                parts += [nn.Conv2d(before, after, size, padding=size // 2, bias=False)]
            self.layers.append(nn.Sequential(*parts))

    def forward(self, x):
        """Padding of the channels makes the room."""
        seen = x.shape[1]
        room = nn.functional.pad(x, (0, 0, 0, 0, 0, len(self.layers) * self.growth))
        for layer in self.layers:
            room = room.slice_scatter(layer(room[:, :seen].clone()), 1, seen, seen + self.growth)
            seen += self.growth
        return room


class InceptionModule(nn.Module):
    """The outputs written into one tensor."""

    def __init__(self, c_in, c1, c3_reduce, c3, c5_reduce, c5, c_pool):
        super().__init__()
        relu = nn.ReLU
        self.branch_pool = nn.Sequential(
            nn.MaxPool2d((3, 3), 1, 1), nn.Conv2d(c_in, c_pool, 1), relu()
        )
        self.branch5 = nn.Sequential(
            nn.Conv2d(c_in, c5_reduce, 1), relu(), nn.Conv2d(c5_reduce, c5, 5, 1, 2), relu()
        )
        self.branch3 = nn.Sequential(
            nn.Conv2d(c_in, c3_reduce, 1), relu(), nn.Conv2d(c3_reduce, c3, 3, 1, 1), relu()
        )
        self.branch1 = nn.Sequential(nn.Conv2d(c_in, c1, 1), relu())

    def forward(self, x):
        """Stacked along the channels."""
        return torch.hstack(
            [branch(x) for branch in (self.branch1, self.branch3, self.branch5, self.branch_pool)]
        )


# --- training ---------------------------------------------------------------------------------------------------------


def train_cnn(model, optimizer, loaders, epochs, device="cpu", precision="float32"):
    """Losses written into a tensor on the device, gradients set to None, autocast only where it is needed."""
    if precision not in {"float32", "bfloat16", "float16"}:
        raise ValueError(f"{precision} is not known")
    train, val = loaders
    device = torch.device(device)
    model = model.to(device=device)
    scaler = torch.amp.GradScaler(device.type) if precision == "float16" else None
    low = contextlib.nullcontext
    if precision != "float32":
        low = lambda: torch.autocast(device.type, getattr(torch, precision))  # noqa: E731
    losses, accuracies = torch.zeros(0, device=device), torch.zeros(0, device=device)
    for _ in range(epochs):
        with torch.enable_grad():
            for images, labels in train:
                model.train()
                optimizer.zero_grad(set_to_none=True)
                with low():
                    loss = nn.CrossEntropyLoss()(model(images.to(device)), labels.to(device))
                if scaler:
                    scaler.scale(loss).backward()
                    scaler.step(optimizer)
                    scaler.update()
                else:
                    loss.backward()
                    optimizer.step()
                losses = torch.cat([losses, loss.detach()[None]])
        with torch.inference_mode(), low():
            right = [
                model.eval()(images.to(device)).argmax(-1) == labels.to(device)
                for images, labels in val
            ]
        accuracies = torch.cat([accuracies, torch.cat(right).double().mean().reshape(1).clone()])
    model.eval()
    return {"train_loss": losses.tolist(), "val_accuracy": accuracies.tolist()}


# --- a data set on disk -----------------------------------------------------------------------------------------------


def write_hdf5(X, y, path, chunk_rows=64):
    """Chunk by chunk."""
    with h5py.File(str(path), mode="w", libver="latest") as file:
        rows = min(chunk_rows, X.shape[0])
        room = file.create_dataset("X", shape=X.shape, dtype=X.dtype, chunks=(rows, *X.shape[1:]))
        for start in range(0, len(X), rows):
            room[start : start + rows] = X[start : start + rows]
        file["y"] = np.array(y).astype("int64")


class HDF5Dataset(torch.utils.data.Dataset):
    """The labels are read at once, the images when they are asked for."""

    def __init__(self, path):
        super().__init__()
        self.path = str(path)
        with h5py.File(self.path) as file:
            self.labels = file["y"][...]

    def __len__(self):
        """As many as there are labels."""
        return self.labels.size

    def __getitem__(self, index):
        """The file is an attribute from the first example on."""
        if index < 0 or index >= len(self):
            raise IndexError
        if not hasattr(self, "images"):
            self.images = h5py.File(self.path)["X"]
        image = torch.as_tensor(self.images[index])
        image = image.float() / 255.0 if image.dtype == torch.uint8 else image.float()
        return image, self.labels[index]

    def __getstate__(self):
        """Without the file."""
        state = dict(vars(self))
        state.pop("images", None)
        return state
