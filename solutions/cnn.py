"""The CNN assignment's answers, in the notebook's order. Each uses NumPy and the answers above it; from ResidualBlock on
PyTorch as well, and HDF5 at the end."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportIndexIssue=false
# (what an HDF5 file holds under a name is known when it is opened)

import h5py
import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn


def conv_forward_naive(x, w, b, conv_param):
    """A convolution layer, as its definition says: each filter is laid on each place of the padded image.

        out[n, f, i, j] = b[f] + sum over c, p, q of  padded[n, c, i * stride + p, j * stride + q] * w[f, c, p, q]

    The filter is not flipped (mathematicians call this a cross-correlation).

    Arguments:
        x: (N, C, H, W) float, N images of C channels.
        w: (F, C, HH, WW) float, F filters. HH and WW may differ, as may H and W.
        b: (F,) float, the biases.
        conv_param: dict with "stride" and "pad", ints: the step in both directions, and the zeros that are added to all
            four sides of every channel.

    Returns:
        out: (N, F, H', W') float, H' = (H - HH + 2 * pad) / stride + 1, rounded down, and W' likewise.
        cache: (x, w, b, conv_param), for conv_backward_naive.

    Loops are fine here. x, w and b are not changed. Source: CS231n, assignment 2.
    """
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, _, H, W), (num_filters, _, HH, WW) = x.shape, w.shape
    H_out, W_out = (H - HH + 2 * pad) // stride + 1, (W - WW + 2 * pad) // stride + 1
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.empty((N, num_filters, H_out, W_out), x.dtype)
    for n in range(N):
        for i in range(H_out):
            for j in range(W_out):
                window = padded[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                for f in range(num_filters):
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    """The backward pass of the convolution layer.

    Arguments:
        dout: (N, F, H', W') float, d loss / d out.
        cache: (x, w, b, conv_param), what conv_forward_naive returned.

    Returns:
        dx: (N, C, H, W) float, of x's own shape, at every padding, 0 included. Entries that no filter reaches get 0.
        dw: (F, C, HH, WW) float.
        db: (F,) float.

    Loops are fine here. Nothing is changed in place. Source: CS231n, assignment 2.
    """
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, num_filters, H_out, W_out), (_, _, H, W), (_, _, HH, WW) = dout.shape, x.shape, w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for n in range(N):
        for i in range(H_out):
            for j in range(W_out):
                place = (
                    n,
                    slice(None),
                    slice(i * stride, i * stride + HH),
                    slice(j * stride, j * stride + WW),
                )
                for f in range(num_filters):
                    dpadded[place] += dout[n, f, i, j] * w[f]
                    dw[f] += dout[n, f, i, j] * padded[place]
    return dpadded[:, :, pad : pad + H, pad : pad + W], dw, dout.sum(axis=(0, 2, 3))


def conv_output_size(W, F, S=1, P=0, strict=False):
    """How many places a filter takes along one axis of its input: floor((W - F + 2 P) / S) + 1.

    Arguments:
        W: int, the length of the input along this axis.
        F: int, the length of the filter.
        S: int, the stride, from one place to the next.
        P: int, the zeros added at *each* end.
        strict: bool. Where the last place does not end exactly at the edge, the entries beyond it are never looked at:
            with strict that is an error, without it they are left out, as all libraries do.

    Returns:
        size: int.

    Raises ValueError when the filter is longer than the padded input, strict or not; and, if strict, when S does not
    divide W - F + 2 P. Source: CS231n, "Convolutional networks" (spatial arrangement).
    """
    room = W - F + 2 * P
    if room < 0:
        raise ValueError(f"a filter of {F} does not fit on {W} entries with {P} zeros at each end")
    if strict and room % S:
        raise ValueError(f"steps of {S} do not end at the edge: {room} is left to walk")
    return room // S + 1


def same_padding(F):
    """The zeros to add at each end so that a filter of length F at stride 1 gives as many outputs as there are inputs.

    Arguments:
        F: int >= 1.

    Returns:
        P: int.

    Raises ValueError for an F that has no such P. Source: CS231n, "Convolutional networks" (use of zero-padding).
    """
    if F % 2 == 0:
        raise ValueError(
            f"no padding that is equal at both ends keeps the size under a filter of {F}"
        )
    return (F - 1) // 2


def conv_param_count(F, D1, K, groups=1):
    """The number of parameters of a convolution layer: K filters of F x F, and one bias for each.

    Arguments:
        F: int, height and width of the filters.
        D1: int, the depth of the layer's input.
        K: int, the number of filters.
        groups: int. The input's depth and the filters are split into this many equal groups, and a filter sees the part
            of the depth that belongs to its group only (AlexNet on its two GPUs; ResNeXt). It divides D1 and K.

    Returns:
        count: int.

    Source: CS231n, "Convolutional networks" (parameter sharing).
    """
    return (F * F * (D1 // groups) + 1) * K


def pool_output_size(W, F, S, ceil_mode=False):
    """How many windows of length F a pooling layer takes along one axis, S apart, without padding.

    Usually only windows that lie wholly inside count: floor((W - F) / S) + 1. With ceil_mode the last one may hang over
    the end: ceil((W - F) / S) + 1, but a window that would *begin* beyond the last entry is left out.

    Arguments:
        W, F, S: int, with F <= W.
        ceil_mode: bool.

    Returns:
        size: int.

    Source: CS231n, "Convolutional networks" (pooling layer); PyTorch, MaxPool2d.
    """
    if not ceil_mode:
        return (W - F) // S + 1
    size = -(-(W - F) // S) + 1
    return size - 1 if (size - 1) * S >= W else size


def network_summary(layers, input_shape):
    """What a network is made of, layer by layer, for one image: shapes, parameters, memory and work.

    Arguments:
        layers: list of dicts, in order, each one of
            {"kind": "conv", "F": 3, "K": 64, "S": 1, "P": 1}: K filters of F x F at stride S with padding P, and biases;
            {"kind": "pool", "F": 2, "S": 2}: pooling windows of F x F, each channel by itself, no padding;
            {"kind": "fc", "K": 4096}: fully connected, K outputs, and biases. What comes before is flattened.
            Sizes that do not divide are rounded down.
        input_shape: (C, H, W), the image. H and W may differ.

    Returns:
        rows: list of dicts, first one for the input (its kind is "input"), then one for each layer, with
            "kind": as in layers;
            "shape": its output, (C, H, W), or (K,) for a fully connected layer;
            "params": int, weights and biases;
            "activations": int, the number of values it puts out (for the input: holds);
            "macs": int, multiplications with a weight. Pooling has none; biases are added, not multiplied.
        totals: dict with "params", "activations" and "macs", the sums over all rows, and
            "mebibytes": float, what all activations take in float32, in units of 2**20 bytes.

    Source: CS231n, "Convolutional networks" (VGGNet in detail), where the sum of the activations went wrong.
    """
    shape = tuple(input_shape)
    rows = [
        {
            "kind": "input",
            "shape": shape,
            "params": 0,
            "activations": int(np.prod(shape)),
            "macs": 0,
        }
    ]
    for layer in layers:
        params = macs = 0
        depth, *sides = shape
        if layer["kind"] == "conv":
            size, K = layer["F"], layer["K"]
            shape = (K, *(conv_output_size(side, size, layer["S"], layer["P"]) for side in sides))
            params = conv_param_count(size, depth, K)
            macs = int(np.prod(shape)) * size * size * depth
        elif layer["kind"] == "pool":
            shape = (depth, *(pool_output_size(side, layer["F"], layer["S"]) for side in sides))
        else:
            macs = int(np.prod(shape)) * layer["K"]
            shape = (layer["K"],)
            params = macs + layer["K"]
        row = {
            "kind": layer["kind"],
            "shape": shape,
            "params": params,
            "activations": int(np.prod(shape)),
            "macs": macs,
        }
        rows.append(row)
    totals = {name: sum(row[name] for row in rows) for name in ("params", "activations", "macs")}
    return rows, {**totals, "mebibytes": 4 * totals["activations"] / 2**20}


def resnet_param_count(blocks, num_classes=1000):
    """The number of parameters of a residual network of bottleneck blocks, as in ResNet-50, -101 and -152.

    It has no biases but the classifier's. Every convolution is followed by a batch normalisation of its outputs, which
    has two parameters for each channel.

        stem        convolution 7x7, 3 -> 64 (then pooling, which has no parameters)
        stage k     blocks[k] blocks, for k = 0, 1, 2, 3, of width w = 64 * 2**k. Each block is three convolutions:
                    1x1 to w channels, 3x3 from w to w, 1x1 from w to 4w.
                    The first block of a stage takes what the stage before (the stem) puts out, and projects its shortcut
                    by one more 1x1 convolution, to 4w; the others take 4w channels and have a shortcut without parameters.
        classifier  average over the image, then fully connected from 4 * 512 = 2048 to num_classes, with biases.

    Arguments:
        blocks: four ints, e.g. (3, 8, 36, 3) for ResNet-152.
        num_classes: int.

    Returns:
        count: int.

    Source: He et al. 2015, "Deep residual learning", table 1.
    """

    def conv(size, c_in, c_out):
        return size * size * c_in * c_out + 2 * c_out

    count, c_in = conv(7, 3, 64), 64
    for stage, repeats in enumerate(blocks):
        width = 64 * 2**stage
        count += conv(1, c_in, 4 * width)
        for _ in range(repeats):
            count += conv(1, c_in, width) + conv(3, width, width) + conv(1, width, 4 * width)
            c_in = 4 * width
    return count + (c_in + 1) * num_classes


def conv_claims():
    """Find the errors: which of these ten sentences, most of them found in lecture notes, are true?

        (a) In every convolution layer, a filter is as deep as the image that the network is shown.
        (b) AlexNet's first layer puts out 55 x 55 x 96 values. Without weight sharing it would need 105 705 600
            parameters for them; with it, it has 34 944.
        (c) Padding by (F - 1) / 2 at each end keeps the size, whatever the stride.
        (d) Max pooling of 55 x 55 x 96 values in windows of 3 x 3 compares 3 * 3 * 96 values for each output.
        (e) What VGG-16 computes for one image, its input included, are about 15 million values: 58 MiB in float32, where
            lecture notes say 93 MB.
        (f) ResNet-152 has about 5 million parameters.
        (g) Every filter of 7 x 7 can be written as a 7 x 1 filter followed by a 1 x 7 filter.
        (h) The inverse Fourier transform of the product of the two transforms, of the image and of the filter filled up
            with zeros to the image's size, is what a convolution layer puts out.
        (i) Winograd's F(2x2, 3x3) takes 16 multiplications where the definition takes 36.
        (j) In a dense block (DenseNet) the outputs of all earlier layers are added up to make a layer's input.

    Returns:
        claims: dict from "a", ..., "j" to True (the sentence is right) or False.
    """
    right = {"b", "e", "i"}
    return {letter: letter in right for letter in "abcdefghij"}


def max_pool_forward(x, pool_param):
    """Max pooling: the largest entry of each window, each channel by itself.

    Arguments:
        x: (N, C, H, W) float.
        pool_param: dict with "pool_height", "pool_width" and "stride", ints. Windows overlap where the stride is smaller
            than they are, and leave gaps where it is larger.

    Returns:
        out: (N, C, H', W') float, H' = pool_output_size(H, pool_height, stride) and W' likewise, rounded down.
        cache: (x, pool_param), for max_pool_backward.

    x is not changed. Source: CS231n, assignment 2.
    """
    window, stride = (pool_param["pool_height"], pool_param["pool_width"]), pool_param["stride"]
    windows = sliding_window_view(x, window, axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.max(axis=(4, 5)), (x, pool_param)


def max_pool_backward(dout, cache):
    """The backward pass of max pooling: each window's gradient goes to its largest entry.

    Arguments:
        dout: (N, C, H', W') float, d loss / d out.
        cache: (x, pool_param), what max_pool_forward returned.

    Returns:
        dx: (N, C, H, W) float. An entry that is the largest of several overlapping windows receives from all of them.
            Where a window has several largest entries, its gradient may be shared between them in any way, all of it to
            one of them included, as long as no share is negative and the shares add up to the whole.

    dout is not changed. Source: CS231n, assignment 2.
    """
    x, pool_param = cache
    height, width, stride = (
        pool_param["pool_height"],
        pool_param["pool_width"],
        pool_param["stride"],
    )
    N, C, H_out, W_out = dout.shape
    windows = sliding_window_view(x, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]
    winner = windows.reshape(N, C, H_out, W_out, height * width).argmax(axis=4)
    rows = stride * np.arange(H_out)[:, None] + winner // width
    columns = stride * np.arange(W_out) + winner % width
    dx = np.zeros_like(x)
    np.add.at(
        dx, (np.arange(N)[:, None, None, None], np.arange(C)[:, None, None], rows, columns), dout
    )
    return dx


def avg_pool_forward(x, pool_param):
    """Average pooling: the mean of each window, each channel by itself.

    Arguments:
        x: (N, C, H, W) float.
        pool_param: dict with "pool_height", "pool_width" and "stride", as for max_pool_forward.

    Returns:
        out: (N, C, H', W') float.
        cache: whatever avg_pool_backward needs.

    x is not changed.
    """
    window, stride = (pool_param["pool_height"], pool_param["pool_width"]), pool_param["stride"]
    windows = sliding_window_view(x, window, axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.mean(axis=(4, 5)), (x.shape, pool_param)


def avg_pool_backward(dout, cache):
    """The backward pass of average pooling.

    Arguments:
        dout: (N, C, H', W') float, d loss / d out.
        cache: what avg_pool_forward returned.

    Returns:
        dx: (N, C, H, W) float.

    dout is not changed.
    """
    shape, pool_param = cache
    height, width, stride = (
        pool_param["pool_height"],
        pool_param["pool_width"],
        pool_param["stride"],
    )
    _, _, H_out, W_out = dout.shape
    dx, share = np.zeros(shape, dout.dtype), dout / (height * width)
    for p in range(height):
        for q in range(width):
            dx[:, :, p : p + stride * H_out : stride, q : q + stride * W_out : stride] += share
    return dx


def global_avg_pool_forward(x):
    """The mean of each channel over the whole image: what ResNet and GoogLeNet put before the classifier.

    Arguments:
        x: (N, C, H, W) float.

    Returns:
        out: (N, C) float.
        cache: whatever global_avg_pool_backward needs.

    Source: Lin, Chen and Yan 2013, "Network in network".
    """
    return x.mean(axis=(2, 3)), x.shape


def global_avg_pool_backward(dout, cache):
    """The backward pass of the mean over the whole image.

    Arguments:
        dout: (N, C) float, d loss / d out.
        cache: what global_avg_pool_forward returned.

    Returns:
        dx: (N, C, H, W) float.

    dout is not changed.
    """
    _, _, H, W = cache
    return np.broadcast_to(dout[:, :, None, None] / (H * W), cache).copy()


def im2col(x, HH, WW, stride=1, pad=0):
    """Every window that a filter looks at, as one column of a matrix: convolution becomes one matrix product.

    Arguments:
        x: (N, C, H, W) float.
        HH, WW: int, height and width of the windows.
        stride, pad: int, as in conv_forward_naive.

    Returns:
        cols: (C * HH * WW, N * H' * W') float, a new array.
            Row c * HH * WW + p * WW + q holds the entry (c, p, q) of every window, in the order of a filter's ravel();
            column n * H' * W' + i * W' + j holds the window at place (i, j) of image n, so that the columns of one image
            stand together.

    No loop over images or places. x is not changed. Source: CS231n, "Convolutional networks" (implementation as matrix
    multiplication).
    """
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = sliding_window_view(padded, (HH, WW), axis=(2, 3), writeable=True)[
        :, :, ::stride, ::stride
    ]
    N, C, H_out, W_out = windows.shape[:4]
    return windows.transpose(1, 4, 5, 0, 2, 3).reshape(C * HH * WW, N * H_out * W_out)


def col2im(cols, x_shape, HH, WW, stride=1, pad=0):
    """The way back of im2col: every entry of the columns is added to the entry of the image that it was copied from.

    It is the transpose of im2col: the sum of im2col(x) * cols equals the sum of x * col2im(cols), for every x.

    Arguments:
        cols: (C * HH * WW, N * H' * W') float, in the order of im2col.
        x_shape: (N, C, H, W).
        HH, WW, stride, pad: int, as in im2col.

    Returns:
        x: (N, C, H, W) float, without the padding. Entries that stand in several windows collect from all of them.

    No loop over images or places (one over the HH * WW entries of a window is fine). cols is not changed.
    """
    N, C, H, W = x_shape
    H_out, W_out = conv_output_size(H, HH, stride, pad), conv_output_size(W, WW, stride, pad)
    patches = cols.reshape(C, HH, WW, N, H_out, W_out)
    padded = np.zeros((C, N, H + 2 * pad, W + 2 * pad), cols.dtype)
    for p in range(HH):
        for q in range(WW):
            padded[:, :, p : p + stride * H_out : stride, q : q + stride * W_out : stride] += (
                patches[:, p, q]
            )
    return padded[:, :, pad : pad + H, pad : pad + W].transpose(1, 0, 2, 3)


def conv_forward_im2col(x, w, b, conv_param):
    """The convolution layer once more, as one matrix product: (F, C * HH * WW) times (C * HH * WW, N * H' * W').

    Arguments:
        x, w, b, conv_param: as for conv_forward_naive.

    Returns:
        out: (N, F, H', W') float, as from conv_forward_naive.
        cache: whatever conv_backward_im2col needs.

    No loop over images, places or filters. Source: CS231n, assignment 2.
    """
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, _, H, W), (num_filters, _, HH, WW) = x.shape, w.shape
    H_out, W_out = conv_output_size(H, HH, stride, pad), conv_output_size(W, WW, stride, pad)
    cols = im2col(x, HH, WW, stride, pad)
    out = w.reshape(num_filters, -1) @ cols
    out += b[:, None]
    return out.reshape(num_filters, N, H_out, W_out).transpose(1, 0, 2, 3), (
        x.shape,
        w,
        cols,
        conv_param,
    )


def conv_backward_im2col(dout, cache):
    """The backward pass of the convolution layer, as two matrix products and col2im.

    Arguments:
        dout: (N, F, H', W') float, d loss / d out.
        cache: what conv_forward_im2col returned.

    Returns:
        dx: (N, C, H, W) float.
        dw: (F, C, HH, WW) float.
        db: (F,) float.

    No loop over images, places or filters. Nothing is changed in place.
    """
    x_shape, w, cols, conv_param = cache
    num_filters, _, HH, WW = w.shape
    rows = dout.transpose(1, 0, 2, 3).reshape(num_filters, -1)
    dw = (rows @ cols.T).reshape(w.shape)
    dcols = w.reshape(num_filters, -1).T @ rows
    dx = col2im(dcols, x_shape, HH, WW, conv_param["stride"], conv_param["pad"])
    return dx, dw, rows.sum(axis=1)


def conv_forward_dilated(x, w, b, conv_param):
    """A convolution layer whose filters are spread out: their entries lie dilation apart, and see nothing in between.

        out[n, f, i, j] = b[f] + sum over c, p, q of
                          padded[n, c, i * stride + p * dilation, j * stride + q * dilation] * w[f, c, p, q]

    Arguments:
        x: (N, C, H, W) float.
        w: (F, C, HH, WW) float.
        b: (F,) float.
        conv_param: dict with "stride" and "pad", as for conv_forward_naive, and "dilation", int >= 1. With dilation 1 the
            filters are as they always were.

    Returns:
        out: (N, F, H', W') float, for the places at which a filter lies wholly inside the padded image.

    No loop over images or places (one over the HH * WW entries of a filter is fine). x is not changed.
    Source: Yu and Koltun 2016, "Multi-scale context aggregation by dilated convolutions".
    """
    stride, pad, dilation = conv_param["stride"], conv_param["pad"], conv_param["dilation"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    spread = [dilation * (side - 1) + 1 for side in w.shape[2:]]
    windows = sliding_window_view(padded, spread, axis=(2, 3))[:, :, ::stride, ::stride]
    taps = windows[..., ::dilation, ::dilation]
    return np.einsum("ncijpq,fcpq->nfij", taps, w, optimize=True) + b[:, None, None]


def conv_transpose(y, w, b, conv_param):
    """The transposed convolution: the transpose of a convolution layer with filters w, as a layer of its own.

    Without biases, the sum of conv(x) * y equals the sum of x * conv_transpose(y), for every x and y. So each entry of y
    lays down a print of its filter, times itself; neighbouring prints begin stride apart, and where they meet they add.

    Arguments:
        y: (N, F, H', W') float, N stacks of F maps.
        w: (F, C, HH, WW) float, the filters of the convolution from C channels to F that is transposed.
        b: (C,) float, the biases.
        conv_param: dict with "stride" and "pad", ints, of the convolution that is transposed.

    Returns:
        out: (N, C, H, W) float, H = (H' - 1) * stride + HH - 2 * pad and W likewise: the smallest image of which that
            convolution makes H' x W' places. Where it padded, this layer cuts off.

    Loops are fine here, and there is a way without. y is not changed.
    Source: Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning".
    """
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, num_filters, H_out, W_out), (_, C, HH, WW) = y.shape, w.shape
    H, W = (H_out - 1) * stride + HH - 2 * pad, (W_out - 1) * stride + WW - 2 * pad
    cols = w.reshape(num_filters, -1).T @ y.swapaxes(0, 1).reshape(num_filters, -1)
    return col2im(cols, (N, C, H, W), HH, WW, stride, pad) + b[:, None, None]


def conv_forward_fft(x, w, b, pad=0):
    """The convolution layer at stride 1, by the Fourier transform: a product for each frequency instead of a sum for
    each place.

    The transform turns *circular*, *true* convolution into products: what leaves at one edge comes back in at the other,
    and the filter is flipped. To get a convolution layer from it, give it room enough (np.fft fills up with zeros), undo
    the flip, sum over the channels while still in the frequency domain, and cut the right part out of what comes back.

    Arguments:
        x: (N, C, H, W) float.
        w: (F, C, HH, WW) float.
        b: (F,) float.
        pad: int, as in conv_forward_naive.

    Returns:
        out: (N, F, H + 2 pad - HH + 1, W + 2 pad - WW + 1) float, equal to conv_forward_naive's up to rounding.

    No loop over images or places. Source: Mathieu, Henaff and LeCun 2013, "Fast training of convolutional networks
    through FFTs".
    """
    H_out, W_out = (
        conv_output_size(x.shape[2], w.shape[2], 1, pad),
        conv_output_size(x.shape[3], w.shape[3], 1, pad),
    )
    size = (x.shape[2] + 2 * pad, x.shape[3] + 2 * pad)
    images = np.fft.rfft2(np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad))))
    filters = np.fft.rfft2(w, s=size)
    product = np.einsum("ncij,fcij->nfij", images, filters.conj())
    return np.fft.irfft2(product, s=size)[:, :, :H_out, :W_out] + b[:, None, None]


def conv_cost(method, H, W, C, F, K):
    """The number of real multiplications for one image (C, H, W), F filters of K x K and F outputs of H x W, at stride 1.

        method "direct"     one for each entry of each filter at each place
        method "fft"        P log2(P) for each transform of P = (H + K - 1) (W + K - 1) points: C of the image's channels,
                            C F of the filters and F back; and for the products 2 P for each filter and channel
        method "winograd"   for K = 3 only: 16 for each filter, channel and tile of 2 x 2 outputs, a tile that hangs over
                            the edge included

    Arguments:
        method: str.
        H, W, C, F, K: int.

    Returns:
        cost: float or int.

    Raises ValueError for another method, and for "winograd" with K != 3.
    Source: Lavin and Gray 2015, "Fast algorithms for convolutional neural networks"; Mathieu et al. 2013.
    """
    if method == "direct":
        return H * W * C * F * K * K
    if method == "fft":
        points = (H + K - 1) * (W + K - 1)
        return (C + C * F + F) * points * np.log2(points) + 2 * points * C * F
    if method == "winograd" and K == 3:
        return 16 * C * F * -(-H // 2) * -(-W // 2)
    raise ValueError(f"no count for the method {method!r} with filters of {K} x {K}")


def strassen_matmul(A, B, leaf=64):
    """The product of two matrices with 7 multiplications of half the size where there seem to be 8, again and again.

    1. Where the smallest of m, k and n is <= leaf: the ordinary product, which costs m * k * n multiplications.
    2. Otherwise an odd m, k or n is made even by one row or column of zeros, both matrices are cut into 2 x 2 blocks of
       equal shape, and Strassen's seven products of sums of blocks are computed by strassen_matmul with the same leaf.
       The blocks of the product are sums and differences of the seven.

    Arguments:
        A: (m, k) float.
        B: (k, n) float.
        leaf: int >= 1.

    Returns:
        C: (m, n) float, A @ B up to rounding.
        n_mults: int, the multiplications of numbers that were made, in all the ordinary products together.

    A and B are not changed. Source: Strassen 1969, "Gaussian elimination is not optimal".
    """
    (m, k), n = A.shape, B.shape[1]
    if min(m, k, n) <= leaf:
        return A @ B, m * k * n
    A, B = np.pad(A, ((0, m % 2), (0, k % 2))), np.pad(B, ((0, k % 2), (0, n % 2)))
    (a, b), (c, d) = (np.hsplit(half, 2) for half in np.vsplit(A, 2))
    (e, f), (g, h) = (np.hsplit(half, 2) for half in np.vsplit(B, 2))
    pairs = [
        (a + d, e + h),
        (c + d, e),
        (a, f - h),
        (d, g - e),
        (a + b, h),
        (c - a, e + f),
        (b - d, g + h),
    ]
    products, counts = zip(
        *(strassen_matmul(left, right, leaf) for left, right in pairs), strict=True
    )
    m1, m2, m3, m4, m5, m6, m7 = products
    C = np.block([[m1 + m4 - m5 + m7, m3 + m5], [m2 + m4, m1 - m2 + m3 + m6]])
    return C[:m, :n], sum(counts)


def winograd_matrices():
    """Winograd's F(2, 3): two outputs of a filter of length 3 with four multiplications instead of six.

    For four inputs d and three weights g, with * entry by entry,

        AT @ ((G @ g) * (BT @ d))  =  [d[0] g[0] + d[1] g[1] + d[2] g[2],  d[1] g[0] + d[2] g[1] + d[3] g[2]]

    Returns:
        BT: (4, 4) float.
        G: (4, 3) float.
        AT: (2, 4) float.

    Any three matrices for which this holds for all d and g are right.
    Source: Winograd 1980; Lavin and Gray 2015, section 4.
    """
    BT = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
    G = np.array([[1.0, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
    AT = np.array([[1.0, 1, 1, 0], [0, 1, -1, -1]])
    return BT, G, AT


def winograd_f2x2_3x3(x, w):
    """A convolution layer of 3 x 3 filters at stride 1, without padding and bias, by Winograd's F(2x2, 3x3).

    The output is made in tiles of 2 x 2. Each tile depends on a 4 x 4 piece d of the image; neighbouring pieces overlap by
    two. With the matrices of winograd_matrices, for one channel's filter g,

        tile = AT @ ((G @ g @ G.T) * (BT @ d @ BT.T)) @ AT.T

    which is 16 multiplications where the definition takes 36. Channels may be summed before the last step or after it.

    Arguments:
        x: (N, C, H, W) float. Where H or W is odd, the last tiles hang over the edge, and what hangs over is cut off.
        w: (F, C, 3, 3) float.

    Returns:
        out: (N, F, H - 2, W - 2) float, equal to a convolution layer's up to rounding.

    No loop over images or tiles. x is not changed. Source: Lavin and Gray 2015.
    """
    BT, G, AT = winograd_matrices()
    H_out, W_out = x.shape[2] - 2, x.shape[3] - 2
    padded = np.pad(x, ((0, 0), (0, 0), (0, H_out % 2), (0, W_out % 2)))
    pieces = sliding_window_view(padded, (4, 4), axis=(2, 3))[:, :, ::2, ::2]
    products = np.einsum("nchwij,fcij->nfhwij", BT @ pieces @ BT.T, G @ w @ G.T)
    tiles = AT @ products @ AT.T
    N, num_filters, high, wide = tiles.shape[:4]
    return tiles.transpose(0, 1, 2, 4, 3, 5).reshape(N, num_filters, 2 * high, 2 * wide)[
        :, :, :H_out, :W_out
    ]


def receptive_field(layers):
    """How much of the image a unit of the last layer sees, along one axis.

    Arguments:
        layers: list of (F, S), filter length and stride of each convolution or pooling layer, the first one first.

    Returns:
        field: int, how many entries of the image reach one unit of the last layer; 1 for no layers.
        jump: int, how far apart on the image two neighbouring units of the last layer look.

    Source: CS231n, "Convolutional networks" (prefer a stack of small filters).
    """
    field = jump = 1
    for size, stride in layers:
        field += (size - 1) * jump
        jump *= stride
    return field, jump


def stack_params(kind, C, N, squeeze=2):
    """The number of weights, biases not counted, of ways to get from C channels to C channels through an N x N window.

        "single"        one convolution of N x N
        "stack"         convolutions of 3 x 3, as many as it takes to see N x N
        "bottleneck"    1 x 1 to C / squeeze channels, N x N among these, 1 x 1 back to C
        "separable"     N x 1, then 1 x N, both from C to C channels
        "depthwise"     N x N on each channel by itself, then 1 x 1 from C to C

    Arguments:
        kind: str.
        C: int, a multiple of squeeze.
        N: int, odd, >= 3.
        squeeze: int, by how much a bottleneck narrows.

    Returns:
        count: int.

    Raises ValueError for another kind. Source: CS231n, lecture on ConvNets in practice.
    """
    narrow = C // squeeze
    counts = {
        "single": N * N * C * C,
        "stack": (N - 1) // 2 * 9 * C * C,
        "bottleneck": 2 * C * narrow + N * N * narrow * narrow,
        "separable": 2 * N * C * C,
        "depthwise": N * N * C + C * C,
    }
    if kind not in counts:
        raise ValueError(f"{kind!r} is none of {', '.join(counts)}")
    return counts[kind]


def separate_kernel(kernel):
    """The column and the row whose outer product comes nearest to a filter, and how far away that is.

    Arguments:
        kernel: (HH, WW) float, not all zeros.

    Returns:
        col: (HH,) float.
        row: (WW,) float. Signs and lengths of the two are up to you, as long as np.outer(col, row) is nearest.
        error: float >= 0, the largest singular value of kernel - np.outer(col, row): no other outer product has a smaller
            one. It is 0, up to rounding, for a filter of rank 1 only.

    Source: Eckart and Young 1936.
    """
    left, values, right = np.linalg.svd(kernel)
    return left[:, 0] * values[0], right[0], values[1] if len(values) > 1 else 0.0


def separable_conv(x, col, row):
    """One channel under the filter np.outer(col, row), without ever making it: first along one axis, then the other.

        out[i, j] = sum over p, q of  col[p] * row[q] * x[i + p, j + q]

    For each output that is HH + WW multiplications instead of HH * WW.

    Arguments:
        x: (H, W) float.
        col: (HH,) float.
        row: (WW,) float.

    Returns:
        out: (H - HH + 1, W - WW + 1) float.

    x is not changed.
    """
    tall = sliding_window_view(x, len(col), axis=0) @ col
    return sliding_window_view(tall, len(row), axis=1) @ row


def residual_block_forward(x, w1, b1, w2, b2, ws=None, stride=1):
    """A residual block: two 3 x 3 convolutions learn what is to be added to the block's input.

        out = relu( conv2(relu(conv1(x))) + shortcut(x) )

    conv1 has the stride that is given, conv2 stride 1, and both padding 1. Where the block changes the number of channels
    or the size, x cannot simply be added: the shortcut is then a 1 x 1 convolution with the same stride as conv1, without
    padding and bias.

    Arguments:
        x: (N, C, H, W) float.
        w1: (F, C, 3, 3), b1: (F,), w2: (F, F, 3, 3), b2: (F,) float.
        ws: (F, C, 1, 1) float, the shortcut's filters; or None: then the shortcut is x itself, F = C and stride = 1.
        stride: int.

    Returns:
        out: (N, F, H', W') float.
        cache: whatever residual_block_backward needs.

    x is not changed. Source: He et al. 2015, "Deep residual learning".
    """
    hidden, conv1 = conv_forward_im2col(x, w1, b1, {"stride": stride, "pad": 1})
    learned, conv2 = conv_forward_im2col(np.maximum(0, hidden), w2, b2, {"stride": 1, "pad": 1})
    shortcut, project = x, None
    if ws is not None:
        shortcut, project = conv_forward_im2col(
            x, ws, np.zeros(len(ws)), {"stride": stride, "pad": 0}
        )
    out = np.maximum(0, learned + shortcut)
    return out, (conv1, hidden, conv2, project, out)


def residual_block_backward(dout, cache):
    """The backward pass of the residual block: one gradient, and two ways back to x.

    Arguments:
        dout: (N, F, H', W') float, d loss / d out.
        cache: what residual_block_forward returned.

    Returns:
        dx: (N, C, H, W) float.
        dw1, db1, dw2, db2: float, of the shapes of w1, b1, w2, b2.
        dws: (F, C, 1, 1) float, or None where ws was None.

    dout is not changed.
    """
    conv1, hidden, conv2, project, out = cache
    dsum = dout * (out > 0)
    dhidden, dw2, db2 = conv_backward_im2col(dsum, conv2)
    dx, dw1, db1 = conv_backward_im2col(dhidden * (hidden > 0), conv1)
    if project is None:
        return dx + dsum, dw1, db1, dw2, db2, None
    through_shortcut, dws, _ = conv_backward_im2col(dsum, project)
    return dx + through_shortcut, dw1, db1, dw2, db2, dws


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalisation of feature maps: the entries of a channel, of all images and places, share mean and variance.

        mode "train":   mean = mean of x over N, H and W,    var = mean of (x - mean)**2 over them
                        out  = gamma * (x - mean) / sqrt(var + eps) + beta, each channel with its own four numbers
                        running_mean <- momentum * running_mean + (1 - momentum) * mean, and running_var likewise with var
        mode "test":    out  = gamma * (x - running_mean) / sqrt(running_var + eps) + beta

    Arguments:
        x: (N, C, H, W) float.
        gamma, beta: (C,) float.
        bn_param: dict with "mode", "train" or "test", and optionally "eps" (1e-5), "momentum" (0.9), "running_mean" and
            "running_var" (both (C,) float; zeros when they are not there). In mode "train" the entries "running_mean"
            and "running_var" are set to *new* arrays; those that were there stay as they are, and so does everything in
            mode "test".

    Returns:
        out: (N, C, H, W) float.
        cache: whatever spatial_batchnorm_backward needs (in mode "test" it may be None).

    No loop over images or places. x, gamma and beta are not changed.
    Source: Ioffe and Szegedy 2015; CS231n, assignment 2.
    """
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    none = np.zeros(x.shape[1])
    mean, var = bn_param.get("running_mean", none), bn_param.get("running_var", none)
    if bn_param["mode"] == "train":
        held, (mean, var) = (mean, var), (x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3)))
        bn_param["running_mean"] = momentum * held[0] + (1 - momentum) * mean
        bn_param["running_var"] = momentum * held[1] + (1 - momentum) * var
    std = np.sqrt(var + eps)
    xhat = (x - mean[:, None, None]) / std[:, None, None]
    return gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, gamma)


def spatial_batchnorm_backward(dout, cache):
    """The backward pass of spatial batch normalisation, in mode "train".

    Arguments:
        dout: (N, C, H, W) float, d loss / d out.
        cache: what spatial_batchnorm_forward returned.

    Returns:
        dx: (N, C, H, W) float.
        dgamma, dbeta: (C,) float.

    No loop over images or places. dout is not changed. Source: CS231n, assignment 2.
    """
    xhat, std, gamma = cache
    dgamma, dbeta = np.sum(dout * xhat, axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    shared = dout.size // len(gamma)  # entries that share a mean
    rest = dout - (dbeta[:, None, None] + xhat * dgamma[:, None, None]) / shared
    return (gamma / std)[:, None, None] * rest, dgamma, dbeta


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Group normalisation: the entries of an image's channels of one group share mean and variance, those of each image
    and each group their own.

        out = gamma * (x - mean) / sqrt(var + eps) + beta

    mean and var are those of the set that the entry belongs to; gamma and beta are its channel's. The groups are the
    first C / G channels, the next C / G, and so on. Nothing depends on the other images, so training and testing are the
    same. G = 1 is layer normalisation, G = C instance normalisation.

    Arguments:
        x: (N, C, H, W) float.
        gamma, beta: (C,) float.
        G: int, the number of groups; it divides C.
        gn_param: dict, optionally with "eps" (1e-5).

    Returns:
        out: (N, C, H, W) float.
        cache: whatever spatial_groupnorm_backward needs.

    No loop over images or places. x, gamma and beta are not changed.
    Source: Wu and He 2018, "Group normalization"; CS231n, assignment 2.
    """
    grouped = x.reshape(len(x), G, -1)
    std = np.sqrt(grouped.var(axis=2, keepdims=True) + gn_param.get("eps", 1e-5))
    xhat = ((grouped - grouped.mean(axis=2, keepdims=True)) / std).reshape(x.shape)
    return gamma[:, None, None] * xhat + beta[:, None, None], (xhat, std, gamma)


def spatial_groupnorm_backward(dout, cache):
    """The backward pass of group normalisation.

    Arguments:
        dout: (N, C, H, W) float, d loss / d out.
        cache: what spatial_groupnorm_forward returned.

    Returns:
        dx: (N, C, H, W) float.
        dgamma, dbeta: (C,) float.

    No loop over images or places. dout is not changed. Source: Wu and He 2018; CS231n, assignment 2.
    """
    xhat, std, gamma = cache
    dgamma, dbeta = np.sum(dout * xhat, axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    dxhat = (dout * gamma[:, None, None]).reshape(*std.shape[:2], -1)
    grouped = xhat.reshape(dxhat.shape)
    means = [np.mean(one, axis=2, keepdims=True) for one in (dxhat, dxhat * grouped)]
    dx = (dxhat - means[0] - grouped * means[1]) / std
    return dx.reshape(dout.shape), dgamma, dbeta


class ThreeLayerConvNet:
    """A small convolutional network: convolution - relu - 2x2 max pooling - affine - relu - affine, then softmax.

    The convolution has stride 1 and keeps the size; pooling has stride 2, and rounds down. With F filters of K x K:

    params: dict of float arrays, "W1" (F, C, K, K), "b1" (F,), "W2" (F * (H // 2) * (W // 2), hidden_dim), "b2"
        (hidden_dim,), "W3" (hidden_dim, num_classes), "b3" (num_classes,). What is pooled is flattened in NumPy's usual
        order. Their owner may replace or change them between two calls.
    reg: as given.
    """

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
    ):
        """Draw the weights; the biases start at 0.

        W1, W2, W3 are drawn in this order, each as weight_scale * rng.standard_normal(its shape). Nothing else is drawn.

        Arguments:
            input_shape: (C, H, W); H and W may differ.
            num_filters, filter_size, hidden_dim, num_classes: int; filter_size is odd.
            weight_scale: float, the standard deviation of the weights.
            reg: float, the strength of the regularisation.
            rng: numpy.random.Generator, or None for a fresh np.random.default_rng().
        """
        rng = np.random.default_rng() if rng is None else rng
        C, H, W = input_shape
        self.reg = reg
        shapes = {
            "1": (num_filters, C, filter_size, filter_size),
            "2": (num_filters * (H // 2) * (W // 2), hidden_dim),
            "3": (hidden_dim, num_classes),
        }
        self.params = {
            f"W{k}": weight_scale * rng.standard_normal(shape) for k, shape in shapes.items()
        }
        self.params |= {
            "b1": np.zeros(num_filters),
            "b2": np.zeros(hidden_dim),
            "b3": np.zeros(num_classes),
        }

    def loss(self, X, y=None):
        """The scores of a mini-batch, or its loss and the gradients of all parameters.

            loss = (mean over the examples of -log softmax(scores)[y])  +  reg * (sum of the squares of W1, W2 and W3)

        There is no factor 1/2, and biases are not regularised. Scores may be as large as 1e4.

        Arguments:
            X: (N, C, H, W) float.
            y: (N,) int in [0, num_classes), or None.

        Returns:
            scores: (N, num_classes) float, when y is None. Otherwise
            loss: a number, and
            grads: dict with the names of params, each the gradient of the loss and of its parameter's shape.

        No loop over the examples; X and the parameters are not changed. Source: CS231n, assignment 2.
        """
        params, N = self.params, len(X)
        pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        conv_param = {"stride": 1, "pad": same_padding(params["W1"].shape[2])}
        convolved, conv = conv_forward_im2col(X, params["W1"], params["b1"], conv_param)
        pooled, pool = max_pool_forward(np.maximum(0, convolved), pool_param)
        flat = pooled.reshape(N, -1)
        hidden = np.maximum(0, flat @ params["W2"] + params["b2"])
        scores = hidden @ params["W3"] + params["b3"]
        if y is None:
            return scores

        shifted = scores - scores.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        penalty = sum(np.sum(params[name] ** 2) for name in ("W1", "W2", "W3"))
        loss = -log_p[np.arange(N), y].mean() + self.reg * penalty

        dscores = np.exp(log_p)
        dscores[np.arange(N), y] -= 1
        dscores /= N
        dhidden = dscores @ params["W3"].T * (hidden > 0)
        dpooled = (dhidden @ params["W2"].T).reshape(pooled.shape)
        _, dW1, db1 = conv_backward_im2col(max_pool_backward(dpooled, pool) * (convolved > 0), conv)
        grads = {"W1": dW1, "W2": flat.T @ dhidden, "W3": hidden.T @ dscores}
        grads = {name: grad + 2 * self.reg * params[name] for name, grad in grads.items()}
        return loss, {**grads, "b1": db1, "b2": dhidden.sum(axis=0), "b3": dscores.sum(axis=0)}


def random_flip_crop(x, pad, rng):
    """Images for training, each mirrored or not and moved a little, at random: what they show stays what it was.

    Each image is surrounded by pad zeros on all four sides, a piece of its own size is cut out, and the piece is mirrored
    from left to right or left as it is. All channels of an image go together.

    Three calls decide, in this order: rng.random(N), where an image is mirrored if its number is < 0.5;
    rng.integers(0, 2 * pad + 1, N), the first rows of the pieces in the padded images; and the same again for their first
    columns.

    Arguments:
        x: (N, C, H, W) float.
        pad: int >= 0.
        rng: np.random.Generator.

    Returns:
        out: (N, C, H, W) float, a new array. out[n] is made from x[n], so that the labels still fit.

    A loop over images is fine. x is not changed. Source: He et al. 2015, "Deep residual learning", section 4.2.
    """
    N, _, H, W = x.shape
    mirrored = rng.random(N) < 0.5
    tops, lefts = rng.integers(0, 2 * pad + 1, N), rng.integers(0, 2 * pad + 1, N)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.empty_like(x)
    for n, (top, left) in enumerate(zip(tops, lefts, strict=True)):
        piece = padded[n, :, top : top + H, left : left + W]
        out[n] = piece[:, :, ::-1] if mirrored[n] else piece
    return out


class ResidualBlock(nn.Module):
    """The residual block of ResNet-18 and -34, in PyTorch: relu( F(x) + shortcut(x) ).

    F is conv1, bn1, relu, conv2, bn2. Its parts have these names, since weights are stored by them:

    conv1: nn.Conv2d, 3 x 3, c_in to c_out channels, the given stride, padding 1, no bias.
    bn1: nn.BatchNorm2d.
    conv2: nn.Conv2d, 3 x 3, c_out to c_out, stride 1, padding 1, no bias.
    bn2: nn.BatchNorm2d.
    shortcut: nn.Identity() where stride is 1 and c_in is c_out. Otherwise nn.Sequential of a 1 x 1 nn.Conv2d from c_in to
        c_out with the given stride and no bias, and an nn.BatchNorm2d.

    Source: He et al. 2015, "Deep residual learning", with projections where the shape changes.
    """

    def __init__(self, c_in, c_out, stride=1):
        """Make the parts.

        Arguments:
            c_in, c_out: int, the channels that come in and go out.
            stride: int.
        """
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.shortcut = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out)
            )

    def forward(self, x):
        """From (N, c_in, H, W) to (N, c_out, H', W')."""
        hidden = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(hidden)) + self.shortcut(x))


class Bottleneck(nn.Module):
    """The bottleneck block of ResNet-50 and deeper, and with groups > 1 that of ResNeXt: relu( F(x) + shortcut(x) ).

    F is conv1, bn1, relu, conv2, bn2, relu, conv3, bn3. Its parts have these names:

    conv1: nn.Conv2d, 1 x 1, c_in to width channels, no bias.
    conv2: nn.Conv2d, 3 x 3, width to width, in groups, the given stride, padding 1, no bias.
    conv3: nn.Conv2d, 1 x 1, width to c_out, no bias.
    bn1, bn2, bn3: nn.BatchNorm2d.
    shortcut: as in ResidualBlock.

    ResNeXt-50 32x4d has 32 groups of 4 channels each in its first stage: Bottleneck(64, 128, 256, groups=32).
    Source: He et al. 2015; Xie et al. 2016, "Aggregated residual transformations".
    """

    def __init__(self, c_in, width, c_out, stride=1, groups=1):
        """Make the parts.

        Arguments:
            c_in, width, c_out: int, the channels that come in, in between, and that go out.
            stride: int.
            groups: int, divides width.
        """
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, c_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(c_out)
        self.shortcut = nn.Identity()
        if stride != 1 or c_in != c_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out)
            )

    def forward(self, x):
        """From (N, c_in, H, W) to (N, c_out, H', W')."""
        hidden = torch.relu(self.bn1(self.conv1(x)))
        hidden = torch.relu(self.bn2(self.conv2(hidden)))
        return torch.relu(self.bn3(self.conv3(hidden)) + self.shortcut(x))


class DenseBlock(nn.Module):
    """A dense block, as in DenseNet-121: every layer takes all maps that were made before it, one after the other.

    layers: nn.ModuleList of num_layers times nn.Sequential of
        nn.BatchNorm2d, nn.ReLU, a 1 x 1 nn.Conv2d to 4 * growth channels, no bias,
        nn.BatchNorm2d, nn.ReLU, a 3 x 3 nn.Conv2d to growth channels, padding 1, no bias.

    What comes out are the maps that came in, followed by those of each layer in order: c_in + num_layers * growth
    channels. Source: Huang et al. 2016, "Densely connected convolutional networks".
    """

    def __init__(self, c_in, growth, num_layers):
        """Make the parts.

        Arguments:
            c_in: int, the channels that come in.
            growth: int, the channels that each layer adds.
            num_layers: int.
        """
        super().__init__()
        self.layers = nn.ModuleList()
        for c_seen in range(c_in, c_in + num_layers * growth, growth):
            narrow = nn.Sequential(
                nn.BatchNorm2d(c_seen), nn.ReLU(), nn.Conv2d(c_seen, 4 * growth, 1, bias=False)
            )
            wide = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)
            self.layers.append(nn.Sequential(*narrow, nn.BatchNorm2d(4 * growth), nn.ReLU(), wide))

    def forward(self, x):
        """From (N, c_in, H, W) to (N, c_in + num_layers * growth, H, W)."""
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


class InceptionModule(nn.Module):
    """GoogLeNet's module: four ways of looking at the same input, side by side.

    Each part is an nn.Sequential, in which every convolution (with bias, keeping the size) is followed by nn.ReLU:

    branch1: a 1 x 1 convolution to c1 channels.
    branch3: 1 x 1 to c3_reduce, then 3 x 3 to c3.
    branch5: 1 x 1 to c5_reduce, then 5 x 5 to c5.
    branch_pool: max pooling 3 x 3 at stride 1 with padding 1, then 1 x 1 to c_pool.

    Their outputs follow each other in this order: c1 + c3 + c5 + c_pool channels.
    Source: Szegedy et al. 2014, "Going deeper with convolutions".
    """

    def __init__(self, c_in, c1, c3_reduce, c3, c5_reduce, c5, c_pool):
        """Make the parts; all arguments are ints, numbers of channels."""
        super().__init__()

        def conv(c_from, c_to, size):
            return [nn.Conv2d(c_from, c_to, size, padding=size // 2), nn.ReLU()]

        self.branch1 = nn.Sequential(*conv(c_in, c1, 1))
        self.branch3 = nn.Sequential(*conv(c_in, c3_reduce, 1), *conv(c3_reduce, c3, 3))
        self.branch5 = nn.Sequential(*conv(c_in, c5_reduce, 1), *conv(c5_reduce, c5, 5))
        self.branch_pool = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), *conv(c_in, c_pool, 1)
        )

    def forward(self, x):
        """From (N, c_in, H, W) to (N, c1 + c3 + c5 + c_pool, H, W)."""
        return torch.cat(
            [self.branch1(x), self.branch3(x), self.branch5(x), self.branch_pool(x)], dim=1
        )


def train_cnn(model, optimizer, loaders, epochs, device="cpu", precision="float32"):
    """Train a network on whatever device there is, in full or in mixed precision.

    The model is moved to the device. Each step takes one batch of the training loader, in its order: the mean
    cross-entropy of the scores, its gradient, one step of the optimizer; nothing of an earlier step's gradient is left.
    After each epoch all batches of the validation loader are classified, without gradients.

        precision "float32"     everything in float32
        precision "bfloat16"    scores and loss under torch.autocast in bfloat16; the parameters stay float32
        precision "float16"     the same in float16, whose smallest gradients would be lost: a torch.amp.GradScaler scales
                                the loss, and takes the scale out again before the optimizer moves

    In training the model is in training mode, in validation in evaluation mode; it returns in evaluation mode. A step
    leaves the device to itself: no number is read back before the end of an epoch (no .item(), float() or .cpu()), and no
    step keeps another one's graph alive.

    Arguments:
        model: nn.Module, from images to scores (N, C).
        optimizer: torch.optim.Optimizer, made on the model's parameters.
        loaders: (train, val), two iterables of batches (images, labels), tensors on the CPU.
        epochs: int.
        device: str or torch.device.
        precision: str, as above.

    Returns:
        history: dict with
            "train_loss": list of floats, the loss of each step, before it;
            "val_accuracy": list of floats, after each epoch the fraction of the validation images that is classified
                rightly.

    Raises ValueError for another precision. Source: PyTorch, "Automatic mixed precision".
    """
    dtypes = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if precision not in dtypes:
        raise ValueError(f"precision must be one of {', '.join(dtypes)}, not {precision!r}")
    device, dtype, (train, val) = torch.device(device), dtypes[precision], loaders
    scaler = torch.amp.GradScaler(device.type, enabled=precision == "float16")
    model.to(device)
    history = {"train_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        model.train()
        losses = []
        for images, labels in train:
            images, labels = (
                images.to(device, non_blocking=True),
                labels.to(device, non_blocking=True),
            )
            with torch.autocast(device.type, dtype=dtype, enabled=dtype is not None):
                loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            losses.append(loss.detach())
        model.eval()
        right, seen = torch.zeros((), device=device), 0
        with torch.no_grad(), torch.autocast(device.type, dtype=dtype, enabled=dtype is not None):
            for images, labels in val:
                right += (model(images.to(device)).argmax(dim=1) == labels.to(device)).sum()
                seen += len(labels)
        history["train_loss"] += torch.stack(losses).tolist()
        history["val_accuracy"].append(right.item() / seen)
    return history


def write_hdf5(X, y, path, chunk_rows=64):
    """Write a data set into one HDF5 file, laid out so that a batch of neighbouring examples is one piece of the disk.

    The file has two data sets: "X", with X's shape and dtype (pixels of one byte stay one byte), stored in chunks of
    chunk_rows whole examples (of all of them, where there are fewer); and "y", int64.

    Arguments:
        X: (N, ...) array of any dtype.
        y: (N,) int.
        path: str or path of the file; one that is there is replaced.
        chunk_rows: int >= 1.

    Returns:
        None. The file is closed.

    Source: HDF5, "Chunking in HDF5"; h5py, "Datasets".
    """
    with h5py.File(path, "w") as file:
        file.create_dataset("X", data=X, chunks=(min(chunk_rows, len(X)), *X.shape[1:]))
        file.create_dataset("y", data=np.asarray(y, dtype=np.int64))


class HDF5Dataset(torch.utils.data.Dataset):
    """The examples of a file that write_hdf5 made, for a torch DataLoader with any number of workers.

    An open HDF5 file must not be shared between processes: each worker has to open its own. So nothing is left open by
    __init__; the first example that is asked for opens the file, which then stays open; and a data set that is pickled,
    as it is on its way to a worker, leaves its open file behind.

    Source: h5py, "Multi-threading and multi-processing"; PyTorch, "torch.utils.data".
    """

    def __init__(self, path):
        """Remember where the file is, and how many examples it has.

        Arguments:
            path: str or path.
        """
        self.path, self.file = path, None
        with h5py.File(path, "r") as file:
            self.length = len(file["y"])

    def __len__(self):
        """The number of examples."""
        return self.length

    def __getitem__(self, index):
        """One example, and nothing else read.

        Arguments:
            index: int in [0, length).

        Returns:
            image: float32 tensor of one example's shape: pixels of one byte (uint8) divided by 255, floats as they are.
            label: int.

        Raises IndexError for an index that is not in [0, length).
        """
        if not 0 <= index < self.length:
            raise IndexError(f"there are {self.length} examples, and no number {index}")
        if self.file is None:
            self.file = h5py.File(self.path, "r")
        image = self.file["X"][index]
        scale = 255 if image.dtype == np.uint8 else 1
        return torch.from_numpy(np.asarray(image, dtype=np.float32) / scale), int(
            self.file["y"][index]
        )

    def __getstate__(self):
        """What is pickled: everything but the open file."""
        return {**self.__dict__, "file": None}
