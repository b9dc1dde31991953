"""The images a notebook works on: CIFAR-10 where it can be found, else Fashion-MNIST, else 1,797
small digits.

Nothing is downloaded unless ``download_cifar10()`` is called. The splits depend on the data set
only, so two people with the same files see the same numbers.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from .shipped import SHIPPED

CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_MD5 = "c58f30108f718f92721af3b95e74349a"
CIFAR10_CLASSES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FASHION_CLASSES = (
    "T-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
)
SHARED_FOLDERS = ("/usr/local/share/chainrule", "/usr/share/datasets")

# Validation accuracy that sensible settings reach on each set with the default split.
THRESHOLDS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "CIFAR-10": MappingProxyType(
            {
                "linear SVM": 0.33,
                "softmax": 0.33,
                "fully connected net": 0.38,
                "convolutional net": 0.45,
            }
        ),
        "Fashion-MNIST": MappingProxyType(
            {
                "linear SVM": 0.80,
                "softmax": 0.80,
                "fully connected net": 0.82,
                "convolutional net": 0.86,
            }
        ),
        "digits": MappingProxyType(
            {
                "linear SVM": 0.90,
                "softmax": 0.92,
                "fully connected net": 0.94,
                "convolutional net": 0.97,
            }
        ),
    }
)


class DataError(ValueError):
    """A data file that is not what its name says; the message names the file and what to do."""


@dataclass(frozen=True)
class ImageData:
    """Labelled images, flattened to rows and split three ways.

    ``X*`` are (N, D) float32 in [0, 1] with D the product of ``image_shape`` (height, width) or
    (height, width, 3); ``y*`` are (N,) int64 in [0, C). ``thresholds`` maps a kind of model to the
    accuracy it should reach here."""

    name: str
    Xtr: np.ndarray
    ytr: np.ndarray
    Xval: np.ndarray
    yval: np.ndarray
    Xte: np.ndarray
    yte: np.ndarray
    class_names: tuple[str, ...]
    image_shape: tuple[int, ...]
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        size = "x".join(map(str, self.image_shape))
        counts = " + ".join(f"{len(part):,}" for part in (self.ytr, self.yval, self.yte))
        return (
            f"Data: {self.name}, {size} images, {len(self.class_names)} classes, {counts} (train "
            "+ validation + test)."
        )


def load_images(train: int = 10_000, validation: int = 1_000, test: int = 1_000) -> ImageData:
    """Find the best image data set there is, split it, and print one line that says which it is.

    Looks for CIFAR-10, then Fashion-MNIST, in the folder named by the environment variable
    CHAINRULE_DATA, in the shared folders of the machine and in the local cache; the digits that
    come with coursekit are always there. The
    three numbers are upper limits: digits has 1,797 images and gives a sixth each to validation and
    test.
    """
    found = _find(train, validation, test)
    print(found)
    return found


def download_cifar10() -> Path:
    """Fetch CIFAR-10 (170 MB) into the local cache, verify it, unpack it and return its folder."""
    import pooch

    files = pooch.retrieve(
        CIFAR10_URL,
        known_hash=f"md5:{CIFAR10_MD5}",
        path=_cache(),
        processor=pooch.Untar(extract_dir="."),
        progressbar=False,
    )
    return Path(files[0]).parent


def folders() -> Iterator[Path]:
    """The folders that are searched, in order."""
    if named := os.environ.get("CHAINRULE_DATA"):
        yield Path(named)
    yield from map(Path, SHARED_FOLDERS)
    with contextlib.suppress(RuntimeError):  # a sandbox may know no home
        yield _cache()


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "chainrule"


def _readable(path: Path) -> bool:
    """Whether the file can be opened: a data set that a sandbox hides counts as absent."""
    try:
        path.open("rb").close()
    except OSError:
        return False
    return True


def _find(train: int, validation: int, test: int) -> ImageData:
    for folder in folders():
        for batches in (folder / "cifar-10-batches-py", folder):
            if _readable(batches / "data_batch_1"):
                return _cifar10(batches, train, validation, test)
    for folder in folders():
        for gzips in (folder / "fashion-mnist", folder):
            if _readable(gzips / "train-images-idx3-ubyte.gz"):
                return _fashion_mnist(gzips, train, validation, test)
    return _digits(train, validation, test)


def _cifar10(folder: Path, train: int, validation: int, test: int) -> ImageData:
    parts = [_read_batch(path) for path in sorted(folder.glob("data_batch_[1-5]"))]
    X = np.concatenate([images for images, _ in parts])
    y = np.concatenate([labels for _, labels in parts])
    Xte, yte = _read_batch(folder / "test_batch")
    # 3,072 bytes a picture, all red, then all green, then all blue -> (height, width, colour) rows.
    X, Xte = (
        part.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).reshape(-1, 3072) for part in (X, Xte)
    )
    return _split(
        "CIFAR-10", X, y, Xte, yte, 255, CIFAR10_CLASSES, (32, 32, 3), train, validation, test
    )


def _fashion_mnist(folder: Path, train: int, validation: int, test: int) -> ImageData:
    X, y = (_read_idx(folder / f"train-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1"))
    Xte, yte = (
        _read_idx(folder / f"t10k-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1")
    )
    shape = X.shape[1:]
    X, Xte = X.reshape(len(X), -1), Xte.reshape(len(Xte), -1)
    return _split(
        "Fashion-MNIST", X, y, Xte, yte, 255, FASHION_CLASSES, shape, train, validation, test
    )


def _digits(train: int, validation: int, test: int) -> ImageData:
    X, y = read_digits()
    # The file is ordered by writer. RandomState's stream is frozen by NumPy: the split stays the
    # same for ever.
    order = np.random.RandomState(231).permutation(len(y))
    X, y = X[order], y[order]
    held_out = len(y) // 6
    names = tuple(map(str, range(10)))
    return _split(
        "digits",
        X[:-held_out],
        y[:-held_out],
        X[-held_out:],
        y[-held_out:],
        16,
        names,
        (8, 8),
        train,
        min(validation, held_out),
        test,
    )


@cache
def read_digits() -> tuple[np.ndarray, np.ndarray]:
    """The 1,797 digits of ``shipped/``: (1797, 64) integers up to 16, and their labels (1797,).

    Not to be written to.
    """
    X, y = _read_digits()
    X.flags.writeable = y.flags.writeable = False
    return X, y


def _read_digits() -> tuple[np.ndarray, np.ndarray]:
    with gzip.open(SHIPPED / "digits.csv.gz", "rt") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.int64)
    return table[:, :-1], table[:, -1]


def _split(
    name: str,
    X: np.ndarray,
    y: np.ndarray,
    Xte: np.ndarray,
    yte: np.ndarray,
    brightest: int,
    class_names: tuple[str, ...],
    image_shape: tuple[int, ...],
    train: int,
    validation: int,
    test: int,
) -> ImageData:
    """Validation from the end of the training images, so that it is the same whatever ``train``
    is.
    """
    validation = min(validation, len(y) // 2)
    rest = len(y) - validation
    return ImageData(
        name=name,
        Xtr=_scaled(X[: min(train, rest)], brightest),
        ytr=y[: min(train, rest)].astype(np.int64),
        Xval=_scaled(X[rest:], brightest),
        yval=y[rest:].astype(np.int64),
        Xte=_scaled(Xte[:test], brightest),
        yte=yte[:test].astype(np.int64),
        class_names=class_names,
        image_shape=image_shape,
        thresholds=THRESHOLDS[name],
    )


def _scaled(pixels: np.ndarray, brightest: int) -> np.ndarray:
    return pixels.astype(np.float32) / np.float32(brightest)


def _read_idx(path: Path) -> np.ndarray:
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read ({error}): install the data set again") from None
    axes = content[3] if len(content) > 4 and content[:3] == b"\x00\x00\x08" else 0
    shape = tuple(
        int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes)
    )
    if not axes or len(content) != 4 + 4 * axes + int(np.prod(shape)):
        raise DataError(f"{path} is no IDX file of bytes: install the data set again")
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)


def _read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 3072) uint8 and labels (n,) of one CIFAR-10 file."""
    try:
        with path.open("rb") as file:
            batch = _ArraysOnly(file, encoding="bytes").load()
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: CIFAR-10 has data_batch_1 to data_batch_5 and test_batch"
        ) from None
    except Exception as error:  # a hostile or broken pickle can raise anything
        raise DataError(f"{path} is no CIFAR-10 file: {error}") from None
    named = {
        key.decode("latin1") if isinstance(key, bytes) else key: value
        for key, value in _items(batch)
    }
    images, labels = np.asarray(named.get("data", ())), np.asarray(named.get("labels", ()))
    good = (
        images.dtype == np.uint8
        and images.ndim == 2
        and images.shape[1] == 3072
        and labels.shape == (len(images),)
    )
    if (
        not good
        or labels.dtype.kind not in "iu"
        or labels.min(initial=0) < 0
        or labels.max(initial=0) > 9
    ):
        raise DataError(f"{path} does not hold rows of 3,072 bytes with a label from 0 to 9 each")
    return images, labels


def _items(batch: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(batch, dict):
        yield from batch.items()


class _ArraysOnly(pickle.Unpickler):
    """Reads pickles made of plain values and NumPy arrays; any other callable a file asks for is
    refused.

    CIFAR-10 comes as pickles, and an ordinary unpickler runs whatever the file says.
    """

    def find_class(self, module: str, name: str, /) -> Any:
        module = module.replace("numpy.core", "numpy._core")
        if (module, name) == ("numpy._core.multiarray", "_reconstruct"):
            return _reconstruct
        if (module, name) == ("numpy", "ndarray"):
            return np.ndarray
        if (module, name) == ("numpy", "dtype"):
            return _dtype
        if (module, name) == (
            "_codecs",
            "encode",
        ):  # how Python 3 writes bytes in the old protocol that CIFAR-10 uses
            return _latin1
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no array needs")


def _reconstruct(kind: type, shape: tuple[int, ...], code: bytes) -> np.ndarray:
    if kind is not np.ndarray or shape != (0,):
        raise pickle.UnpicklingError("it builds something that is no array")
    return np.ndarray((0,), dtype=np.uint8)


def _dtype(code: str | bytes, align: bool = False, copy: bool = True) -> np.dtype:
    code = code.decode("latin1") if isinstance(code, bytes) else code
    dtype = np.dtype(code)
    if dtype.kind not in "biuf":
        raise pickle.UnpicklingError("it holds an array of something other than numbers")
    return dtype


def _latin1(text: str, encoding: str | bytes) -> bytes:
    if encoding not in ("latin1", b"latin1"):
        raise pickle.UnpicklingError("it encodes text in an unexpected way")
    return text.encode("latin1")
