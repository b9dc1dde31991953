"""The data sets: which one is found, how it is split, and that a hostile file runs nothing."""

import gzip
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from coursekit import data


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch, tmp_path):
    """A machine without any data set, whatever this one has."""
    monkeypatch.setattr(data, "SHARED_FOLDERS", ())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)


def python2_batch(images: np.ndarray, labels: list[int]) -> bytes:
    """The pickle that Python 2 wrote for a CIFAR-10 batch: protocol 2, byte strings, an old NumPy's
    module names.
    """

    def text(value: bytes) -> bytes:
        return (
            b"U" + bytes([len(value)]) + value
            if len(value) < 256
            else b"T" + struct.pack("<i", len(value)) + value
        )

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n"
        + b"(cnumpy\nndarray\n"
        + b"K\x00\x85"
        + text(b"b")
        + b"t"
        + b"R"
        b"(K\x01" + b"".join(b"M" + struct.pack("<H", size) for size in images.shape) + b"\x86"
        b"cnumpy\ndtype\n(" + text(b"u1") + b"K\x00K\x01tR"
        b"(K\x03"
        + text(b"|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        + b"\x89"
        + text(images.tobytes())
        + b"tb"
    )
    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + numbers + b"u."


@pytest.fixture
def cifar(tmp_path) -> Path:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]:
        images = rng.integers(0, 256, (20, 3072), dtype=np.uint8)
        images[0, :1024], images[0, 1024:2048], images[0, 2048:] = 255, 51, 0  # an orange picture
        (folder / name).write_bytes(python2_batch(images, [k % 10 for k in range(20)]))
    return tmp_path


def test_digits_are_always_there_and_say_so(capsys):
    found = data.load_images()
    assert found.name == "digits"
    assert capsys.readouterr().out == (
        "Data: digits, 8x8 images, 10 classes, 1,199 + 299 + 299 (train + validation + test).\n"
    )
    assert found.Xtr.shape == (1199, 64)
    assert found.Xtr.dtype == np.float32
    assert found.ytr.dtype == np.int64
    assert found.Xtr.min() == 0
    assert found.Xtr.max() == 1


def test_splits_are_disjoint_and_the_same_every_time():
    one, other = data.load_images(), data.load_images()
    np.testing.assert_array_equal(one.Xval, other.Xval)
    rows = {name: {row.tobytes() for row in getattr(one, name)} for name in ("Xtr", "Xval", "Xte")}
    assert not rows["Xtr"] & rows["Xval"]
    assert not rows["Xtr"] & rows["Xte"]
    assert not rows["Xval"] & rows["Xte"]


def test_fewer_training_images_leave_validation_alone():
    few, all_of_them = data.load_images(train=50), data.load_images()
    assert len(few.ytr) == 50
    np.testing.assert_array_equal(few.Xval, all_of_them.Xval)
    np.testing.assert_array_equal(few.Xtr, all_of_them.Xtr[:50])


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-py"])
def test_cifar10_is_found_in_the_named_folder(cifar, monkeypatch, capsys, inside):
    monkeypatch.setenv("CHAINRULE_DATA", str(cifar / inside))
    found = data.load_images(train=60, validation=10, test=5)
    assert found.name == "CIFAR-10"
    assert "CIFAR-10" in capsys.readouterr().out
    assert found.Xtr.shape == (60, 3072)
    assert found.Xval.shape == (10, 3072)
    assert found.Xte.shape == (5, 3072)
    picture = found.Xtr[0].reshape(found.image_shape)
    np.testing.assert_allclose(picture, np.broadcast_to([1, 0.2, 0], (32, 32, 3)), rtol=1e-6)
    assert list(found.ytr[:3]) == [0, 1, 2]


def test_cifar10_in_the_local_cache_is_found(cifar, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    cifar.joinpath("cifar-10-batches-py").rename(tmp_path / "moved")
    (tmp_path / "other" / "chainrule").mkdir()
    (tmp_path / "moved").rename(tmp_path / "other" / "chainrule" / "cifar-10-batches-py")
    assert data.load_images(train=10, validation=10, test=10).name == "CIFAR-10"


class Harm:
    """Unpickles to a call that leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_a_hostile_pickle_is_refused_and_runs_nothing(cifar, monkeypatch, tmp_path):
    trace = tmp_path / "harm"
    pickle.loads(pickle.dumps(Harm(trace)))  # what an ordinary unpickler does
    assert trace.exists()
    trace.rmdir()
    for protocol in (0, 2, 4):
        (cifar / "cifar-10-batches-py" / "data_batch_3").write_bytes(
            pickle.dumps({b"data": Harm(trace)}, protocol)
        )
        monkeypatch.setenv("CHAINRULE_DATA", str(cifar))
        with pytest.raises(data.DataError, match=r"data_batch_3 is no CIFAR-10 file: .*mkdir"):
            data.load_images()
        assert not trace.exists()


@pytest.mark.parametrize(
    "batch",
    [
        {b"data": np.array([object()]), b"labels": [1]},
        {b"data": np.zeros((2, 3072)), b"labels": [1, 2]},
        {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 10]},
        {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]},
        {},
        [],
    ],
)
def test_a_batch_of_the_wrong_form_is_refused(cifar, monkeypatch, batch):
    (cifar / "cifar-10-batches-py" / "test_batch").write_bytes(pickle.dumps(batch, 2))
    monkeypatch.setenv("CHAINRULE_DATA", str(cifar))
    with pytest.raises(data.DataError, match="test_batch"):
        data.load_images()


def test_a_missing_test_batch_is_named(cifar, monkeypatch):
    (cifar / "cifar-10-batches-py" / "test_batch").unlink()
    monkeypatch.setenv("CHAINRULE_DATA", str(cifar))
    with pytest.raises(data.DataError, match="test_batch is missing"):
        data.load_images()


@pytest.fixture
def fashion(tmp_path) -> Path:
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for part, count in (("train", 40), ("t10k", 10)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        header = b"\x00\x00\x08\x03" + struct.pack(">3i", *images.shape)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(header + images.tobytes())
        )
        header = b"\x00\x00\x08\x01" + struct.pack(">i", count)
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(header + labels.tobytes())
        )
    return tmp_path


def test_fashion_mnist_comes_before_digits_and_after_cifar10(fashion, cifar, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DATA", str(fashion / "fashion-mnist"))
    found = data.load_images(validation=8)
    assert found.name == "Fashion-MNIST"
    assert found.Xtr.shape == (32, 784)
    assert found.Xte.shape == (10, 784)
    monkeypatch.setenv("CHAINRULE_DATA", str(fashion))  # the same folder holds cifar-10-batches-py
    assert data.load_images(train=10, validation=10, test=10).name == "CIFAR-10"


def test_a_truncated_file_is_named(fashion, monkeypatch):
    path = fashion / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-30])
    monkeypatch.setenv("CHAINRULE_DATA", str(fashion))
    with pytest.raises(data.DataError, match="train-images-idx3-ubyte"):
        data.load_images()


def test_files_that_cannot_be_opened_count_as_absent(tmp_path, monkeypatch):
    (tmp_path / "data_batch_1").mkdir()
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    assert data.load_images().name == "digits"


def test_without_a_home_there_is_no_cache(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(data.Path, "home", no_home)
    assert data.load_images().name == "digits"
