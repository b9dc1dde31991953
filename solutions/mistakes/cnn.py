"""Well-known wrong answers to the CNN assignment.

Each function takes a keyword-only ``wrong``, a set of names; empty, it is a right answer in another
style than the reference's. HINTS[answer][name] is what a student who made that mistake reads.
Forward and backward passes share their caches with the reference, so that either may be wrong on
its own."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportIndexIssue=false
# (what an HDF5 file holds under a name is known when it is opened)

import math
import os

import h5py
import numpy as np
import torch
from torch import nn
from torch.nn import functional

NOTHING = frozenset()


def _default(wrong, mistake, right, another):
    """A setting's default: the right one, or where that mistake is made another, or the number it
    comes with, as in "name=1e-12".
    """
    for one in wrong:
        if one.startswith(mistake + "="):
            return float(one.partition("=")[2])
    return another if mistake in wrong else right


# --- sizes and counts -----------------------------------------------------------------------------


def conv_output_size(W, F, S=1, P=0, strict=False, *, wrong=NOTHING):
    """By counting the places."""
    length = W + (P if "one_sided" in wrong else 2 * P)
    if length < F and "fit_not_checked" not in wrong:
        raise ValueError("the filter is too long")
    starts = range(0, length - F + 1, S)
    if strict and "strict_ignored" not in wrong and starts[-1] + F != length:
        raise ValueError("the last place is not at the end")
    size = len(starts)
    if "rounded_up" in wrong:
        size = math.ceil((length - F) / S) + 1
    if "one_missing" in wrong:
        size -= 1
    return (length - F) / S + 1 if "float" in wrong else size


def same_padding(F, *, wrong=NOTHING):
    """By trying."""
    if "one_side" in wrong:
        return F - 1
    if "even_allowed" in wrong:
        return F // 2
    if "plus_one" in wrong:
        return (F + 1) // 2
    for P in range(F):
        if 2 * P - F + 1 == 0:
            return P
    raise ValueError("an even filter")


def conv_param_count(F, D1, K, groups=1, *, wrong=NOTHING):
    """Group by group."""
    if "groups_ignored" in wrong:
        groups = 1
    depth = 1 if "depth_missing" in wrong else D1 // groups
    weights = sum(K // groups * F * F * depth for _ in range(groups))
    biases = (
        0
        if "bias_missing" in wrong
        else 1
        if "one_bias" in wrong
        else K * D1
        if "bias_for_each_channel" in wrong
        else K
    )
    return weights + biases


def pool_output_size(W, F, S, ceil_mode=False, *, wrong=NOTHING):
    """By counting the places where a window begins."""
    if "ceiling_always" in wrong:
        ceil_mode = True
    if "ceiling_ignored" in wrong:
        ceil_mode = False
    if "one_missing" in wrong:
        return (W - F) // S
    if "beyond_the_end" in wrong and ceil_mode:
        return math.ceil((W - F) / S) + 1
    whole = [start for start in range(0, W, S) if start + F <= W]
    hanging = ceil_mode and whole[-1] + F < W and whole[-1] + S < W
    return len(whole) + hanging


def network_summary(layers, input_shape, *, wrong=NOTHING):
    """With shapes of three numbers throughout, (K, 1, 1) after a fully connected layer."""
    image = tuple(input_shape)
    C, H, W = image
    rows = [("input", image, 0, 0 if "input_not_counted" in wrong else C * H * W, 0)]
    for layer in layers:
        kind, params, macs = layer["kind"], 0, 0
        if kind == "fc":
            K = layer["K"]
            macs = C * H * W * K
            params = (
                0 if "fc_not_counted" in wrong else macs if "bias_missing" in wrong else macs + K
            )
            C, H, W = K, 1, 1
        else:
            F, S, P, K = layer["F"], layer["S"], layer.get("P", 0), layer.get("K", C)
            H, W = (int((side - F + 2 * P) / S) + 1 for side in (H, W))
            if "sides_swapped" in wrong:
                H, W = W, H
            if kind == "conv":
                depth = image[0] if "depth_of_the_image" in wrong else C
                params = F * F * depth * K + (0 if "bias_missing" in wrong else K)
                macs = F * F * depth * K * (1 if "once_not_everywhere" in wrong else H * W)
            elif "pooling_has_weights" in wrong:
                params = F * F * C
            C = K
        shape = (C,) if kind == "fc" else (C, H, W)
        copies = 2 if "relu_counted" in wrong and kind != "pool" else 1
        rows.append((kind, shape, params, copies * C * H * W, macs))
    names = ("kind", "shape", "params", "activations", "macs")
    totals = {name: sum(int(row[k]) for row in rows) for k, name in enumerate(names) if k > 1}  # type: ignore[arg-type]
    unit = 10**6 if "decimal_megabytes" in wrong else 2**20
    size = 8 if "eight_bytes" in wrong else 4
    return [dict(zip(names, row, strict=True)) for row in rows], {
        **totals,
        "mebibytes": totals["activations"] * size / unit,
    }


def resnet_param_count(blocks, num_classes=1000, *, wrong=NOTHING):
    """As a list of all convolutions (size, from, to)."""
    convolutions = [] if "stem_missing" in wrong else [(7, 3, 64)]
    c_in = 64
    for stage, width in enumerate((64, 128, 256, 512)):
        for block in range(blocks[stage]):
            convolutions += [(1, c_in, width), (3, width, width), (1, width, 4 * width)]
            needed = block == 0 and not ("none_in_the_first_stage" in wrong and stage == 0)
            if ("projection_everywhere" in wrong or needed) and "projection_missing" not in wrong:
                convolutions.append((1, c_in, 4 * width))
            c_in = 4 * width
    count = sum(size**2 * before * after for size, before, after in convolutions)
    per_channel = 0 if "batchnorm_missing" in wrong else 4 if "running_counted" in wrong else 2
    count += (per_channel + ("convolution_biases" in wrong)) * sum(
        after for *_, after in convolutions
    )
    return count + 2048 * num_classes + (0 if "classifier_bias_missing" in wrong else num_classes)


def conv_claims(*, wrong=NOTHING):
    """The three that are right, and what ``wrong`` turns around."""
    return {letter: (letter in "bei") != (letter in wrong) for letter in "abcdefghij"}


# --- convolution, by definition -------------------------------------------------------------------


def _places(size, filter_size, stride):
    return (size - filter_size) // stride + 1


def _seen(padded, p, q, high, wide, stride):
    """The entry (p, q) of every window: (N, C, high, wide)."""
    return padded[
        :, :, p : p + (high - 1) * stride + 1 : stride, q : q + (wide - 1) * stride + 1 : stride
    ]


def _surrounded(x, pad):
    N, C, H, W = x.shape
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    padded[:, :, pad : pad + H, pad : pad + W] = x
    return padded


def conv_forward_naive(x, w, b, conv_param, *, wrong=NOTHING):
    """Entry of the filter by entry of the filter, for all places at once."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    if "padding_always_1" in wrong:
        pad = 1
    if "padding_ignored" in wrong:
        pad = 0
    padded = _surrounded(x, pad)
    if "padding_below_only" in wrong:
        padded = padded[:, :, pad:, pad:]
    N, C, H, W = padded.shape
    F, _, HH, WW = w.shape
    step = 1 if "stride_ignored" in wrong else stride
    high, wide = _places(H, HH, step), _places(W, WW, step)
    out = np.zeros((N, F, high, wide))
    filters = w[:, :, ::-1, ::-1] if "flipped" in wrong else w
    columns = min(HH, WW) if "square_filter" in wrong else WW
    for p in range(HH):
        for q in range(columns):
            seen = _seen(padded, p, q, high, wide, step)
            if "stride_in_rows_only" in wrong:
                seen = padded[:, :, p : p + (high - 1) * step + 1 : step, q : q + wide]
            if "first_channel_only" in wrong:
                seen = seen * (np.arange(C) == 0)[:, None, None]
            out += np.einsum("nchw,fc->nfhw", seen, filters[:, :, p, q])
    times = 0 if "bias_missing" in wrong else C if "bias_for_each_channel" in wrong else 1
    return out + times * b.reshape(1, F, 1, 1), (x, w, b, conv_param)


def conv_backward_naive(dout, cache, *, wrong=NOTHING):
    """The same way back."""
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, _, high, wide), (_, _, H, W), (_, _, HH, WW) = dout.shape, x.shape, w.shape
    padded = _surrounded(x, pad)
    dpadded, dw = np.zeros_like(padded), np.zeros(w.shape)
    into = dpadded[-1:] if "last_example_only" in wrong else dpadded
    filters = w[:, :, ::-1, ::-1] if "dx_flipped" in wrong else w
    for p in range(HH):
        for q in range(WW):
            seen = _seen(padded, p, q, high, wide, stride)
            if "dw_stride_in_rows_only" in wrong:
                seen = padded[:, :, p : p + (high - 1) * stride + 1 : stride, q : q + wide]
            if "dw_of_the_corner" in wrong:
                seen = _seen(padded, 0, 0, high, wide, stride)
            dw[:, :, p, q] = np.einsum("nchw,nfhw->fc", seen, dout)
            back = np.einsum("nfhw,fc->nchw", dout[-len(into) :], filters[:, :, p, q])
            if "assigned" in wrong:
                _seen(into, p, q, high, wide, stride)[...] = back
            else:
                _seen(into, p, q, high, wide, stride)[...] += back
    dx = dpadded[:, :, pad : pad + H, pad : pad + W]
    if "padding_left_in" in wrong:
        dx = dpadded
    if "empty_without_padding" in wrong:
        dx = dpadded[:, :, pad:-pad, pad:-pad]
    if "one_cut_off" in wrong:
        dx = dpadded[:, :, 1:-1, 1:-1]
    db = dout.sum(0) if "db_over_examples_only" in wrong else np.einsum("nfhw->f", dout)
    if "db_averaged" in wrong:
        db = db / N
    return dx, dw / N if "dw_averaged" in wrong else dw, db


# --- pooling --------------------------------------------------------------------------------------


def _pooling(pool_param, wrong):
    """Height, width, and the strides downwards and to the right."""
    height, width, stride = (pool_param[name] for name in ("pool_height", "pool_width", "stride"))
    if "square_window" in wrong:
        width = height
    return height, width, *((height, width) if "stride_is_size" in wrong else (stride, stride))


def _windows(x, pool_param, wrong=NOTHING):
    """((i, j), rows, columns) for each place."""
    height, width, down, right = _pooling(pool_param, wrong)
    H, W = x.shape[2:]
    for i in range(_places(H, height, down)):
        for j in range(_places(W, width, right)):
            yield (i, j), slice(i * down, i * down + height), slice(j * right, j * right + width)


def _pooled(x, pool_param, reduce, wrong):
    """Each window reduced to one number."""
    height, width, down, right = _pooling(pool_param, wrong)
    out = np.zeros(
        (*x.shape[:2], _places(x.shape[2], height, down), _places(x.shape[3], width, right))
    )
    for (i, j), rows, columns in _windows(x, pool_param, wrong):
        out[:, :, i, j] = reduce(x[:, :, rows, columns], axis=(2, 3))
    return out


def max_pool_forward(x, pool_param, *, wrong=NOTHING):
    """Window by window."""
    reduce = np.min if "smallest" in wrong else np.mean if "mean" in wrong else np.max
    out = _pooled(x, pool_param, reduce, wrong)
    if "zero_to_start_with" in wrong:
        out = np.where(out > 0, out, 0.0)
    if "all_channels" in wrong:
        out = np.broadcast_to(out.max(axis=1, keepdims=True), out.shape).copy()
    return out, (x, pool_param)


def max_pool_backward(dout, cache, *, wrong=NOTHING):
    """Window by window; ties are split evenly."""
    x, pool_param = cache
    dx = np.zeros(x.shape)
    for (i, j), rows, columns in _windows(x, pool_param):
        if i >= dout.shape[2] or j >= dout.shape[3]:
            continue
        window, gradient = x[:, :, rows, columns], dout[:, :, i, j][:, :, None, None]
        best = window == window.max(axis=(2, 3), keepdims=True)
        if "of_the_whole_image" in wrong:
            best = window == x.max(axis=(2, 3), keepdims=True)
        share = (
            best
            if "ties_get_all" in wrong
            else best / np.maximum(1, best.sum(axis=(2, 3), keepdims=True))
        )
        if "spread" in wrong:
            share = np.full(window.shape, 1 / window[0, 0].size)
        if "times_winner" in wrong:
            share = share * window
        if "divided" in wrong:
            share = share / window[0, 0].size
        if "window_overwritten" in wrong:
            dx[:, :, rows, columns] = share * gradient
        elif "assigned" in wrong:
            dx[:, :, rows, columns] = np.where(share > 0, share * gradient, dx[:, :, rows, columns])
        else:
            dx[:, :, rows, columns] += share * gradient
    return dx


def avg_pool_forward(x, pool_param, *, wrong=NOTHING):
    """Window by window."""
    reduce = np.sum if "not_divided" in wrong else np.max if "largest" in wrong else np.mean
    out = _pooled(x, pool_param, reduce, wrong)
    if "divided_by_stride" in wrong:
        out = out * pool_param["pool_height"] * pool_param["pool_width"] / pool_param["stride"] ** 2
    return out, (x.shape, pool_param)


def avg_pool_backward(dout, cache, *, wrong=NOTHING):
    """Window by window."""
    shape, pool_param = cache
    dx = np.zeros(shape)
    for (i, j), rows, columns in _windows(dx, pool_param):
        count = (
            1 if "not_divided" in wrong else pool_param["pool_height"] * pool_param["pool_width"]
        )
        share = dout[:, :, i, j][:, :, None, None] / count
        if "corner_only" in wrong:
            dx[:, :, rows.start, columns.start] += share[:, :, 0, 0] * count
        elif "assigned" in wrong:
            dx[:, :, rows, columns] = share
        else:
            dx[:, :, rows, columns] += share
    return dx


def global_avg_pool_forward(x, *, wrong=NOTHING):
    """Of flat channels."""
    flat = x.reshape(*x.shape[:2], -1)
    if "largest" in wrong:
        return flat.max(axis=2), x.shape
    if "axes_kept" in wrong:
        return x.mean(axis=(2, 3), keepdims=True), x.shape
    if "over_channels" in wrong:
        return np.broadcast_to(x.mean(axis=(1, 2, 3))[:, None], x.shape[:2]).copy(), x.shape
    total = np.einsum("nck->nc", flat)
    return total if "not_divided" in wrong else total / flat.shape[2], x.shape


def global_avg_pool_backward(dout, cache, *, wrong=NOTHING):
    """By an outer product with ones."""
    _, C, H, W = cache
    count = 1 if "not_divided" in wrong else C * H * W if "over_channels" in wrong else H * W
    dx = np.multiply.outer(dout, np.ones((H, W))) / count
    if "corner_only" in wrong:
        dx[:, :, 1:] = dx[:, :, :, 1:] = 0
    return dx


# --- convolution as one matrix product ------------------------------------------------------------


def _windows_at(H, W, HH, WW, stride):
    """Row and column of every entry of every window: both (HH, WW, high, wide)."""
    high, wide = _places(H, HH, stride), _places(W, WW, stride)
    rows = np.arange(HH)[:, None, None, None] + stride * np.arange(high)[:, None]
    columns = np.arange(WW)[:, None, None] + stride * np.arange(wide)
    return np.broadcast_arrays(rows, columns)


def _in_another_order(cols, shape, wrong):
    """Columns (C, HH, WW, N, high, wide) as a matrix, in the order asked for or another."""
    C, HH, WW, N, high, wide = shape
    if "places_first" in wrong:
        cols = cols.transpose(0, 1, 2, 4, 5, 3)
    if "channels_last" in wrong:
        cols = cols.transpose(1, 2, 0, 3, 4, 5)
    matrix = cols.reshape(C * HH * WW, N * high * wide)
    return matrix.T.copy() if "transposed" in wrong else matrix


def im2col(x, HH, WW, stride=1, pad=0, *, wrong=NOTHING):
    """By an array of indices."""
    padded = _surrounded(x, 0 if "padding_ignored" in wrong else pad)
    rows, columns = _windows_at(
        *padded.shape[2:], HH, WW, 1 if "stride_ignored" in wrong else stride
    )
    cols = padded[:, :, rows, columns].transpose(1, 2, 3, 0, 4, 5)
    return _in_another_order(cols, cols.shape, wrong)


def col2im(cols, x_shape, HH, WW, stride=1, pad=0, *, wrong=NOTHING):
    """By adding at an array of indices."""
    N, C, H, W = x_shape
    rows, columns = _windows_at(H + 2 * pad, W + 2 * pad, HH, WW, stride)
    high, wide = rows.shape[2:]
    if "stride_ignored" in wrong:
        rows, columns = _windows_at(HH + high - 1, WW + wide - 1, HH, WW, 1)
    if "places_first" in wrong:
        patches = cols.reshape(C, HH, WW, high, wide, N).transpose(5, 0, 1, 2, 3, 4)
    elif "channels_last" in wrong:
        patches = cols.reshape(HH, WW, C, N, high, wide).transpose(3, 2, 0, 1, 4, 5)
    else:
        patches = cols.reshape(C, HH, WW, N, high, wide).transpose(3, 0, 1, 2, 4, 5)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    if "overwritten" in wrong:
        padded[:, :, rows, columns] = patches
    else:
        np.add.at(padded, (..., rows, columns), patches)  # type: ignore[arg-type]
    if "averaged" in wrong:
        counts = np.zeros(padded.shape)
        np.add.at(counts, (..., rows, columns), np.ones_like(patches))  # type: ignore[arg-type]
        padded /= np.maximum(1, counts)
    return padded if "padding_left_in" in wrong else padded[:, :, pad : pad + H, pad : pad + W]


def conv_forward_im2col(x, w, b, conv_param, *, wrong=NOTHING):
    """By tensordot over columns of six axes."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    F, _, HH, WW = w.shape
    padded = _surrounded(x, 0 if "padding_ignored" in wrong else pad)
    rows, columns = _windows_at(*padded.shape[2:], HH, WW, stride)
    patches = padded[:, :, rows, columns]
    filters = w[:, :, ::-1, ::-1] if "flipped" in wrong else w
    if "filters_in_another_order" in wrong:
        filters = w.transpose(0, 2, 3, 1).reshape(w.shape)
    out = np.tensordot(filters, patches, ((1, 2, 3), (1, 2, 3)))  # F N high wide
    if "bias_missing" not in wrong:
        out = out + b[:, None, None, None]
    out = (
        out.reshape(len(x), F, *out.shape[2:])
        if "reshaped_not_transposed" in wrong
        else np.moveaxis(out, 0, 1)
    )
    cols = im2col(x, HH, WW, stride, pad)
    return out, (x.shape, w, cols, conv_param)


def conv_backward_im2col(dout, cache, *, wrong=NOTHING):
    """By einsum over all axes."""
    (N, C, H, W), w, cols, conv_param = cache
    F, _, HH, WW = w.shape
    stride, pad = conv_param["stride"], conv_param["pad"]
    high, wide = dout.shape[2:]
    patches = cols.reshape(C, HH, WW, N, high, wide)
    if "reshaped_not_transposed" in wrong:
        dout = dout.reshape(F, N, high, wide).transpose(1, 0, 2, 3)
    dw = np.einsum("nfhw,cpqnhw->fcpq", dout, patches)
    filters = w[:, :, ::-1, ::-1] if "dx_flipped" in wrong else w
    dcols = np.einsum("fcpq,nfhw->cpqnhw", filters, dout).reshape(C * HH * WW, -1)
    how = frozenset(
        {"overwritten"}
        if "overwritten" in wrong
        else {"averaged"}
        if "overlaps_averaged" in wrong
        else ()
    )
    dx = col2im(dcols, (N, C, H, W), HH, WW, stride, pad, wrong=how)
    if "padding_left_in" in wrong:
        dx = col2im(dcols, (N, C, H, W), HH, WW, stride, pad, wrong=frozenset({"padding_left_in"}))
    if "dw_not_reshaped" in wrong:
        dw = dw.reshape(F, -1)
    db = np.add.reduce(dout, axis=(0, 2, 3))
    if "averaged" in wrong:
        dw, db = dw / N, db / N
    return dx, dw, db / N if "db_averaged" in wrong else db


# --- spread out, and transposed -------------------------------------------------------------------


def conv_forward_dilated(x, w, b, conv_param, *, wrong=NOTHING):
    """Entry of the filter by entry of the filter."""
    stride, pad, apart = conv_param["stride"], conv_param["pad"], conv_param["dilation"]
    if "holes_counted" in wrong:
        apart += 1
    padded = _surrounded(x, 0 if "padding_ignored" in wrong else pad)
    (N, _, H, W), (F, _, HH, WW) = padded.shape, w.shape
    down, right = apart, 1 if "rows_only" in wrong else apart
    if "dilation_ignored" in wrong:
        down = right = 1
    if "stride_for_dilation" in wrong:
        down = right = stride
    step = stride * apart if "places_spread" in wrong else stride
    high, wide = _places(H, down * (HH - 1) + 1, step), _places(W, right * (WW - 1) + 1, step)
    out = np.zeros((N, F, high, wide))
    filters = w[:, :, ::-1, ::-1] if "flipped" in wrong else w
    for p in range(HH):
        for q in range(WW):
            seen = _seen(padded, p * down, q * right, high, wide, step)
            out += np.einsum("nchw,fc->nfhw", seen, filters[:, :, p, q])
    return out if "bias_missing" in wrong else out + b.reshape(1, F, 1, 1)


def conv_transpose(y, w, b, conv_param, *, wrong=NOTHING):
    """Print by print, for each entry of the filter."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    if "stride_ignored" in wrong:
        stride = 1
    (N, _, high, wide), (_, C, HH, WW) = y.shape, w.shape
    whole = np.zeros((N, C, (high - 1) * stride + HH, (wide - 1) * stride + WW))
    prints, filters = np.zeros_like(whole), w[:, :, ::-1, ::-1] if "flipped" in wrong else w
    for p in range(HH):
        for q in range(WW):
            place = _seen(whole, p, q, high, wide, stride)
            laid = np.einsum("nfhw,fc->nchw", y, filters[:, :, p, q])
            if "bias_in_each_print" in wrong:
                laid += b.reshape(1, C, 1, 1)
            place[...] = laid if "overwritten" in wrong else place + laid
            _seen(prints, p, q, high, wide, stride)[...] += 1
    if "averaged" in wrong:
        whole /= np.maximum(1, prints)
    H, W = (side - 2 * pad for side in whole.shape[2:])
    if "padding_added" in wrong:
        whole = _surrounded(whole, pad)
    elif "padding_left_in" not in wrong:
        whole = whole[:, :, pad : pad + H, pad : pad + W]
    if wrong & {"bias_missing", "bias_in_each_print"}:
        return whole
    return whole + b[None, :, None, None]


# --- faster ways to convolve ----------------------------------------------------------------------


def conv_forward_fft(x, w, b, pad=0, *, wrong=NOTHING):
    """By the whole complex transform with room for everything, and flipped filters."""
    padded = _surrounded(x, 0 if "padding_ignored" in wrong else pad)
    if "wraps_around" in wrong:
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="wrap")
    (_, _, H, W), (_, _, HH, WW) = padded.shape, w.shape
    room = (H + HH - 1, W + WW - 1)
    filters = w if "not_flipped" in wrong else w[:, :, ::-1, ::-1]
    spectrum, filters = np.fft.fft2(padded, room), np.fft.fft2(filters, room)
    if "first_channel_only" in wrong:
        spectrum, filters = spectrum[:, :1], filters[:, :1]
    full = np.fft.ifft2((spectrum[:, None] * filters).sum(axis=2)).real
    if "channels_averaged" in wrong:
        full = full / x.shape[1]
    start = (
        (0, 0)
        if "corner" in wrong
        else (HH // 2, WW // 2)
        if "centre" in wrong
        else (HH - 1, WW - 1)
    )
    out = full[:, :, start[0] : start[0] + H - HH + 1, start[1] : start[1] + W - WW + 1]
    return out if "bias_missing" in wrong else out + b[None, :, None, None]


def conv_cost(method, H, W, C, F, K, *, wrong=NOTHING):
    """Term by term."""
    if method == "direct":
        places = (H - K + 1) * (W - K + 1) if "places_inside_only" in wrong else H * W
        return places * (1 if "channels_forgotten" in wrong else C) * F * K**2
    if method == "winograd" and (K == 3 or "any_size" in wrong):
        high, wide = (
            (H // 2, W // 2)
            if "tiles_rounded_down" in wrong
            else (math.ceil(H / 2), math.ceil(W / 2))
        )
        return high * wide * C * F * (36 if "not_saved" in wrong else 16)
    if method == "fft":
        points = H * W if "no_room" in wrong else (H + K - 1) * (W + K - 1)
        transforms = C + F + (0 if "filters_not_transformed" in wrong else C * F)
        log = math.log(points) if "natural_log" in wrong else math.log2(points)
        return transforms * points * log + (
            0 if "products_forgotten" in wrong else 2 * points * C * F
        )
    raise ValueError("no such count")


def strassen_matmul(A, B, leaf=64, *, wrong=NOTHING):
    """Block by block into an array of zeros, in Winograd's names."""
    (m, k), n = A.shape, B.shape[1]
    if "leaf_ignored" in wrong:
        leaf = 1
    if min(m, k, n) <= leaf:
        return np.dot(A, B), m * n * k
    high, deep, wide = m + m % 2, k + k % 2, n + n % 2
    left, right = np.zeros((high, deep)), np.zeros((deep, wide))
    left[:m, :k], right[:k, :n] = A, B
    if "odd_row_dropped" in wrong and m % 2:
        left[m - 1] = 0
    h, d, v = high // 2, deep // 2, wide // 2
    A11, A12, A21, A22 = left[:h, :d], left[:h, d:], left[h:, :d], left[h:, d:]
    B11, B12, B21, B22 = right[:d, :v], right[:d, v:], right[d:, :v], right[d:, v:]
    count = 0

    def times(a, b):
        nonlocal count
        product, mults = strassen_matmul(a, b, leaf, wrong=wrong - {"padding_left_in"})
        count += mults
        return product

    C = np.zeros((high, wide))
    if "eight_products" in wrong:
        C[:h, :v], C[:h, v:] = times(A11, B11) + times(A12, B21), times(A11, B12) + times(A12, B22)
        C[h:, :v], C[h:, v:] = times(A21, B11) + times(A22, B21), times(A21, B12) + times(A22, B22)
        return C[:m, :n], count
    m1, m2 = times(A11 + A22, B11 + B22), times(A21 + A22, B11)
    m3, m4 = times(A11, B12 - B22), times(A22, B21 - B11)
    m5, m6 = times(A11 + A12, B22), times(A21 - A11, B11 + B12)
    m7 = times(A12 - A22, B21 + B22)
    if "m7_sign" in wrong:
        m7 = -m7
    C[:h, :v], C[:h, v:] = m1 + m4 - m5 + m7, m3 + m5
    C[h:, :v], C[h:, v:] = m2 + m4, m1 + m3 + m6 + (m2 if "m2_sign" in wrong else -m2)
    if "additions_counted" in wrong:
        count += 10 * h * d + 8 * h * v
    return C if "padding_left_in" in wrong else C[
        :m, :n
    ], 7 if "one_level_counted" in wrong else count


def winograd_matrices(*, wrong=NOTHING):
    """Interpolation at 0, -1, 1 and infinity: rows of other lengths and in another order."""
    BT = np.array([[2.0, 0, -2, 0], [0, 1, -1, 0], [0, 1, 1, 0], [0, -1, 0, 1]])
    G = np.array([[0.5, 0, 0], [-0.5, 0.5, -0.5], [0.5, 0.5, 0.5], [0, 0, -1]])
    AT = np.array([[1.0, 1, 1, 0], [0, -1, 1, -1]])
    if "transposed" in wrong:
        BT = BT.T.copy()
    if "halves_missing" in wrong:
        G[1:3] *= 2
    if "sign" in wrong:
        AT[1, 3] = 1
    return BT, G, AT


def winograd_f2x2_3x3(x, w, *, wrong=NOTHING):
    """Place by place inside the tile, the tiles at once."""
    BT, G, AT = winograd_matrices()
    (N, C, H, W), F = x.shape, len(w)
    high, wide = (H - 1) // 2, (W - 1) // 2
    if "hanging_tiles_dropped" in wrong:
        high, wide = (H - 2) // 2, (W - 2) // 2
    padded = np.zeros((N, C, 2 * high + 6, 2 * wide + 6))
    padded[:, :, :H, :W] = x[:, :, : 2 * high + 6, : 2 * wide + 6]
    step = 4 if "tiles_side_by_side" in wrong else 2
    padded = np.pad(padded, ((0, 0), (0, 0), (0, 4 * high), (0, 4 * wide)))
    i, j = np.arange(high)[:, None] * step, np.arange(wide) * step
    pieces = np.array(
        [[padded[:, :, i + p, j + q] for q in range(4)] for p in range(4)]
    )  # 4 4 N C high wide
    transform = BT.T if "data_transposed" in wrong else BT
    data = np.einsum("ap,bq,pqnchw->abnchw", transform, transform, pieces)
    filters = w[:, :, ::-1, ::-1] if "flipped" in wrong else w
    filters = np.einsum("ap,bq,fcpq->abfc", G, G, filters)
    if "first_channel_only" in wrong:
        data, filters = data[:, :, :, :1], filters[..., :1]
    products = np.einsum("abnchw,abfc->abnfhw", data, filters)
    tiles = np.einsum("sa,tb,abnfhw->stnfhw", AT, AT, products)
    if "tile_transposed" in wrong:
        tiles = tiles.swapaxes(0, 1)
    out = np.zeros((N, F, 2 * high, 2 * wide))
    for s in range(2):
        for t in range(2):
            out[:, :, s::2, t::2] = tiles[s, t]
    full = np.zeros((N, F, H - 2, W - 2))
    full[:, :, : 2 * high, : 2 * wide] = out[:, :, : H - 2, : W - 2]
    return full


# --- stacks ---------------------------------------------------------------------------------------


def receptive_field(layers, *, wrong=NOTHING):
    """From the last layer back to the image."""
    strides = [stride for _, stride in layers]
    jump = sum(strides) if "strides_added" in wrong else math.prod(strides)
    if "strides_ignored" in wrong:
        return 1 + sum(size - 1 for size, _ in layers), jump
    if "lengths_added" in wrong:
        return sum(size for size, _ in layers) or 1, jump
    if "lengths_multiplied" in wrong:
        return math.prod(size for size, _ in layers), jump
    field = 1
    for size, stride in reversed(layers):
        field = (
            (field + size - 2) * stride + 1
            if "own_stride_too_early" in wrong
            else (field - 1) * stride + size
        )
    return field, jump


def stack_params(kind, C, N, squeeze=2, *, wrong=NOTHING):
    """As lists of (height, width, from, to), and weights that a channel has for itself."""
    if "squeeze_ignored" in wrong:
        squeeze = 2
    narrow = C // squeeze
    repeats = N // 3 if "too_few_stacked" in wrong else (N - 1) // 2
    layers = {
        "single": [(N, N, C, C)],
        "stack": [(3, 3, C, C)] * repeats,
        "bottleneck": [(1, 1, C, narrow), (N, N, narrow, narrow), (1, 1, narrow, C)],
        "separable": [(N, 1, C, C), (1, N, C, C)],
        "depthwise": [(N, N, C, 1), (1, 1, C, C)],
    }
    if "way_back_missing" in wrong:
        layers["bottleneck"].pop()
    if "one_direction" in wrong:
        layers["separable"].pop()
    if "not_by_channel" in wrong:
        layers["depthwise"][0] = (N, N, C, C)
    if kind not in layers:
        raise ValueError("no such kind")
    count = sum(math.prod(layer) for layer in layers[kind])
    return count + (sum(after for *_, after in layers[kind]) if "biases" in wrong else 0)


def separate_kernel(kernel, *, wrong=NOTHING):
    """By the eigenvectors of kernel @ kernel.T."""
    values, vectors = np.linalg.eigh(kernel @ kernel.T)
    col = vectors[:, -1]
    row = kernel.T @ col
    left = kernel - np.outer(col, row)
    error = np.sqrt(max(0.0, np.linalg.eigvalsh(left @ left.T)[-1]))
    if min(kernel.shape) == 1 or error < 1e-7 * np.sqrt(values[-1]):  # a root of rounding
        error = 0.0
    if "length_lost" in wrong:
        row = row / np.linalg.norm(row)
    if "first_row_and_column" in wrong:
        col, row = kernel[:, 0].copy(), kernel[0] / kernel[0, 0]
    if "means" in wrong:
        col, row = kernel.mean(axis=1), kernel.mean(axis=0)
    if "error_squared" in wrong:
        error = error**2
    if "largest_value" in wrong:
        error = np.sqrt(values[-1])
    if "root_of_all_squares" in wrong:
        error = np.linalg.norm(kernel - np.outer(col, row))
    return col, row, error


def separable_conv(x, col, row, *, wrong=NOTHING):
    """Entry by entry of the row first, then of the column."""
    if "flipped" in wrong:
        col, row = col[::-1], row[::-1]
    high, wide = x.shape[0] - len(col) + 1, x.shape[1] - len(row) + 1
    flat = np.zeros((len(x), wide))
    for q, weight in enumerate(row):
        flat += weight * x[:, q : q + wide]
    if "one_pass" in wrong:
        return flat[:high]
    out = np.zeros((high, wide))
    for p, weight in enumerate(col):
        out += weight * flat[p : p + high]
    return (
        out + x[:high, :wide]
        if "input_added" in wrong
        else out / len(col)
        if "averaged" in wrong
        else out
    )


# --- a residual block -----------------------------------------------------------------------------


def _conv(x, w, b, stride, pad):
    out, cache = conv_forward_im2col(x, w, b, {"stride": stride, "pad": pad})
    return out, cache


def residual_block_forward(x, w1, b1, w2, b2, ws=None, stride=1, *, wrong=NOTHING):
    """With a rectifier that multiplies by a mask."""
    first, second = (1, stride) if "stride_in_second" in wrong else (stride, 1)
    hidden, conv1 = _conv(x, w1, b1, first, 1)
    inner = hidden if "inner_relu_missing" in wrong else hidden * (hidden > 0)
    learned, conv2 = _conv(inner, w2, b2, second, 1)
    shortcut, project = (x, None) if ws is None else _conv(x, ws, np.zeros(len(ws)), stride, 0)
    if "shortcut_missing" in wrong:
        shortcut = np.zeros_like(learned)
    if "relu_before_sum" in wrong:
        out = learned * (learned > 0) + shortcut
    elif "shortcut_rectified" in wrong:
        out = np.maximum(0, learned) + np.maximum(0, shortcut)
    else:
        out = learned + shortcut
        out = out if "outer_relu_missing" in wrong else out * (out > 0)
    return out, (conv1, hidden, conv2, project, out)


def residual_block_backward(dout, cache, *, wrong=NOTHING):
    """First through what was learned, then through the shortcut."""
    conv1, hidden, conv2, project, out = cache
    dsum = dout.copy() if "outer_mask_missing" in wrong else np.where(out > 0, dout, 0.0)
    dinner, dw2, db2 = conv_backward_im2col(dsum, conv2)
    if "inner_mask_missing" not in wrong:
        dinner = np.where(hidden > 0, dinner, 0.0)
    learned, dw1, db1 = conv_backward_im2col(dinner, conv1)
    if project is None:
        straight = dout if "shortcut_unmasked" in wrong else dsum
        return learned if "shortcut_lost" in wrong else learned + straight, dw1, db1, dw2, db2, None
    back, dws, _ = conv_backward_im2col(dsum, project)
    if "shortcut_lost" in wrong or "projection_lost" in wrong:
        back = np.zeros_like(back)
    return (
        learned + back,
        dw1,
        db1,
        dw2,
        db2,
        np.zeros_like(dws) if "dws_forgotten" in wrong else dws,
    )


# --- normalisation ---------------------------------------------------------------------------------


def spatial_batchnorm_forward(x, gamma, beta, bn_param, *, wrong=NOTHING):
    """Axes kept throughout."""
    testing, C = bn_param["mode"] == "test", x.shape[1]
    eps = bn_param.get("eps", _default(wrong, "eps_default", 1e-5, 1e-8))
    momentum = bn_param.get("momentum", _default(wrong, "momentum_default", 0.9, 0.1))
    held = [bn_param.get(name, np.zeros(C)) for name in ("running_mean", "running_var")]
    over = (0, 2, 3)
    if "each_image" in wrong:
        over = (2, 3)
    if "each_place" in wrong:
        over = (0,)
    if "all_channels" in wrong:
        over = (0, 1, 2, 3)
    seen = x
    if "reshaped_not_transposed" in wrong:  # rows of C numbers that are no channels
        rows = x.reshape(-1, C)
        seen = rows.reshape(-1, C, 1, 1)
    now = [seen.mean(axis=over, keepdims=True), seen.var(axis=over, keepdims=True)]
    count = seen.size // now[0].size
    if "ddof" in wrong and count > 1:
        now[1] = now[1] * count / (count - 1)
    used = now
    if testing and "batch_statistics_in_test" not in wrong:
        used = [one.reshape(1, C, 1, 1) for one in held]
    std = np.sqrt(used[1]) + eps if "eps_outside_root" in wrong else np.sqrt(used[1] + eps)
    if not testing:
        kept = 1 - momentum if "momentum_swapped" in wrong else momentum
        seen_now = [now[0], np.sqrt(now[1]) if "std_remembered" in wrong else now[1]]
        for name, old, new in zip(("running_mean", "running_var"), held, seen_now, strict=True):
            new = _one_a_channel(new, C)
            if "averages_in_place" in wrong:
                old *= kept
                old += (1 - kept) * new
                bn_param[name] = old
            elif "averages_not_stored" not in wrong:
                bn_param[name] = kept * old + (1 - kept) * new
    xhat = (seen - used[0]) / std
    out = (xhat * gamma.reshape(1, C, 1, 1) + beta.reshape(1, C, 1, 1)).reshape(x.shape)
    return out, (xhat.reshape(x.shape), _one_a_channel(std, C), gamma)


def _one_a_channel(numbers, C):
    """Statistics with their axes kept, as one number for each channel, whatever shared them."""
    return np.broadcast_to(numbers, (len(numbers), C, *numbers.shape[2:])).mean(axis=(0, 2, 3))


def _gradients(dout, xhat, gamma, wrong):
    """dxhat, dgamma and dbeta, each channel's by itself."""
    over = (0, 2, 3)
    if "examples_only" in wrong:
        over = (0,)
    if "places_only" in wrong:
        over = (2, 3)
    dgamma, dbeta = np.add.reduce(dout * xhat, axis=over), np.add.reduce(dout, axis=over)
    if "parameters_averaged" in wrong:
        count = dout.size // dout.shape[1]
        dgamma, dbeta = dgamma / count, dbeta / count
    return np.einsum("nchw,c->nchw", dout, gamma), dgamma, dbeta


def _without_mean_and_scale(dxhat, xhat, over, wrong):
    """What of dxhat is left when its parts along ones and along xhat are taken off."""
    count = math.prod(dxhat.shape[axis] for axis in over)
    if "count_of_examples" in wrong:
        count = len(dxhat)
    left = dxhat
    if not wrong & {"direct_only", "mean_path_missing"}:
        left = left - dxhat.sum(axis=over, keepdims=True) / count
    if not wrong & {"direct_only", "variance_path_missing"}:
        left = left - xhat * (dxhat * xhat).sum(axis=over, keepdims=True) / count
    return left


def spatial_batchnorm_backward(dout, cache, *, wrong=NOTHING):
    """The parts along ones and along xhat taken off."""
    xhat, std, gamma = cache
    dxhat, dgamma, dbeta = _gradients(dout, xhat, gamma, wrong)
    if "gamma_missing" in wrong:
        dxhat = dout
    over = (2, 3) if "each_image" in wrong else (0, 2, 3)
    left = _without_mean_and_scale(dxhat, xhat, over, wrong)
    return left / np.reshape(std, (1, -1, 1, 1)), dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param, *, wrong=NOTHING):
    """With an axis for the groups."""
    N, C, H, W = x.shape
    if "whole_image" in wrong:
        G = 1
    if "each_channel" in wrong:
        G = C
    eps = gn_param.get("eps", _default(wrong, "eps_default", 1e-5, 1e-8))
    eps = 1e-5 if "eps_fixed" in wrong else eps
    interleaved = "interleaved" in wrong
    grouped = x.reshape(N, G, C // G, H, W)
    if interleaved:
        grouped = x.reshape(N, C // G, G, H, W).swapaxes(1, 2)
    over = (0, 2, 3, 4) if "over_the_batch" in wrong else (2, 3, 4)
    if "places_only" in wrong:
        over = (3, 4)
    if "channels_only" in wrong:
        over = (2,)
    mean, var = grouped.mean(axis=over, keepdims=True), grouped.var(axis=over, keepdims=True)
    count = grouped.size // mean.size
    if "ddof" in wrong and count > 1:
        var = var * count / (count - 1)
    std = np.sqrt(var) + eps if "eps_outside_root" in wrong else np.sqrt(var + eps)
    xhat = (grouped - mean) / std
    xhat = (xhat.swapaxes(1, 2) if interleaved else xhat).reshape(x.shape)
    out = xhat * gamma.reshape(1, C, 1, 1) + beta.reshape(1, C, 1, 1)
    one_a_group = np.broadcast_to(std, (N, *std.shape[1:])).mean(axis=(2, 3, 4))
    return out, (xhat, one_a_group[:, :, None], gamma)


def spatial_groupnorm_backward(dout, cache, *, wrong=NOTHING):
    """The same, group by group of each image."""
    xhat, std, gamma = cache
    (N, C, H, W), G = dout.shape, std.shape[1]
    dxhat, dgamma, dbeta = _gradients(dout, xhat, gamma, wrong)
    outside = "gamma_outside" in wrong
    shape = (N, G, C // G, H, W)
    one, other = (dout if outside else dxhat).reshape(shape), xhat.reshape(shape)
    over = (0, 2, 3, 4) if "over_the_batch" in wrong else (2, 3, 4)
    left = _without_mean_and_scale(one, other, over, wrong) / std[..., None, None]
    dx = left.reshape(dout.shape)
    return dx * gamma[None, :, None, None] if outside else dx, dgamma, dbeta


# --- a whole network -------------------------------------------------------------------------------


class ThreeLayerConvNet:
    """With the activations before the rectifiers kept, and probabilities by exp and a division."""

    def __init__(
        self,
        input_shape=(3, 32, 32),
        num_filters=32,
        filter_size=7,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        rng=None,
        *,
        wrong=NOTHING,
    ):
        """Shapes one by one."""
        self.wrong, self.reg = wrong, reg
        rng = rng or np.random.default_rng()
        C, H, W = input_shape
        flat = num_filters * (H // 2) * (W // 2)
        scale = 1.0 if "weights_not_scaled" in wrong else weight_scale
        self.params = {
            "W1": scale * rng.standard_normal((num_filters, C, filter_size, filter_size))
        }
        self.params["W2"] = scale * rng.standard_normal((flat, hidden_dim))
        self.params["W3"] = scale * rng.standard_normal((hidden_dim, num_classes))
        for k, length in ((1, num_filters), (2, hidden_dim), (3, num_classes)):
            self.params[f"b{k}"] = np.zeros(length) + 0.01 * ("biases_not_0" in wrong)

    def loss(self, X, y=None):
        """Forward, then back."""
        wrong, p, N = self.wrong, self.params, X.shape[0]
        pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        z1, conv = _conv(X, p["W1"], p["b1"], 1, (p["W1"].shape[3] - 1) // 2)
        a1 = z1 if "first_relu_missing" in wrong else np.where(z1 > 0, z1, 0.0)
        averaged = "average_pooling" in wrong
        pooled, pool = (
            avg_pool_forward(a1, pool_param) if averaged else max_pool_forward(a1, pool_param)
        )
        flat = (
            pooled.transpose(0, 2, 3, 1).reshape(N, -1)
            if "channels_last" in wrong
            else pooled.reshape(N, -1)
        )
        z2 = flat @ p["W2"] + p["b2"]
        a2 = z2 if "second_relu_missing" in wrong else np.where(z2 > 0, z2, 0.0)
        scores = a2 @ p["W3"] + p["b3"]
        if "scores_rectified" in wrong:
            scores = np.maximum(0, scores)
        if y is None:
            return scores
        shift = 0.0 if "not_shifted" in wrong else np.max(scores, axis=1, keepdims=True)
        e = np.exp(scores - shift)
        probabilities = e / e.sum(axis=1, keepdims=True)
        right = (scores - shift)[range(N), y] - np.log(e.sum(axis=1))
        count = 1 if "summed" in wrong else N
        half = 0.5 if wrong & {"half_convention", "half_reg_loss"} else 1.0
        half = 0.0 if wrong & {"no_reg", "no_reg_loss"} else half
        names = ("W1", "W2", "W3", *(("b1", "b2", "b3") if "biases_regularised" in wrong else ()))
        loss = -right.sum() / count + half * self.reg * sum(
            np.vdot(p[name], p[name]) for name in names
        )

        dscores = (probabilities - np.eye(scores.shape[1])[y]) / count
        grads = {"W3": a2.T @ dscores, "b3": dscores.sum(axis=0)}
        dz2 = dscores @ p["W3"].T
        if not {"second_relu_missing", "second_mask_missing"} & wrong:
            dz2 = dz2 * (z2 > 0)
        grads |= {"W2": flat.T @ dz2, "b2": dz2.sum(axis=0)}
        dflat = dz2 @ p["W2"].T
        dpooled = dflat.reshape(pooled.shape)
        if "channels_last" in wrong:
            dpooled = dflat.reshape(N, *pooled.shape[2:], -1).transpose(0, 3, 1, 2)
        da1 = (avg_pool_backward if averaged else max_pool_backward)(dpooled, pool)
        if not {"first_relu_missing", "first_mask_missing"} & wrong:
            da1 = da1 * (z1 > 0)
        _, grads["W1"], grads["b1"] = conv_backward_im2col(da1, conv)
        factor = 1.0 if wrong & {"half_convention", "half_reg_gradient"} else 2.0
        if wrong & {"no_reg", "reg_gradient_missing"}:
            factor = 0.0
        for name in names:
            grads[name] = grads[name] + factor * self.reg * p[name]
        if "biases_averaged" in wrong:
            grads |= {name: grads[name] / N for name in ("b1", "b2", "b3")}
        return loss, grads


# --- augmentation ----------------------------------------------------------------------------------


def random_flip_crop(x, pad, rng, *, wrong=NOTHING):
    """Cut by moving: rolled where there is room, then cut."""
    N, C, H, W = x.shape
    numbers = rng.random(N)
    mirrored = numbers >= 0.5 if "mirrored_above" in wrong else numbers < 0.5
    places = 2 * pad if "last_place_missing" in wrong and pad else 2 * pad + 1
    moves = [rng.integers(0, places, N) for _ in range(2)]
    if "columns_first" in wrong:
        moves.reverse()
    if "one_place_for_all" in wrong:
        moves = [np.full(N, move[0]) for move in moves]
    if "one_mirror_for_all" in wrong:
        mirrored = np.full(N, mirrored[0])
    mode = "wrap" if "wraps_around" in wrong else "edge" if "edge_repeated" in wrong else "constant"
    room = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode=mode)
    if "never_mirrored" in wrong:
        mirrored = np.zeros(N, bool)
    out = np.zeros(x.shape)
    for n in range(N):
        apart = np.arange(C) if "channels_apart" in wrong else np.zeros(C, int)
        for c in range(C):
            top, left = ((move[n] + apart[c]) % (2 * pad + 1) for move in moves)
            moved = np.roll(room[n, c], (-top, -left), (0, 1))[:H, :W]
            if mirrored[n]:
                moved = moved[::-1] if "upside_down" in wrong else moved[:, ::-1]
            out[n, c] = moved
    return out[rng.permutation(N)] if "shuffled" in wrong else out


# --- blocks in PyTorch ----------------------------------------------------------------------------


def _unbiased(c_in, c_out, size=1, stride=1, groups=1, bias=False):
    return nn.Conv2d(c_in, c_out, size, stride, size // 2, groups=groups, bias=bias)


class _Residual(nn.Module):
    """What the two residual blocks have in common: the way from the parts to the sum."""

    conv1: nn.Conv2d
    bn1: nn.BatchNorm2d
    steps: tuple[str, ...]
    wrong: frozenset[str]

    def __init__(self, c_in, c_out, stride, wrong):
        super().__init__()
        self.wrong = wrong
        projected = stride > 1 or c_in - c_out
        if "projected_always" in wrong:
            projected = True
        parts = [_unbiased(c_in, c_out, 1, stride), nn.BatchNorm2d(c_out)] if projected else []
        self.shortcut = nn.Sequential(*parts[: 1 if "projection_not_normalised" in wrong else 2])

    def forward(self, x):
        """Step by step, a rectifier between any two."""
        wrong, out = self.wrong, x
        for k in self.steps:
            out = getattr(self, f"conv{k}")(out)
            if "not_normalised" not in wrong:
                out = getattr(self, f"bn{k}")(out)
            if k != self.steps[-1] and f"relu_{k}_missing" not in wrong:
                out = functional.relu(out)
        shortcut = self.shortcut(x)
        if "shortcut_missing" in wrong:
            return functional.relu(out)
        if "relu_before_sum" in wrong:
            return functional.relu(out) + shortcut
        return out + shortcut if "outer_relu_missing" in wrong else functional.relu(out + shortcut)


class ResidualBlock(_Residual):
    """Two convolutions."""

    steps = ("1", "2")

    def __init__(self, c_in, c_out, stride=1, *, wrong=NOTHING):
        super().__init__(c_in, c_out, stride, wrong)
        first, second = (1, stride) if "stride_in_second" in wrong else (stride, 1)
        bias = "convolution_biases" in wrong
        self.conv1, self.bn1 = _unbiased(c_in, c_out, 3, first, bias=bias), nn.BatchNorm2d(c_out)
        self.conv2, self.bn2 = _unbiased(c_out, c_out, 3, second, bias=bias), nn.BatchNorm2d(c_out)


class Bottleneck(_Residual):
    """Three convolutions."""

    steps = ("1", "2", "3")

    def __init__(self, c_in, width, c_out, stride=1, groups=1, *, wrong=NOTHING):
        super().__init__(c_in, c_out, stride, wrong)
        first, second = (stride, 1) if "stride_in_first" in wrong else (1, stride)
        groups = 1 if "groups_ignored" in wrong else groups
        self.conv1, self.bn1 = _unbiased(c_in, width, 1, first), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _unbiased(width, width, 3, second, groups), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = _unbiased(width, c_out), nn.BatchNorm2d(c_out)


class DenseBlock(nn.Module):
    """All maps made so far kept in a list."""

    def __init__(self, c_in, growth, num_layers, *, wrong=NOTHING):
        super().__init__()
        self.wrong = wrong
        seen = [c_in + k * growth for k in range(num_layers)]
        if "last_only" in wrong:
            seen = [c_in, *[growth] * (num_layers - 1)]
        self.layers = nn.ModuleList(self._layer(before, growth) for before in seen)

    def _layer(self, before, growth):
        wide = 4 * growth
        gate = nn.Identity if "relu_missing" in self.wrong else nn.ReLU
        parts = [
            nn.BatchNorm2d(before),
            gate(),
            _unbiased(before, wide),
            nn.BatchNorm2d(wide),
            gate(),
        ]
        return nn.Sequential(*parts, _unbiased(wide, growth, 3))

    def forward(self, x):
        """Each layer takes all that is there."""
        made = [x]
        for layer in self.layers:
            together = made[::-1] if "newest_first" in self.wrong else made
            made.append(layer(made[-1] if "last_only" in self.wrong else torch.cat(together, 1)))
        if "input_dropped" in self.wrong:
            made = made[1:]
        return torch.cat(made[::-1] if "newest_first" in self.wrong else made, 1)


class InceptionModule(nn.Module):
    """A branch is a list of (size, channels)."""

    def __init__(self, c_in, c1, c3_reduce, c3, c5_reduce, c5, c_pool, *, wrong=NOTHING):
        super().__init__()
        self.wrong = wrong
        pooling = nn.AvgPool2d if "average_pooling" in wrong else nn.MaxPool2d
        self.branch1 = self._branch(c_in, (1, c1))
        self.branch3 = self._branch(c_in, (1, c3_reduce), (3, c3))
        self.branch5 = self._branch(c_in, (1, c5_reduce), (5, c5))
        self.branch_pool = nn.Sequential(pooling(3, 1, 1), *self._branch(c_in, (1, c_pool)))

    def _branch(self, c_in, *steps):
        parts = []
        for k, (size, c_out) in enumerate(steps):
            parts += [nn.Conv2d(c_in, c_out, size, padding="same"), nn.ReLU()]
            if ("inner_relu_missing" in self.wrong and k + 1 < len(steps)) or (
                "last_relu_missing" in self.wrong and k + 1 == len(steps)
            ):
                parts[-1] = nn.Identity()
            c_in = c_out
        return nn.Sequential(*parts)

    def forward(self, x):
        """One branch after the other."""
        names = ["branch1", "branch3", "branch5", "branch_pool"]
        if "another_order" in self.wrong:
            names = [names[0], names[3], names[1], names[2]]
        outputs = [getattr(self, name)(x) for name in names]
        return torch.cat(outputs[:-1] if "pool_forgotten" in self.wrong else outputs, 1)


# --- training -------------------------------------------------------------------------------------


def train_cnn(
    model, optimizer, loaders, epochs, device="cpu", precision="float32", *, wrong=NOTHING
):
    """With one function for a step and one for the validation."""
    names = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if precision not in names and "precision_not_refused" not in wrong:
        raise ValueError("no such precision")
    dtype = torch.float32 if "precision_ignored" in wrong else names.get(precision, torch.float32)
    where = torch.device(device)
    scaling = dtype is torch.float16 and not {"not_scaled", "parameters_lowered"} & wrong
    scaler = torch.amp.GradScaler(where.type) if scaling else None
    if "parameters_lowered" in wrong:
        model.to(where, dtype)
    else:
        model.to(where)

    def scores_of(images):
        images = images.to(where)
        if "parameters_lowered" in wrong:
            return model(images.to(dtype)).float()
        if dtype is torch.float32:
            return model(images)
        with torch.autocast(where.type, dtype):
            return model(images)

    def step(images, labels):
        if "gradients_added" not in wrong:
            for parameter in model.parameters():
                parameter.grad = None
        scores, labels = scores_of(images).float(), labels.to(where)
        if "softmax_twice" in wrong:
            scores = scores.softmax(1)
        loss = -scores.log_softmax(1)[torch.arange(len(labels), device=where), labels]
        loss = loss.sum() if "summed" in wrong else loss.mean()
        if scaler is None:
            loss.backward()
            optimizer.step()
        else:
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        return loss if "graphs_kept" in wrong else loss.detach()

    def accuracy():
        if "validated_in_training_mode" not in wrong:
            model.eval()
        right, seen, per_batch = [], 0, []
        with torch.set_grad_enabled("gradients_in_validation" in wrong):
            for images, labels in loaders[1]:
                hits = (scores_of(images).max(1).indices == labels.to(where)).sum()
                right.append(hits.item() if "read_in_validation" in wrong else hits)
                per_batch.append(hits / len(labels))
                seen += len(labels)
        if "mean_of_batches" in wrong:
            return float(sum(per_batch) / len(per_batch))
        return float(sum(right)) / (1 if "counts_returned" in wrong else seen)

    losses, accuracies = [], []
    for _ in range(epochs):
        model.train("trained_in_evaluation_mode" not in wrong)
        these = []
        for images, labels in loaders[0]:
            loss = step(images, labels)
            these.append(loss.item() if "read_each_step" in wrong else loss)
        if "one_loss_an_epoch" in wrong:
            these = [sum(these) / len(these)]
        losses += these if "graphs_kept" in wrong else [float(one) for one in these]
        accuracies.append(accuracy())
    if "left_in_training_mode" in wrong:
        model.train()
    else:
        model.eval()
    if "last_epoch_only" in wrong:
        accuracies = accuracies[-1:]
    return {"train_loss": losses, "val_accuracy": accuracies}


# --- a data set on disk ---------------------------------------------------------------------------

_LEFT_OPEN = []


def write_hdf5(X, y, path, chunk_rows=64, *, wrong=NOTHING):
    """Space first, then the values."""
    mode = "a" if "not_replaced" in wrong else "w"
    file = h5py.File(os.fspath(path), mode)
    kind = np.float64 if "as_float64" in wrong else np.float32 if "as_float32" in wrong else X.dtype
    rows = len(X) if "one_chunk" in wrong else min(chunk_rows, len(X))
    chunk: tuple[int, ...] | bool | None = (rows, *X.shape[1:])
    if "across_examples" in wrong:
        chunk = (len(X), *(1 for _ in X.shape[1:]))
    if "chunks_left_to_h5py" in wrong:
        chunk = None
    if "X" not in file:
        file.create_dataset("X", X.shape, kind, chunks=chunk)[...] = X
        file.create_dataset("y", y.shape, np.int32 if "labels_narrow" in wrong else np.int64)[
            ...
        ] = y
    if "left_open" in wrong:
        _LEFT_OPEN.append(file)
    else:
        file.close()


class HDF5Dataset(torch.utils.data.Dataset):
    """The two data sets kept, not the file."""

    def __init__(self, path, *, wrong=NOTHING):
        self.path, self.wrong, self.sets = os.fspath(path), wrong, None
        with h5py.File(self.path) as file:
            self.count = file["y"].shape[0]
        if "opened_at_start" in wrong:
            self._open()

    def _open(self):
        file = h5py.File(self.path)
        self.sets = file["X"], file["y"]

    def __len__(self):
        """The count."""
        return self.count

    def __getitem__(self, index):
        """One row of each."""
        wrong = self.wrong
        if index not in range(self.count) and not (
            "negative_allowed" in wrong and -self.count <= index < 0
        ):
            raise IndexError(index)
        if self.sets is None:
            self._open()
        images, labels = self.sets  # type: ignore[misc]
        image = torch.tensor(images[index])
        if "opened_each_time" in wrong:
            self.sets[0].file.close()  # type: ignore[index]
            self.sets = None
        if self.sets is not None:
            label = int(labels[index])
        else:
            with h5py.File(self.path) as file:
                label = int(file["y"][index])
        if "not_scaled" in wrong or (image.is_floating_point() and "always_scaled" not in wrong):
            return image.to(torch.float64 if "as_float64" in wrong else torch.float32), label
        return image.to(torch.float64 if "as_float64" in wrong else torch.float32) / 255, label

    def __reduce_ex__(self, protocol):
        """A fresh one with the same path."""
        if "pickled_with_its_file" in self.wrong:
            return object.__reduce_ex__(self, protocol)
        return type(self), (self.path,), {}


EPSILONS = (0.0, 1e-3, 1e-4, 1e-6, 1e-7, 1e-10, 1e-12)
NUMBERS = {
    "spatial_batchnorm_forward": {
        "eps_default": EPSILONS,
        "momentum_default": (0.0, 0.5, 0.95, 0.99, 0.999),
    },
    "spatial_groupnorm_forward": {"eps_default": EPSILONS},
}

HINTS: dict[str, dict[str, str]] = {
    "conv_output_size": {
        "one_sided": (
            "Padding is added at both ends: the padded input has W + 2P entries, yours W + P."
        ),
        "fit_not_checked": (
            "A filter that is longer than the padded input has no place at all: say so with "
            "ValueError."
        ),
        "strict_ignored": (
            "With strict=True, a stride that does not end exactly at the edge must raise "
            "ValueError."
        ),
        "rounded_up": (
            "A place that would hang over the edge does not count: round (W - F + 2P) / S down, "
            "not up."
        ),
        "one_missing": (
            "(W - F + 2P) / S counts the steps; there is one place more than there are steps."
        ),
        "float": (
            "A size is an integer: divide with //, since / gives a float even where it comes out "
            "even."
        ),
    },
    "same_padding": {
        "one_side": "F - 1 zeros are needed in all, half of them at each end.",
        "even_allowed": (
            "For an even F the zeros cannot be equal at both ends: that must raise ValueError."
        ),
        "plus_one": (
            "F - 1 entries are lost at the edges, (F - 1) / 2 at each end, not (F + 1) / 2."
        ),
    },
    "conv_param_count": {
        "groups_ignored": (
            "With groups a filter sees only its own group's part of the depth: D1 / groups "
            "channels."
        ),
        "depth_missing": "A filter is as deep as its input: it has F * F * D1 weights, not F * F.",
        "bias_missing": "Each of the K filters has a bias as well.",
        "one_bias": "Each of the K filters has a bias of its own, not one for the whole layer.",
        "bias_for_each_channel": "A filter has one bias, not one for each channel of its input.",
    },
    "pool_output_size": {
        "ceiling_always": (
            "Unless ceil_mode is set, only windows that lie wholly inside count: round down."
        ),
        "ceiling_ignored": "With ceil_mode the last window may hang over the end: round up.",
        "one_missing": (
            "(W - F) / S counts the steps; there is one window more than there are steps."
        ),
        "beyond_the_end": (
            "With ceil_mode, a window that would begin beyond the last entry does not count."
        ),
    },
    "network_summary": {
        "input_not_counted": (
            "The image itself takes memory, too: its row counts C * H * W activations."
        ),
        "fc_not_counted": (
            "Fully connected layers have parameters as well; in VGG-16 they are most of all."
        ),
        "bias_missing": "Every filter and every fully connected output has a bias as well.",
        "sides_swapped": "Height and width have changed places in your shapes: (C, H, W).",
        "depth_of_the_image": (
            "A filter is as deep as its own layer's input, which is the image in the first layer "
            "only."
        ),
        "once_not_everywhere": (
            "A filter's weights are multiplied at every place of the output, not once."
        ),
        "pooling_has_weights": "Pooling takes a maximum: it has no parameters.",
        "relu_counted": "Count each layer's output once; a rectifier can work in the same memory.",
        "decimal_megabytes": "A MiB is 2**20 bytes; with 10**6 it is a MB.",
        "eight_bytes": "float32 takes 4 bytes a number, not 8.",
    },
    "resnet_param_count": {
        "stem_missing": (
            "The stem, a convolution of 7 x 7 from 3 to 64 channels, has parameters, too."
        ),
        "none_in_the_first_stage": (
            "The first stage widens, too, from 64 to 256 channels: its first block has a "
            "projection."
        ),
        "projection_everywhere": (
            "Only the first block of a stage projects its shortcut; the others add x as it is."
        ),
        "projection_missing": (
            "The first block of a stage changes the number of channels: its shortcut is a 1 x 1 "
            "convolution with parameters of its own."
        ),
        "batchnorm_missing": (
            "Each convolution has a batch normalisation after it, with two parameters for each "
            "channel."
        ),
        "running_counted": (
            "Running averages are no parameters: a batch normalisation has two a channel, gamma "
            "and beta."
        ),
        "convolution_biases": (
            "The convolutions have no biases here: the batch normalisation after them would undo "
            "one."
        ),
        "classifier_bias_missing": "The classifier at the end does have biases.",
    },
    "conv_claims": {
        "a": (
            "Sentence (a): a filter is as deep as its own layer's input; what is that in the "
            "second layer?"
        ),
        "b": (
            "Sentence (b): multiply 55 * 55 * 96 by what each output would have for itself, and "
            "96 by the same."
        ),
        "c": "Sentence (c): put S = 2 into the formula of the output's size.",
        "d": "Sentence (d): does pooling mix channels? Look at the depth before and after it.",
        "e": "Sentence (e): add up the activations in your summary of VGG-16, and mind the units.",
        "f": "Sentence (f): ask your resnet_param_count.",
        "g": "Sentence (g): a column times a row has rank 1.",
        "h": "Sentence (h): what happens at the edges, and which way round is the filter?",
        "i": (
            "Sentence (i): how large is a tile of the output, and how many products has it by "
            "definition?"
        ),
        "j": "Sentence (j): how does the number of channels grow in a dense block?",
    },
    "conv_forward_naive": {
        "padding_always_1": "Your padding is 1 whatever conv_param says.",
        "padding_ignored": "The image must be surrounded by conv_param's zeros first.",
        "padding_below_only": (
            "The zeros stand on all four sides; yours only below and to the right."
        ),
        "stride_ignored": "The filter moves by conv_param's stride from place to place, not by 1.",
        "flipped": (
            "Your filter is turned by 180 degrees: a convolution layer does not flip its filters."
        ),
        "square_filter": "You take the filter's height for its width: HH and WW may differ.",
        "stride_in_rows_only": (
            "The stride holds in both directions; yours moves by 1 along the columns."
        ),
        "first_channel_only": (
            "The products are summed over all channels, not only the first one's."
        ),
        "bias_missing": "The bias of each filter must be added to all of its outputs.",
        "bias_for_each_channel": (
            "The bias is added once to each output; yours once for each channel of the input."
        ),
    },
    "conv_backward_naive": {
        "last_example_only": "dx is filled for the last example only: each example has its own.",
        "dx_flipped": (
            "For dx each window receives the filter as it is, times dout there; yours is turned "
            "by 180 degrees."
        ),
        "dw_stride_in_rows_only": (
            "For dw the windows lie a stride apart in both directions; yours only in one."
        ),
        "dw_of_the_corner": (
            "For dw each entry of the filter meets its own entry of each window, not always the "
            "first."
        ),
        "assigned": (
            "Windows overlap: what an entry of x receives from each of them must be added, yours "
            "is overwritten."
        ),
        "padding_left_in": "dx must have x's own shape: cut the padding off again.",
        "empty_without_padding": (
            "With no padding nothing may be cut off: a slice [pad:-pad] is empty for pad = 0."
        ),
        "one_cut_off": "Cut off as much as was padded; you always cut off 1.",
        "db_over_examples_only": (
            "A bias is used at every place of every example: sum dout over all three axes."
        ),
        "db_averaged": "db is a sum over the examples: dout already holds every 1/N.",
        "dw_averaged": "dw is a sum over the examples: dout already holds every 1/N.",
    },
    "max_pool_forward": {
        "square_window": "You take the window's height for its width: they may differ.",
        "stride_is_size": "The stride is given by itself: windows may overlap, or leave gaps.",
        "smallest": "Your windows give their smallest entry.",
        "mean": "Your windows give their mean; max pooling takes the largest entry.",
        "zero_to_start_with": (
            "Where all entries are negative the largest is negative, too; yours is 0."
        ),
        "all_channels": (
            "Each channel is pooled by itself; yours takes the largest over all channels."
        ),
    },
    "max_pool_backward": {
        "of_the_whole_image": (
            "The gradient goes to the largest entry of each window, not of the whole image."
        ),
        "ties_get_all": (
            "Where several entries of a window are largest, each of yours gets the whole "
            "gradient: together they must get it once."
        ),
        "spread": (
            "You spread the gradient over the whole window, as average pooling does: only the "
            "largest entry gets it."
        ),
        "times_winner": (
            "The largest entry receives the gradient as it is, not times its own value."
        ),
        "divided": (
            "The largest entry receives the whole gradient; you divide it by the size of the "
            "window."
        ),
        "window_overwritten": (
            "Windows overlap: writing a window's gradient must not wipe out what its entries have "
            "from other windows."
        ),
        "assigned": (
            "An entry that is the largest of several windows must receive from all of them: add, "
            "do not assign."
        ),
    },
    "avg_pool_forward": {
        "square_window": "You take the window's height for its width: they may differ.",
        "stride_is_size": "The stride is given by itself: windows may overlap, or leave gaps.",
        "not_divided": "A mean is the sum divided by the number of entries.",
        "largest": "Your windows give their largest entry; average pooling takes the mean.",
        "divided_by_stride": (
            "Divide by the number of entries of a window, height times width, not by the stride "
            "squared."
        ),
    },
    "avg_pool_backward": {
        "not_divided": (
            "Each entry had a share of 1 / (height * width) in its mean, and gets this share of "
            "its gradient."
        ),
        "corner_only": (
            "Every entry of a window gets an equal share; yours gives all to one corner."
        ),
        "assigned": "Windows overlap: what an entry receives from each of them must be added.",
    },
    "global_avg_pool_forward": {
        "largest": "Your channels give their largest entry; here their mean is asked for.",
        "axes_kept": "The image's axes disappear: (N, C), not (N, C, 1, 1).",
        "over_channels": "Each channel has its own mean.",
        "not_divided": "A mean is the sum divided by the number of entries.",
    },
    "global_avg_pool_backward": {
        "not_divided": (
            "Each entry had a share of 1 / (H * W) in the mean, and gets this share of its "
            "gradient."
        ),
        "over_channels": "The mean is over H * W entries; the channels do not count.",
        "corner_only": "Every entry of the image gets an equal share.",
    },
    "im2col": {
        "padding_ignored": "The image must be surrounded by pad zeros first.",
        "stride_ignored": "The windows lie a stride apart, not 1.",
        "places_first": (
            "Your columns run over the images first; all places of one image must stand together."
        ),
        "channels_last": (
            "Your rows run over the channels last; the order is (c, p, q), as in a filter's "
            "ravel()."
        ),
        "transposed": "Windows are columns, not rows: your matrix is transposed.",
    },
    "col2im": {
        "stride_ignored": "Put the windows back a stride apart, not 1.",
        "places_first": (
            "You read the columns as if they ran over the images first; all places of one image "
            "stand together."
        ),
        "channels_last": (
            "You read the rows as if they ran over the channels last; the order is (c, p, q)."
        ),
        "overwritten": (
            "Windows overlap: an entry collects from all columns that hold it; yours keeps only "
            "the last."
        ),
        "averaged": (
            "What comes back to one entry is added up, not averaged: col2im is the transpose of "
            "im2col, not its inverse."
        ),
        "padding_left_in": "The padding has to be cut off again.",
    },
    "conv_forward_im2col": {
        "padding_ignored": "The image must be surrounded by conv_param's zeros first.",
        "flipped": (
            "Your filter is turned by 180 degrees: a convolution layer does not flip its filters."
        ),
        "filters_in_another_order": (
            "The rows of im2col run over (c, p, q): your filters are laid out in another order."
        ),
        "bias_missing": "The bias of each filter must be added to all of its outputs.",
        "reshaped_not_transposed": (
            "The product's axes are F, N, H', W', and have to be put in order; a reshape alone "
            "mixes images and filters."
        ),
    },
    "conv_backward_im2col": {
        "reshaped_not_transposed": (
            "The product needs dout with its axes in the order F, N, H', W'; a reshape alone "
            "mixes images and filters."
        ),
        "dx_flipped": (
            "For dx each window receives the filter as it is; yours is turned by 180 degrees."
        ),
        "overwritten": (
            "Windows overlap: an entry of dx collects from all of them; yours keeps only the last."
        ),
        "overlaps_averaged": (
            "What comes back to one entry of x from several windows is added up, not averaged."
        ),
        "padding_left_in": "dx must have x's own shape: cut the padding off again.",
        "dw_not_reshaped": "dw must have w's own shape, (F, C, HH, WW).",
        "averaged": "dw and db are sums over the examples: dout already holds every 1/N.",
        "db_averaged": "db is a sum over the examples: dout already holds every 1/N.",
    },
    "conv_forward_dilated": {
        "dilation_ignored": "Your filter is not spread: its entries lie 1 apart, not dilation.",
        "holes_counted": (
            "dilation is the distance from one entry of the filter to the next, not the number of "
            "entries left out between them."
        ),
        "rows_only": "The filter is spread in both directions; yours in one only.",
        "stride_for_dilation": (
            "You spread the filter by the stride: the stride moves it from place to place, and "
            "dilation spreads it."
        ),
        "places_spread": (
            "The filter's places lie a stride apart, whatever the dilation: it is the filter that "
            "is spread."
        ),
        "padding_ignored": "The image must be surrounded by conv_param's zeros first.",
        "flipped": (
            "Your filter is turned by 180 degrees: a convolution layer does not flip its filters."
        ),
        "bias_missing": "The bias of each filter must be added to all of its outputs.",
    },
    "conv_transpose": {
        "stride_ignored": "Neighbouring prints begin a stride apart; yours begin 1 apart.",
        "flipped": "Your prints are turned by 180 degrees: each is the filter as it is.",
        "overwritten": "Where prints meet they add up; yours keep only what was laid down last.",
        "averaged": (
            "Where prints meet they add up; yours are averaged. It is the transpose, not an "
            "inverse."
        ),
        "padding_added": (
            "What the convolution padded, its transpose cuts off; you add zeros instead."
        ),
        "padding_left_in": "What the convolution padded, its transpose cuts off again.",
        "bias_missing": "The bias of each channel must be added to all of its entries.",
        "bias_in_each_print": (
            "The bias is added once to each entry of out, not with every print that meets there."
        ),
    },
    "conv_forward_fft": {
        "padding_ignored": "The image must be surrounded by pad zeros first.",
        "wraps_around": (
            "What leaves your image at one edge comes back in at the other: make room with zeros "
            "before the transform."
        ),
        "not_flipped": (
            "A product of transforms flips the filter: flip it once more, or take the complex "
            "conjugate."
        ),
        "first_channel_only": "The products are summed over all channels.",
        "channels_averaged": "The channels are summed, not averaged.",
        "corner": (
            "You cut out the wrong part: the places where the filter lies wholly inside do not "
            "begin at 0 here."
        ),
        "centre": (
            "You cut out the wrong part: the middle of what comes back is shifted by half a filter."
        ),
        "bias_missing": "The bias of each filter must be added to all of its outputs.",
    },
    "conv_cost": {
        "places_inside_only": (
            "There are H * W outputs for each filter here: padding keeps the size."
        ),
        "channels_forgotten": "Each filter has an entry for each of the C channels.",
        "tiles_rounded_down": (
            "A tile that hangs over the edge is computed, too: round H / 2 and W / 2 up."
        ),
        "not_saved": (
            "A tile of F(2x2, 3x3) takes 16 multiplications; 36 is what the definition takes."
        ),
        "any_size": "F(2x2, 3x3) is for filters of 3 x 3 only: another size must raise ValueError.",
        "no_room": (
            "The transform needs room for the overhanging filter: (H + K - 1) (W + K - 1) points."
        ),
        "filters_not_transformed": "The filters have to be transformed, too: C * F transforms.",
        "natural_log": "A transform of P points takes P times log2(P), not the natural logarithm.",
        "products_forgotten": (
            "The products at each frequency, for each filter and channel, are to be counted as "
            "well."
        ),
    },
    "strassen_matmul": {
        "leaf_ignored": "Stop as soon as the smallest side is <= leaf, and multiply as usual.",
        "odd_row_dropped": "An odd row or column must be kept: fill up with zeros to an even size.",
        "eight_products": "You make eight products of blocks; Strassen's way takes seven.",
        "m7_sign": (
            "One of the seven has the wrong sign: (A12 - A22) (B21 + B22) is added to the upper "
            "left block."
        ),
        "m2_sign": (
            "One of the seven has the wrong sign: (A21 + A22) B11 is subtracted in the lower "
            "right block."
        ),
        "additions_counted": "Count multiplications only, not the additions of the blocks.",
        "padding_left_in": "The rows and columns of zeros must be cut off again: C is (m, n).",
        "one_level_counted": (
            "Each of the seven products takes its own multiplications: add up what they report."
        ),
    },
    "winograd_matrices": {
        "transposed": "Your matrix for the data is transposed.",
        "halves_missing": (
            "The middle rows of the filter's transform are halves: (g0 + g1 + g2) / 2, (g0 - g1 + "
            "g2) / 2."
        ),
        "sign": "One entry of your output transform has the wrong sign: try d = (0, 0, 0, 1).",
    },
    "winograd_f2x2_3x3": {
        "hanging_tiles_dropped": (
            "Where the output's size is odd the last tiles hang over the edge: they have to be "
            "made."
        ),
        "tiles_side_by_side": (
            "The 4 x 4 pieces overlap by two: they begin 2 apart, as the tiles of the output do."
        ),
        "data_transposed": (
            "The data's transform is BT @ d @ BT.T; yours has BT the other way round."
        ),
        "flipped": (
            "Your filter is turned by 180 degrees: a convolution layer does not flip its filters."
        ),
        "first_channel_only": "The products are summed over all channels.",
        "tile_transposed": "Rows and columns within each tile have changed places.",
    },
    "receptive_field": {
        "strides_ignored": (
            "After a stride, neighbouring units look further apart on the image: later layers add "
            "more."
        ),
        "lengths_added": (
            "Each layer adds F - 1 entries (times the jump), not F: neighbouring windows overlap."
        ),
        "lengths_multiplied": (
            "Fields do not multiply: each layer adds (F - 1) times the jump before it."
        ),
        "own_stride_too_early": (
            "A layer's own stride moves its windows apart, it does not widen them: it counts from "
            "the next layer on."
        ),
        "strides_added": (
            "Jumps multiply: a stride of 2 after a stride of 3 moves by 6 on the image."
        ),
    },
    "stack_params": {
        "squeeze_ignored": "A bottleneck narrows to C / squeeze channels, whatever squeeze is.",
        "too_few_stacked": "Each 3 x 3 layer widens the field by 2: (N - 1) / 2 of them see N x N.",
        "way_back_missing": "A bottleneck has a second 1 x 1 convolution, back to C channels.",
        "one_direction": "A separable pair has two layers, N x 1 and 1 x N.",
        "not_by_channel": (
            "Depthwise, each channel has one N x N filter of its own: N * N * C weights, not "
            "times C again."
        ),
        "biases": "Biases are not to be counted here.",
    },
    "separate_kernel": {
        "length_lost": (
            "Your outer product has the right shape but not the right length: the singular value "
            "belongs to it."
        ),
        "first_row_and_column": (
            "The first column and row make the nearest outer product only for a filter of rank 1."
        ),
        "means": "Row and column means do not make the nearest outer product: singular vectors do.",
        "error_squared": "error is a singular value, not its square.",
        "largest_value": (
            "error is the largest singular value of what is left: the filter's second, not its "
            "first."
        ),
        "root_of_all_squares": (
            "error is the largest singular value of what is left, not the root of all squares."
        ),
    },
    "separable_conv": {
        "flipped": (
            "Your filter is turned by 180 degrees: a convolution layer does not flip its filters."
        ),
        "one_pass": "Two passes are needed, one along each axis.",
        "averaged": "The products are summed, not averaged.",
        "input_added": "The filter's output is asked for, without the image added to it.",
    },
    "residual_block_forward": {
        "stride_in_second": (
            "It is the first convolution that has the stride; the second one has stride 1."
        ),
        "inner_relu_missing": (
            "Between the two convolutions there is a rectifier: without it they are one linear map."
        ),
        "shortcut_missing": "What comes in must be added to what was learned.",
        "relu_before_sum": "The last rectifier comes after the sum, not before it.",
        "shortcut_rectified": (
            "First the sum, then one rectifier for both: yours are rectified apart."
        ),
        "outer_relu_missing": "The sum is rectified at the end.",
    },
    "residual_block_backward": {
        "outer_mask_missing": (
            "Where the output was rectified to 0 no gradient passes: dout has to be masked first."
        ),
        "inner_mask_missing": (
            "On the way back from the second convolution to the first, the rectifier between them "
            "stops what it had set to 0."
        ),
        "shortcut_unmasked": (
            "The shortcut, too, lies before the last rectifier: it gets the masked gradient, not "
            "dout."
        ),
        "shortcut_lost": (
            "x is used twice: what comes back through the shortcut must be added to dx."
        ),
        "projection_lost": "What comes back through the projection must be added to dx.",
        "dws_forgotten": "The projection's filters are learned, too: they have a gradient.",
    },
    "spatial_batchnorm_forward": {
        "each_image": (
            "You take a mean for each image; in batch normalisation all images of the batch share "
            "a channel's mean."
        ),
        "each_place": (
            "You take a mean for each place; all places of a channel share one, over N, H and W."
        ),
        "all_channels": "Each channel has a mean and a variance of its own; yours share one.",
        "reshaped_not_transposed": (
            "A reshape to rows of C numbers does not put channels into columns: the channel axis "
            "has to be moved to the end first."
        ),
        "eps_outside_root": (
            "You add eps to the standard deviation; it is added to the variance, under the root."
        ),
        "ddof": "Your variance divides by one less than there are entries.",
        "eps_default": "The eps you take where bn_param has none is not the docstring's.",
        "momentum_default": "The momentum you take where bn_param has none is not the docstring's.",
        "momentum_swapped": (
            "Your momentum is swapped: momentum is the part of the *old* average that stays."
        ),
        "std_remembered": (
            "You keep a running average of the standard deviation; it is the variance that is "
            "remembered."
        ),
        "averages_not_stored": "The new running averages are not put back into bn_param.",
        "averages_in_place": (
            "You write into the caller's running averages; put new arrays into bn_param."
        ),
        "batch_statistics_in_test": (
            "In mode 'test' you use the batch's own statistics: use the running averages."
        ),
    },
    "spatial_batchnorm_backward": {
        "each_image": (
            "Mean and variance were those of a channel over the whole batch: what comes back "
            "through them gathers over N, H and W."
        ),
        "count_of_examples": (
            "You divide by N; as many entries shared the mean as there are images times places."
        ),
        "gamma_missing": "On its way back dout passes gamma first.",
        "direct_only": (
            "x reaches out through the mean and the variance, too; yours has the direct path only."
        ),
        "mean_path_missing": "The path back through the mean is missing from your dx.",
        "variance_path_missing": "The path back through the variance is missing from your dx.",
        "examples_only": (
            "gamma and beta are used at every place of every image: sum over N, H and W."
        ),
        "parameters_averaged": "dgamma and dbeta are sums, not means.",
    },
    "spatial_groupnorm_forward": {
        "whole_image": (
            "You normalise each image over all its channels, whatever G is: that is layer "
            "normalisation."
        ),
        "each_channel": (
            "You normalise each channel by itself, whatever G is: that is instance normalisation."
        ),
        "interleaved": (
            "A group is made of neighbouring channels, the first C / G, the next C / G; yours "
            "takes every G-th."
        ),
        "over_the_batch": "Each image has its own means: nothing is shared over N.",
        "places_only": ("The channels of a group share their mean; you take one for each channel."),
        "channels_only": (
            "The places of a group share their mean, too; you take one for each place."
        ),
        "ddof": "Your variance divides by one less than there are entries.",
        "eps_outside_root": (
            "You add eps to the standard deviation; it is added to the variance, under the root."
        ),
        "eps_fixed": "You use an eps of your own; it comes in gn_param.",
        "eps_default": "The eps you take where gn_param has none is not the docstring's.",
    },
    "spatial_groupnorm_backward": {
        "gamma_outside": (
            "The channels of a group have different gammas: dout must be multiplied by them before "
            "it is averaged over the group."
        ),
        "over_the_batch": (
            "Mean and variance were those of one image's group: nothing comes back from the other "
            "images."
        ),
        "direct_only": (
            "x reaches out through the mean and the variance, too; yours has the direct path only."
        ),
        "mean_path_missing": "The path back through the mean is missing from your dx.",
        "variance_path_missing": "The path back through the variance is missing from your dx.",
        "places_only": (
            "gamma and beta belong to a channel of all images: sum over N as well as over H and W."
        ),
        "parameters_averaged": "dgamma and dbeta are sums, not means.",
    },
    "ThreeLayerConvNet": {
        "weights_not_scaled": "The weights start as weight_scale times standard normal numbers.",
        "biases_not_0": "Biases start at 0.",
        "first_relu_missing": "The convolution's output is rectified before it is pooled.",
        "average_pooling": "The pooling takes the largest entry, not the mean.",
        "channels_last": "What is pooled is flattened as it stands, channel by channel.",
        "second_relu_missing": "The first affine layer's output is rectified.",
        "scores_rectified": "Nothing comes after the last affine layer: scores may be negative.",
        "not_shifted": "exp overflows for large scores: subtract each row's largest score first.",
        "summed": "The data loss is a mean over the examples, not a sum.",
        "half_convention": (
            "You used the convention with 1/2 in the regularisation, in loss and gradients; here "
            "it is reg * sum(W**2), without 1/2."
        ),
        "biases_regularised": "Biases are not regularised.",
        "second_mask_missing": "On the way back, the second rectifier stops what it had set to 0.",
        "first_mask_missing": "On the way back, the first rectifier stops what it had set to 0.",
        "half_reg_loss": (
            "The regularisation in your loss has a factor 1/2; here it is reg * sum(W**2), "
            "without 1/2."
        ),
        "half_reg_gradient": "The gradient of reg * W**2 is 2 * reg * W.",
        "no_reg": "Regularisation is missing from your loss and from your gradients.",
        "no_reg_loss": "Your loss lacks the regularisation, reg * sum(W**2).",
        "reg_gradient_missing": "The regularisation has a gradient, too.",
        "biases_averaged": (
            "The biases' gradients are sums over the examples: the 1/N is in the scores' gradient "
            "already."
        ),
    },
    "random_flip_crop": {
        "mirrored_above": (
            "Another half is mirrored than the docstring says: those whose number is below 0.5."
        ),
        "last_place_missing": (
            "There are 2 * pad + 1 places in each direction, and the end of rng.integers is not "
            "among its numbers."
        ),
        "columns_first": "The first rows are drawn before the first columns.",
        "one_place_for_all": "Each image is moved by numbers of its own.",
        "one_mirror_for_all": "For each image by itself it is drawn whether it is mirrored.",
        "never_mirrored": "None of your images is mirrored.",
        "wraps_around": (
            "What leaves at one edge comes in again at the other; around the image there are zeros."
        ),
        "edge_repeated": "Around the image there are zeros; yours repeats its edge.",
        "channels_apart": "All channels of an image are moved together, or its colours come apart.",
        "upside_down": "Mirror from left to right: yours stands on its head.",
        "shuffled": "Your images have changed places: their labels no longer fit.",
    },
    "ResidualBlock": {
        "stride_in_second": (
            "It is the first convolution that has the stride; the second one has stride 1."
        ),
        "convolution_biases": (
            "The convolutions have no bias: the batch normalisation after them would take it off "
            "again."
        ),
        "projected_always": (
            "Where the shape stays as it is the shortcut is x itself, without a projection."
        ),
        "projection_not_normalised": (
            "The projection is followed by a batch normalisation of its own."
        ),
        "not_normalised": "Each convolution is followed by its batch normalisation.",
        "relu_1_missing": "Between the two convolutions there is a rectifier.",
        "shortcut_missing": "What comes in must be added to what was learned.",
        "relu_before_sum": "The last rectifier comes after the sum, not before it.",
        "outer_relu_missing": "The sum is rectified at the end.",
    },
    "Bottleneck": {
        "stride_in_first": "It is the 3 x 3 convolution in the middle that has the stride.",
        "groups_ignored": "The 3 x 3 convolution works in groups.",
        "projected_always": (
            "Where the shape stays as it is the shortcut is x itself, without a projection."
        ),
        "projection_not_normalised": (
            "The projection is followed by a batch normalisation of its own."
        ),
        "relu_1_missing": "After the first convolution and its normalisation there is a rectifier.",
        "relu_2_missing": (
            "A rectifier is missing: it comes after the second convolution and its normalisation."
        ),
        "shortcut_missing": "What comes in must be added to what was learned.",
        "relu_before_sum": "The last rectifier comes after the sum, not before it.",
        "outer_relu_missing": "The sum is rectified at the end.",
    },
    "DenseBlock": {
        "last_only": "A layer takes all maps made before it, not only those of the layer before.",
        "relu_missing": "Before each convolution there is a normalisation and a rectifier.",
        "newest_first": (
            "The maps follow each other in the order in which they were made, what came in first."
        ),
        "input_dropped": "What came in goes out again, before the new maps.",
    },
    "InceptionModule": {
        "average_pooling": "The fourth branch begins with max pooling.",
        "inner_relu_missing": (
            "Every convolution is followed by a rectifier, the 1 x 1 ones before others, too."
        ),
        "last_relu_missing": (
            "Every convolution is followed by a rectifier, the last of each branch, too."
        ),
        "another_order": "The branches follow each other in the order 1, 3, 5, pool.",
        "pool_forgotten": "There are four branches: the pooled one is missing in what you put out.",
    },
    "train_cnn": {
        "precision_not_refused": "A precision that does not exist must raise ValueError.",
        "precision_ignored": "In bfloat16 and float16 the model runs under torch.autocast.",
        "not_scaled": "In float16 small gradients vanish: scale the loss with a GradScaler.",
        "parameters_lowered": (
            "Autocast lowers the precision of the computation; the parameters stay in float32."
        ),
        "gradients_added": (
            "PyTorch adds each gradient to what is there: clear the gradients before every step."
        ),
        "softmax_twice": "Cross-entropy takes scores, and does the softmax itself.",
        "summed": "The loss is the mean over the batch, not the sum.",
        "graphs_kept": "Each loss still holds on to its whole graph: keep its value only.",
        "validated_in_training_mode": (
            "Before the validation the model must be switched to evaluation mode."
        ),
        "trained_in_evaluation_mode": (
            "Each epoch's steps are taken in training mode: switch back after a validation."
        ),
        "gradients_in_validation": "The validation needs no gradients: record none.",
        "read_in_validation": (
            "Reading a number for every validation batch makes the device wait: add up, and read "
            "once."
        ),
        "read_each_step": (
            "Reading the loss in every step makes the device wait: keep it there until the "
            "epoch's end."
        ),
        "mean_of_batches": (
            "The last batch may be smaller: count examples, do not average the batches' accuracies."
        ),
        "counts_returned": "An accuracy is a fraction of the validation images, not a count.",
        "one_loss_an_epoch": "train_loss has an entry for each step, not one for each epoch.",
        "left_in_training_mode": "The model is to be returned in evaluation mode.",
        "last_epoch_only": "val_accuracy has an entry for every epoch.",
    },
    "write_hdf5": {
        "not_replaced": "A file that is there already must be replaced.",
        "as_float64": (
            "X is stored in its own dtype: float64 takes eight times the room of a pixel's byte."
        ),
        "as_float32": (
            "X is stored in its own dtype: float32 takes four times the room of a pixel's byte."
        ),
        "one_chunk": "A chunk holds chunk_rows examples, not all of them.",
        "across_examples": (
            "A chunk holds whole examples: across all of them, one example is spread over the "
            "whole file."
        ),
        "chunks_left_to_h5py": (
            "Say yourself how the file is chunked: chunk_rows whole examples together."
        ),
        "labels_narrow": "The labels are stored as int64.",
        "left_open": "Close the file: what is not closed may not be on the disk yet.",
    },
    "HDF5Dataset": {
        "opened_at_start": (
            "Do not leave the file open in __init__: every worker has to open its own."
        ),
        "opened_each_time": (
            "Opening the file again for every example takes longer than reading it: keep it open."
        ),
        "negative_allowed": "Negative indices are to be refused with IndexError.",
        "not_scaled": "Pixels of one byte must be divided by 255.",
        "always_scaled": "Floats stay as they are: only pixels of one byte are divided by 255.",
        "as_float64": "Images are float32 tensors: float64 doubles the memory and the traffic.",
        "pickled_with_its_file": "An open file cannot be pickled: leave it out of __getstate__.",
    },
}
