"""The course's convolutions beside each other and beside torch's: forward and backward on one
thread.

    python -m benchmarks.convolution            # a minute or two; --quick leaves out the naive loop
    python -m benchmarks.convolution --json     # the last line alone

Three layers do the same work: the naive loop of the definition, im2col with three matrix products
in plain NumPy, and torch.nn.functional.conv2d with torch.autograd. All have one thread (torch's own
setting; BLAS by threadpoolctl). The runs of one size take turns, and the fastest of each counts.
Times are processor time, to which what else a machine does adds little. The naive loop runs once,
on one image, and is multiplied by the number of images. Torch works on tensors of its own; its time
depends on whether its allocator finds warm memory, by up to a half from one process to the next."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from threadpoolctl import threadpool_limits

from solutions import cnn

TURNS = 15


@dataclass(frozen=True)
class Size:
    """N images of C channels, H by W, under F filters of K by K."""

    N: int
    C: int
    F: int
    H: int
    W: int
    K: int
    stride: int = 1

    @property
    def pad(self) -> int:
        """What keeps the size at stride 1."""
        return self.K // 2

    def __str__(self) -> str:
        stride = f" / {self.stride}" if self.stride > 1 else ""
        return f"{self.N} x {self.C} x {self.H} x {self.W}, {self.F} of {self.K} x {self.K}{stride}"


AIM = Size(16, 64, 64, 32, 32, 3)
SIZES = (
    Size(16, 3, 32, 32, 32, 7),
    Size(1, 64, 64, 32, 32, 3),
    AIM,
    Size(16, 64, 64, 32, 32, 1),
    Size(16, 64, 64, 32, 32, 5),
    Size(16, 64, 128, 32, 32, 3, stride=2),
    Size(16, 256, 256, 8, 8, 3),
    Size(64, 16, 16, 32, 32, 3),
)


@dataclass
class Row:
    """Milliseconds of one size and precision, forward and backward together. ``ratio`` is im2col
    over torch.
    """

    size: str
    dtype: str
    naive: float | None
    im2col: float
    torch: float
    ratio: float
    aim: bool


def naive(x: np.ndarray, w: np.ndarray, b: np.ndarray, dout: np.ndarray, conv_param: dict) -> tuple:
    """The definition, loop by loop."""
    out, cache = cnn.conv_forward_naive(x, w, b, conv_param)
    return (out, *cnn.conv_backward_naive(dout, cache))


def im2col(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, dout: np.ndarray, conv_param: dict
) -> tuple:
    """Columns, and matrix products."""
    out, cache = cnn.conv_forward_im2col(x, w, b, conv_param)
    return (out, *cnn.conv_backward_im2col(dout, cache))


def by_torch(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, dout: np.ndarray, conv_param: dict
) -> Callable[[], tuple]:
    """As torch does it, on tensors of its own."""
    inputs, upstream = (
        [torch.tensor(one, requires_grad=True) for one in (x, w, b)],
        torch.tensor(dout),
    )

    def run() -> tuple:
        out = torch.nn.functional.conv2d(
            *inputs, stride=conv_param["stride"], padding=conv_param["pad"]
        )
        return (out.detach(), *torch.autograd.grad(out, inputs, upstream))

    return run


def seconds(run: Callable[[], object]) -> float:
    """The processor time of one run."""
    started = time.process_time()
    run()
    return time.process_time() - started


def measured(size: Size, dtype: str, with_naive: bool) -> Row:
    """One size in one precision. Raises AssertionError when the three do not agree."""
    rng, param = np.random.default_rng(0), {"stride": size.stride, "pad": size.pad}
    shapes = [(size.N, size.C, size.H, size.W), (size.F, size.C, size.K, size.K), (size.F,)]
    x, w, b = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    high, wide = (
        cnn.conv_output_size(side, size.K, size.stride, size.pad) for side in (size.H, size.W)
    )
    dout = rng.standard_normal((size.N, size.F, high, wide)).astype(dtype)
    near = 1e-3 if dtype == "float32" else 1e-9
    in_torch = by_torch(x, w, b, dout, param)
    for one, other in zip(im2col(x, w, b, dout, param), in_torch(), strict=True):
        assert np.abs(one - other.numpy()).max() <= near * np.abs(one).max()
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(seconds(lambda: im2col(x, w, b, dout, param)))
        theirs.append(seconds(in_torch))
    slow = size.N * seconds(lambda: naive(x[:1], w, b, dout[:1], param)) if with_naive else None
    slow_ms = None if slow is None else round(1e3 * slow)
    ms = round(1e3 * min(ours), 2), round(1e3 * min(theirs), 2)
    return Row(str(size), dtype, slow_ms, *ms, round(min(ours) / min(theirs), 3), size == AIM)


def table(rows: list[Row]) -> Table:
    """For people."""
    found = Table(
        title="Convolution forward and backward on one thread, milliseconds", title_justify="left"
    )
    for title in (
        "images, filters",
        "precision",
        "naive loop",
        "im2col",
        "torch",
        "im2col / torch",
        "naive / im2col",
    ):
        found.add_column(
            title, justify="left" if title in ("images, filters", "precision") else "right"
        )
    for row in rows:
        slow = (
            ("", "")
            if row.naive is None
            else (f"{row.naive:,.0f}", f"{row.naive / row.im2col:,.0f}")
        )
        style = "bold" if row.aim else None
        found.add_row(
            row.size,
            row.dtype,
            slow[0],
            f"{row.im2col:.1f}",
            f"{row.torch:.1f}",
            f"{row.ratio:.2f}",
            slow[1],
            style=style,
        )
    return found


def main() -> None:
    """Measure every size in both precisions, print the table, end with one line of JSON."""
    with_naive, only_json = "--quick" not in sys.argv, "--json" in sys.argv
    torch.set_num_threads(1)
    console = Console(stderr=only_json, width=None if sys.stdout.isatty() else 120)
    with threadpool_limits(1):
        work = [(size, dtype) for size in SIZES for dtype in ("float32", "float64")]
        rows = [measured(*one, with_naive) for one in track(work, "Convolving", console=console)]
    if not only_json:
        console.print(table(rows))
    aims = {row.dtype: row.ratio for row in rows if row.aim}
    report = {
        "threads": torch.get_num_threads(),
        "im2col_over_torch": aims,
        "rows": [asdict(row) for row in rows],
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
