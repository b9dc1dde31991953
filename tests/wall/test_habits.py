"""What people write in a notebook at work ends no cell where it is graded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from autograder.exercise.trial import Exercise
from autograder.wall.inside.habits import installs
from autograder.wall.outside.session import Session
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell, Limits
from autograder.watch.devices import device_trouble
from autograder.watch.evaluate import describe

from .conftest import EXERCISES


@pytest.fixture(scope="module")
def wall() -> Iterator[Wall]:
    with Wall("none", Limits(cell_seconds=120), modules=("numpy", "coursekit")) as wall:
        yield wall


@pytest.fixture
def session(wall: Wall) -> Iterator[Session]:
    with wall.open({"data.txt": b"here"}, {"exercises.py": EXERCISES}) as session:
        yield session


def texts(session: Session, *sources: str) -> list[str]:
    """What each cell prints; no cell ends in an error."""
    results = session.run([Cell(f"c{at}", source) for at, source in enumerate(sources)])
    outputs = [result.outputs for result in results]
    assert not [one for of in outputs for one in of if one["output_type"] == "error"]
    return ["".join(one["text"] for one in of if "text" in one) for of in outputs]


HABITS = [
    "%cd /content/drive/MyDrive/svm",
    "%cd ..",
    "%store x",
    "%autosave 60",
    "%clear",
    "%matplotlib widget",
    "%matplotlib qt",
    "%matplotlib tk",
    "%matplotlib notebook",
    "%pip install -q seaborn",
    "%conda install seaborn",
    "!pip install seaborn",
    "!python -m pip install --user seaborn",
    "!apt-get -y install ffmpeg",
    "name = input('Your name? ')",
    "%debug",
    "%connect_info",
]


def test_what_follows_a_harmless_line_runs(session: Session):
    follows = "\nprint('went on,', open('data.txt').read())"
    for line, text in zip(
        HABITS, texts(session, *(line + follows for line in HABITS)), strict=True
    ):
        assert text.endswith("went on, here\n"), line


def test_figures_of_any_backend_are_on_the_page(session: Session):
    (result,) = session.run(
        [Cell("a", "%matplotlib widget\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);")]
    )
    assert "image/png" in result.outputs[-1]["data"]


def test_torch_compile_needs_no_compiler(session: Session):
    source = "import torch\nf = torch.compile(lambda x: 2 * x)\nprint(f(torch.ones(1)).item())"
    assert texts(session, source) == ["2.0\n"]


@pytest.mark.parametrize(
    "command", ["pip list", "ls install", "echo pip install x", "python train.py", "pipx"]
)
def test_other_commands_are_not_taken_for_installing(command: str):
    assert not installs(command)


@pytest.mark.parametrize(
    ("below", "words"),
    [
        ("def helper(x):\n    return 2 * x", "helper is defined further down: move it above"),
        ("x = 1", "name 'helper' is not defined"),
    ],
)
def test_a_helper_that_is_defined_further_down_gets_a_hint(
    below: str, words: str, session: Session, exercises: dict[str, Exercise]
):
    session.run(
        [
            Cell("a", "def double(x):\n    return helper(x)"),
            Cell("b", "", "check", "double"),
            Cell("c", below),
        ]
    )
    (answered,) = session.evaluator(exercises["double"])([{"x": np.ones((2, 2))}])
    failure = answered.failure
    assert failure is not None
    assert words in failure.message
    assert ("further down" in failure.message) == ("def helper" in below)


def test_an_answer_that_is_defined_further_down_gets_a_hint(
    session: Session, exercises: dict[str, Exercise]
):
    session.run([Cell("a", "", "check", "double"), Cell("b", "def double(x):\n    return 2 * x")])
    (answered,) = session.evaluator(exercises["double"])([{"x": np.ones((2, 2))}])
    failure = answered.failure
    assert failure is not None
    assert "double is defined further down" in failure.message


@pytest.mark.parametrize(
    "words",
    [
        "Torch not compiled with CUDA enabled",
        "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU",
        "No CUDA GPUs are available",
        "PyTorch is not linked with support for mps devices",
    ],
)
def test_a_device_that_is_not_there_is_told_with_what_to_do(words: str):
    said = describe(RuntimeError(words)).message
    assert 'there is no "' in said
    assert "the device of what you are given" in said


def test_torch_says_it_in_these_words():
    import torch

    absent = "xpu" if torch.cuda.is_available() else "cuda"
    with pytest.raises((RuntimeError, AssertionError)) as caught:
        torch.ones(1, device=absent)
    assert device_trouble(str(caught.value))


MIXED = (
    "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (MIXED, "some tensors are on one device"),
        (f"{MIXED} (when checking argument for argument running_mean in method x)", "running mean"),
        (
            "Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor) should be the "
            "same",
            "some tensors are on one device",
        ),
        (
            "Cannot re-initialize CUDA in forked subprocess. To use CUDA with multiprocessing, you "
            "must use the 'spawn' start method",
            "a worker of a DataLoader",
        ),
        ("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has", "memory of the device"),
    ],
)
def test_what_goes_wrong_on_a_card_is_told_with_what_to_do(words: str, said: str):
    assert said in (device_trouble(words) or "")


def test_other_errors_are_no_devices():
    floats = (
        "Input type (torch.FloatTensor) and weight type (torch.DoubleTensor) should be the same"
    )
    assert device_trouble(floats) is None
    assert device_trouble("CUDA error: an illegal memory access was encountered") is None


def test_the_images_of_the_course_were_drawn_before_a_submission_asks(session: Session):
    (said,) = texts(
        session,
        "from coursekit import doodles, load_images\n"
        "del doodles.doodles\n"
        "print(load_images().Xtr.shape)",
    )
    assert "(418, 3072)" in said
