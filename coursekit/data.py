"""The images a notebook works on: drawn by the course itself, or CIFAR-10, or Fashion-MNIST.

Nothing is downloaded unless ``download()`` is called. The splits depend on the data set only, so
two people see the same numbers.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import pickle
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

import numpy as np

from . import doodles
from .shipped import SHIPPED

DOODLES, CIFAR10, FASHION_MNIST = DATA_SETS = ("doodles", "CIFAR-10", "Fashion-MNIST")
"""What can be loaded by name; the first is always there."""
DOODLES_KEPT = 12_000
FEWER = "CHAINRULE_IMAGES"
"""An environment variable: at most so many images are drawn, where time or room is scarce."""

CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_MD5 = "c58f30108f718f92721af3b95e74349a"
FASHION_URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
FASHION_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
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

# Validation accuracy that the notebooks' own models reach on each set, with something to spare.
_KINDS = ("linear SVM", "softmax", "fully connected net", "convolutional net", "residual net")
THRESHOLDS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        name: MappingProxyType(dict(zip(_KINDS, reached, strict=True)))
        for name, reached in {
            DOODLES: (0.40, 0.42, 0.58, 0.76, 0.86),
            CIFAR10: (0.33, 0.33, 0.38, 0.40, 0.45),
            FASHION_MNIST: (0.78, 0.78, 0.81, 0.82, 0.86),
        }.items()
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


def load_images(
    name: str = DOODLES,
    shrink: int = 1,
    train: int = 10_000,
    validation: int = 1_000,
    test: int = 1_000,
) -> ImageData:
    """Load a data set, split it, and print which it is and how to get others.

    ``shrink`` makes each pixel the mean of shrink x shrink. The last three numbers are upper
    limits. CIFAR-10 and Fashion-MNIST are looked for in the folder named by the environment
    variable CHAINRULE_DATA, in the shared folders of the machine and in the local cache. Raises
    DataError for a set that is not there.
    """
    found = _load(name, train, validation, test)
    if shrink > 1:
        found = _shrunk(found, shrink)
    print(found)
    others = " or ".join(f'load_images("{other}")' for other in DATA_SETS if other != name)
    print(f"Other images: {others}.")
    return found


def download(name: str) -> Path:
    """Fetch CIFAR-10 (170 MB) or Fashion-MNIST (31 MB) into the local cache, with a bar; verify it,
    and return its folder.

    Raises DataError for another name.
    """
    import pooch

    if name == CIFAR10:
        files = pooch.retrieve(
            CIFAR10_URL,
            known_hash=f"md5:{CIFAR10_MD5}",
            path=_cache(),
            processor=pooch.Untar(extract_dir="."),
            progressbar=True,
        )
        return Path(files[0]).parent
    if name == FASHION_MNIST:
        folder = _cache() / "fashion-mnist"
        for file, digest in FASHION_MD5.items():
            pooch.retrieve(f"{FASHION_URL}/{file}", f"md5:{digest}", file, folder, progressbar=True)
        return folder
    raise DataError(f"there is nothing to download for {name!r}: {CIFAR10} or {FASHION_MNIST}")


def draw_beforehand() -> None:
    """Draw the course's own images now, for every process that is forked from this one."""
    count = _wanted()
    _AT_HAND[count] = _drawn(count)


def installed() -> dict[str, str]:
    """Where each data set is found; empty for one that is not here."""
    cifar10, fashion = _place(CIFAR10), _place(FASHION_MNIST)
    return {
        DOODLES: "drawn by the course itself",
        CIFAR10: str(cifar10 or ""),
        FASHION_MNIST: str(fashion or ""),
    }


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


_FOUND_BY = {
    CIFAR10: ("cifar-10-batches-py", "data_batch_1"),
    FASHION_MNIST: ("fashion-mnist", "train-images-idx3-ubyte.gz"),
}


def _place(name: str) -> Path | None:
    """The folder with a data set's files."""
    own, first = _FOUND_BY[name]
    places = (place for folder in folders() for place in (folder / own, folder))
    return next((place for place in places if _readable(place / first)), None)


def _load(name: str, train: int, validation: int, test: int) -> ImageData:
    if name == DOODLES:
        return _doodles(train, validation, test)
    if name not in DATA_SETS:
        raise DataError(f"there are no images called {name!r}: load {', '.join(DATA_SETS)}")
    place = _place(name)
    if place is None:
        raise DataError(
            f"{name} is not on this machine. To fetch it, run "
            f'`from coursekit.data import download; download("{name}")`, then this cell again'
        )
    read = {CIFAR10: _cifar10, FASHION_MNIST: _fashion_mnist}[name]
    return read(place, train, validation, test)


_AT_HAND: dict[int, tuple[np.ndarray, np.ndarray]] = {}
"""What was drawn beforehand, by its number."""


def _wanted() -> int:
    """How many images are drawn here."""
    return min(DOODLES_KEPT, int(os.environ.get(FEWER, DOODLES_KEPT)))


def _doodles(train: int, validation: int, test: int) -> ImageData:
    count = _wanted()
    X, y = _AT_HAND.get(count) or _drawn(count)
    held_out = min(test, len(y) // 12)
    return _split(
        DOODLES,
        X[:-held_out],
        y[:-held_out],
        X[-held_out:],
        y[-held_out:],
        255,
        tuple(thing.name for thing in doodles.THINGS),
        (doodles.SIDE, doodles.SIDE, 3),
        train,
        min(validation, len(y) // 12),
        test,
    )


_SPOILT = (OSError, ValueError, KeyError, EOFError, BadZipFile)
"""What reading raises where nothing was kept, or only half of it."""


def _drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of pixels and labels: as they were kept by an earlier call, or drawn and kept."""
    try:
        kept = _cache() / f"doodles-{doodles.STYLE}-{count}.npz"
    except RuntimeError:  # a sandbox may know no home
        X, y = doodles.doodles(count)
        return X.reshape(count, -1), y
    with contextlib.suppress(*_SPOILT), np.load(kept) as arrays:
        return arrays["X"], arrays["y"]
    X, y = doodles.doodles(count)
    X = X.reshape(count, -1)
    with contextlib.suppress(OSError):  # a full disk, or nowhere to write: drawn again next time
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, suffix=".npz", delete=False) as file:
            np.savez(file, X=X, y=y)
        Path(file.name).replace(kept)
    return X, y


def _shrunk(found: ImageData, shrink: int) -> ImageData:
    high, wide, *colours = found.image_shape
    high, wide = high // shrink, wide // shrink

    def smaller(X: np.ndarray) -> np.ndarray:
        pixels = X.reshape(len(X), *found.image_shape)[:, : high * shrink, : wide * shrink]
        blocks = pixels.reshape(len(X), high, shrink, wide, shrink, *colours)
        return blocks.mean(axis=(2, 4)).reshape(len(X), -1)

    parts = {name: smaller(getattr(found, name)) for name in ("Xtr", "Xval", "Xte")}
    return replace(found, image_shape=(high, wide, *colours), **parts)


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
