"""A data set on disk: written to HDF5, and read again example by example."""

import copy
import os
import pickle
import tempfile
from typing import Any

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import AllowedMeans, Dimensions, Reference, close
from coursekit.exercises.refusals import refuses


def left_open(folder):
    """What this process has open of the HDF5 files in a folder."""
    from h5py import h5f  # type: ignore[attr-defined]

    held = h5f.get_obj_ids(h5f.OBJ_ALL, h5f.OBJ_FILE | h5f.OBJ_DATASET | h5f.OBJ_GROUP)
    return [one for one in held if os.fsdecode(h5f.get_name(one)).startswith(folder)]


def left_open_by_writing(folder):
    """Whether anything was; it is closed then, to be read."""
    import h5py

    found = left_open(folder)
    for one in found:
        if isinstance(one, h5py.h5f.FileID):
            h5py.File(one).close()
    return bool(found)


def replaces(student, X, y, path):
    """Whether a file that is there makes room for another."""
    import h5py

    student.write_hdf5(X[:1], y[:1], path, 1)
    try:
        student.write_hdf5(X, y, path, 1)
    except OSError:  # still open
        return False
    with h5py.File(path, "r") as file:
        return len(file) == 2 and np.array_equal(np.array(file["X"]), X)


def leaves_its_file_behind(dataset):
    """Whether what is pickled of a data set holds no open file, and a copy made of that works."""
    state = dataset.__reduce_ex__(2)[2]
    try:
        pickle.dumps(state)
    except (TypeError, pickle.PicklingError):
        return False
    twin = copy.copy(dataset)
    return np.array_equal(twin[0][0], dataset[0][0])


def pixels(rng, sizes):
    """Images of one byte a value."""
    return rng.integers(0, 256, [sizes[axis] for axis in "NCHW"], dtype=np.uint8)


@exercise(
    "X: N C H W int, y: N int<L, Z: M D, chunk_rows: int -> stored: N C H W int, "
    "bytes_each: 2 int, labels: N int, label_bytes: int, chunk: 4 int, chunk_of_few: 2 int, "
    "length: int, images: N C H W, floats: M D, targets: N int, all_float32: bool, "
    "open_after_writing: bool, open_at_start: bool, open_in_use: bool, pickles: bool, "
    "refuses_beyond: 2 bool, replaced: bool",
    points=3,
    inside=True,
    answers=("write_hdf5", "HDF5Dataset"),
    given={"X": pixels, "chunk_rows": draws.whole(2, 5)},
    sizes={"N": (7, 12), "L": (2, 9)},
    cases=[case("one example a chunk", chunk_rows=1)],
    words={
        "stored": 'file["X"]',
        "bytes_each": 'the bytes of one entry of file["X"]',
        "labels": 'file["y"]',
        "label_bytes": 'the bytes of one entry of file["y"]',
        "chunk": "the shape of a chunk",
        "chunk_of_few": "the shape of a chunk where there are fewer examples",
        "length": "the length of the data set",
        "images": "the examples of the data set",
        "floats": "the examples of a data set of floats",
        "targets": "the labels of the data set",
        "all_float32": "whether the data set gives float32",
        "open_after_writing": "whether the file is open after write_hdf5",
        "open_at_start": "whether the file is open after __init__",
        "open_in_use": "whether the file is open after the first example",
        "pickles": "whether a pickled data set leaves its open file behind",
        "refuses_beyond": "whether examples beyond the ends are refused",
        "replaced": "whether a file that is there is replaced",
        "Z": "X of floats",
    },
    entries={
        "bytes_each": ["the bytes of a pixel", "the bytes of a float"],
        "refuses_beyond": [f"whether example {one} is refused" for one in ("N", "-1")],
    },
    checks=[Dimensions(0.25), ..., Reference(0.75), AllowedMeans(allowed=("torch", "h5py"))],
)
def hdf5(student, X, y, Z, chunk_rows):
    """Pixels of one byte and floats: written, looked at, and read again."""
    with tempfile.TemporaryDirectory() as folder:
        path, other, again = (
            os.path.join(folder, f"{one}.h5") for one in ("pixels", "floats", "again")
        )
        student.write_hdf5(X, y, path, chunk_rows)
        student.write_hdf5(Z, np.zeros(len(Z), int), other, len(Z) + 3)
        left = left_open_by_writing(folder)
        stored = looked_at(path, other)
        read = read_again(student, path, other, (len(X), len(Z)))
        replaced = replaces(student, X, y, again)
    return {**stored, **read, "open_after_writing": left, "replaced": replaced}


def looked_at(path, other):
    """What the files of pixels and of floats hold, and how."""
    import h5py

    with h5py.File(path, "r") as file, h5py.File(other, "r") as more:
        images: Any = file["X"]
        labels: Any = file["y"]
        floats: Any = more["X"]
        return {
            "stored": np.array(images),
            "labels": np.array(labels),
            "bytes_each": np.array([images.dtype.itemsize, floats.dtype.itemsize]),
            "label_bytes": labels.dtype.itemsize,
            "chunk": np.array(images.chunks or images.shape),
            "chunk_of_few": np.array(floats.chunks or (0, 0)),
        }


def read_again(student, path, other, lengths):
    """Both files as data sets: their examples, and what is open before and after."""
    dataset, of_floats = student.HDF5Dataset(path), student.HDF5Dataset(other)
    folder, (N, M) = os.path.dirname(path), lengths
    open_at_start = bool(left_open(folder))
    images, targets = zip(*[dataset[k] for k in reversed(range(N))][::-1], strict=True)
    open_in_use = bool(left_open(folder))
    rows = [of_floats[k][0] for k in range(M)]
    beyond = [refuses(dataset.__getitem__, k, error=IndexError) for k in (N, -1)]
    return {
        "length": len(dataset),
        "images": np.array([np.asarray(one, dtype=float) for one in images]),
        "floats": np.array([np.asarray(one, dtype=float) for one in rows]).round(5),
        "targets": np.array([int(one) for one in targets]),
        "all_float32": all(str(one.dtype) == "torch.float32" for one in (*images, *rows)),
        **{"open_at_start": open_at_start, "open_in_use": open_in_use},
        "pickles": leaves_its_file_behind(dataset),
        "refuses_beyond": np.array(beyond),
    }


@property_of(hdf5, "A round trip", 0.75)
def round_trip(ask):
    inputs, out = ask()
    X, y = inputs["X"], inputs["y"]
    same = np.array_equal(out["stored"], X) and np.array_equal(out["labels"], y)
    if not (same and out["replaced"]):
        return (
            'the file must hold "X" and "y" as they were given, '
            "and nothing of a file that was there before."
        )
    if list(out["bytes_each"]) != [1, 8]:
        return (
            "X is stored in its own dtype: pixels take 1 byte each; "
            f"yours take {int(out['bytes_each'][0])}."
        )
    must(out["label_bytes"] == 8, "labels are stored as int64.")
    if not (close(out["images"], X / 255, 1e-6) and np.array_equal(out["targets"], y)):
        return "example k must be X[k] / 255 for pixels of one byte, and label y[k]."
    if not close(out["floats"], inputs["Z"], 1e-4):
        return "floats must come back as they are, not divided by anything."
    must(out["all_float32"], "images must be float32 tensors.")


@property_of(hdf5, "Chunks are batches", 0.5)
def chunks_are_batches(ask):
    """chunk_rows whole examples lie together, so that a batch is one read."""
    inputs, out = ask()
    N, *image = inputs["X"].shape
    wanted, chunk = (min(inputs["chunk_rows"], N), *image), tuple(out["chunk"].tolist())
    must(chunk == wanted, f"a chunk must hold whole examples, {wanted}; yours is {chunk}.")
    few = inputs["Z"].shape
    whole = tuple(out["chunk_of_few"]) == few
    must(whole, f"a file of {few[0]} examples has them all in one chunk, {few}.")


@property_of(hdf5, "Opened late", 0.75)
def opened_late(ask):
    _, out = ask()
    if out["open_after_writing"]:
        return "write_hdf5 leaves its file open: what is not closed may not be on the disk yet."
    late = not out["open_at_start"]
    must(late, "HDF5Dataset leaves its file open in __init__: workers would share it.")
    if not out["open_in_use"]:
        return (
            "after the first example the file stays open for the next ones: "
            "opening it again takes longer than reading."
        )
    if not out["pickles"]:
        return (
            "on its way to a worker the data set is pickled: "
            "it must leave its open file behind (__getstate__)."
        )
    must(out["refuses_beyond"].all(), "an index that is not in [0, length) must raise IndexError.")
