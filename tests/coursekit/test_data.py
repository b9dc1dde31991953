"""The data sets: which one is found, how it is split, and that a hostile file runs nothing."""

import functools
import gzip
import hashlib
import os
import pickle
import struct
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from coursekit import data, doodles


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


def few(monkeypatch, count=600):
    """As in a browser's tab: so many doodles are drawn."""
    monkeypatch.setenv(data.FEWER, str(count))


def test_doodles_are_always_there_and_say_so(monkeypatch, capsys):
    few(monkeypatch)
    found = data.load_images()
    assert found.name == "doodles"
    said, others = capsys.readouterr().out.splitlines()
    assert said == (
        "Data: doodles, 32x32x3 images, 10 classes, 500 + 50 + 50 (train + validation + test)."
    )
    assert others == 'Other images: load_images("CIFAR-10") or load_images("Fashion-MNIST").'
    assert found.Xtr.shape == (500, 3072)
    assert found.Xtr.dtype == np.float32
    assert found.ytr.dtype == np.int64
    assert found.Xtr.min() == 0
    assert found.Xtr.max() == 1
    assert set(found.thresholds) == set(data.load_images().thresholds)


def test_a_shrunk_pixel_is_the_mean_of_its_block(monkeypatch):
    few(monkeypatch)
    whole, half = data.load_images(), data.load_images(shrink=2)
    assert half.image_shape == (16, 16, 3)
    corner = whole.Xtr[7].reshape(32, 32, 3)[:2, :2].mean(axis=(0, 1))
    np.testing.assert_allclose(half.Xtr[7].reshape(16, 16, 3)[0, 0], corner, rtol=1e-6)
    np.testing.assert_array_equal(half.ytr, whole.ytr)


def test_splits_are_disjoint_and_the_same_every_time(monkeypatch):
    few(monkeypatch)
    one, other = data.load_images(), data.load_images()
    np.testing.assert_array_equal(one.Xval, other.Xval)
    rows = {name: {row.tobytes() for row in getattr(one, name)} for name in ("Xtr", "Xval", "Xte")}
    assert not rows["Xtr"] & rows["Xval"]
    assert not rows["Xtr"] & rows["Xte"]
    assert not rows["Xval"] & rows["Xte"]


def test_fewer_training_images_leave_validation_alone(monkeypatch):
    few(monkeypatch)
    some, all_of_them = data.load_images(train=50), data.load_images()
    assert len(some.ytr) == 50
    np.testing.assert_array_equal(some.Xval, all_of_them.Xval)
    np.testing.assert_array_equal(some.Xtr, all_of_them.Xtr[:50])


def test_drawn_once_doodles_are_read_from_disk(monkeypatch):
    few(monkeypatch)
    first = data.load_images()
    monkeypatch.setattr(data.doodles, "doodles", lambda count: pytest.fail("drawn again"))
    np.testing.assert_array_equal(data.load_images().Xtr, first.Xtr)


def test_what_was_drawn_beforehand_is_not_drawn_again(monkeypatch, tmp_path):
    few(monkeypatch)
    monkeypatch.setattr(data, "_AT_HAND", {})
    (tmp_path / "cache").write_text("a file where the folder would be")
    data.draw_beforehand()
    first = data.load_images()
    first.Xtr[:] = 0  # a notebook may write to its own
    monkeypatch.setattr(data.doodles, "doodles", lambda count: pytest.fail("drawn again"))
    assert data.load_images().Xtr.max() == 1


def test_half_a_file_of_doodles_is_drawn_again(monkeypatch, tmp_path):
    few(monkeypatch)
    first = data.load_images()
    (kept,) = (tmp_path / "cache" / "chainrule").iterdir()
    kept.write_bytes(kept.read_bytes()[:1000])
    np.testing.assert_array_equal(data.load_images().Xtr, first.Xtr)


def test_where_nothing_can_be_kept_doodles_are_drawn_all_the_same(monkeypatch, tmp_path):
    few(monkeypatch)
    (tmp_path / "cache").write_text("a file where the folder would be")
    assert len(data.load_images().ytr) == 500


def test_the_first_doodles_are_the_same_however_many():
    X, y = doodles.doodles(510)
    assert X.shape == (510, 32, 32, 3)
    assert X.dtype == np.uint8
    np.testing.assert_array_equal(np.bincount(y[:500]), np.full(10, 50))
    np.testing.assert_array_equal(doodles.doodles(20)[0], X[:20])
    assert not np.array_equal(doodles.doodles(20, seed=1)[0], X[:20])
    assert len({image.tobytes() for image in X}) == 510


def test_things_stand_anywhere_and_either_way_round():
    """The orange of fish is at the right edge and at the left one, and not in every picture."""
    X, y = doodles.doodles(1000)
    fish = X[y == 2].astype(float)
    orange = (fish[..., 0] > 150) & (fish[..., 2] < 110) & (fish[..., 1] < 190)
    share = orange.mean(axis=(1, 2))
    assert 0.2 < np.mean(share > 0.05) < 0.95
    centre = [np.argwhere(one).mean(axis=0) for one in orange[share > 0.05]]
    assert np.std(centre, axis=0).min() > 1.5


def test_each_data_set_says_where_it_is(cifar, monkeypatch):
    assert data.installed() == {
        "doodles": "drawn by the course itself",
        "CIFAR-10": "",
        "Fashion-MNIST": "",
    }
    monkeypatch.setenv("CHAINRULE_DATA", str(cifar))
    assert data.installed()["CIFAR-10"] == str(cifar / "cifar-10-batches-py")


def test_a_set_that_is_not_here_says_how_to_fetch_it():
    with pytest.raises(data.DataError, match=r'import download; download\("CIFAR-10"\)'):
        data.load_images("CIFAR-10")
    with pytest.raises(data.DataError, match="'cifar': load doodles, CIFAR-10, Fashion-MNIST"):
        data.load_images("cifar")
    with pytest.raises(data.DataError, match="nothing to download for 'doodles'"):
        data.download("doodles")


@pytest.fixture
def server(tmp_path, fashion) -> Iterator[str]:
    """Serves what ``fashion`` made."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=fashion / "fashion-mnist")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


def test_fashion_mnist_is_fetched_verified_and_found(server, fashion, monkeypatch, capfd):
    folder = fashion / "fashion-mnist"
    digests = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    monkeypatch.setattr(data, "FASHION_URL", server)
    with pytest.raises(ValueError, match="hash"):
        data.download("Fashion-MNIST")
    monkeypatch.setattr(data, "FASHION_MD5", digests)
    assert data.download("Fashion-MNIST").name == "fashion-mnist"
    assert "100%" in capfd.readouterr().err
    assert data.load_images("Fashion-MNIST").Xte.shape == (10, 784)


@pytest.mark.parametrize("inside", ["", "cifar-10-batches-py"])
def test_cifar10_is_found_in_the_named_folder(cifar, monkeypatch, capsys, inside):
    monkeypatch.setenv("CHAINRULE_DATA", str(cifar / inside))
    found = data.load_images("CIFAR-10", train=60, validation=10, test=5)
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
    assert data.load_images("CIFAR-10", train=10, validation=10, test=10).name == "CIFAR-10"


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
            data.load_images("CIFAR-10")
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
        data.load_images("CIFAR-10")


def test_a_missing_test_batch_is_named(cifar, monkeypatch):
    (cifar / "cifar-10-batches-py" / "test_batch").unlink()
    monkeypatch.setenv("CHAINRULE_DATA", str(cifar))
    with pytest.raises(data.DataError, match="test_batch is missing"):
        data.load_images("CIFAR-10")


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


def test_fashion_mnist_is_found_in_the_named_folder(fashion, cifar, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DATA", str(fashion / "fashion-mnist"))
    found = data.load_images("Fashion-MNIST", validation=8)
    assert found.name == "Fashion-MNIST"
    assert found.Xtr.shape == (32, 784)
    assert found.Xte.shape == (10, 784)
    assert data.load_images("Fashion-MNIST", shrink=2).image_shape == (14, 14)
    monkeypatch.setenv("CHAINRULE_DATA", str(fashion))  # the same folder holds cifar-10-batches-py
    assert data.load_images("CIFAR-10", train=10).name == "CIFAR-10"


def test_a_truncated_file_is_named(fashion, monkeypatch):
    path = fashion / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-30])
    monkeypatch.setenv("CHAINRULE_DATA", str(fashion))
    with pytest.raises(data.DataError, match="train-images-idx3-ubyte"):
        data.load_images("Fashion-MNIST")


def test_files_that_cannot_be_opened_count_as_absent(tmp_path, monkeypatch):
    (tmp_path / "data_batch_1").mkdir()
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path))
    assert data.installed()["CIFAR-10"] == ""


def test_without_a_home_there_is_no_cache(monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    few(monkeypatch)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(data.Path, "home", no_home)
    assert data.load_images().name == "doodles"
