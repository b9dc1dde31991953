"""A demonstration that waits: missing answers are named, real mistakes are shown."""

import subprocess
import sys

import pytest

from coursekit import once_written


def svm_loss():
    raise NotImplementedError()


class LinearSVM:
    def train(self):
        svm_loss()


def test_a_stub_is_named(capsys):
    with once_written():
        svm_loss()
        raise AssertionError("not reached")
    assert capsys.readouterr().out == (
        "This demonstration waits for svm_loss: write it above, run its check, then run this cell "
        "again.\n"
    )


def test_the_innermost_stub_is_the_one_to_write(capsys):
    with once_written():
        LinearSVM().train()
    assert "waits for svm_loss:" in capsys.readouterr().out


def test_a_method_is_named_with_its_class(capsys):
    class Net:
        def predict(self):
            raise NotImplementedError

    with once_written():
        Net().predict()
    assert "Net.predict: write it above" in capsys.readouterr().out


def test_a_name_that_no_cell_has_defined_yet(capsys):
    with once_written():
        margin_violations()  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
    assert (
        "waits for margin_violations: run the cells above that define it" in capsys.readouterr().out
    )


def test_what_is_written_runs_in_silence(capsys):
    done = []
    with once_written():
        done.append(True)
    assert done
    assert capsys.readouterr().out == ""


def test_the_readers_own_mistake_is_shown():
    with pytest.raises(ValueError, match="shapes"), once_written():
        raise ValueError("shapes do not match")


def test_the_kit_starts_light_and_knows_no_engine():
    heavy = (
        "matplotlib",
        "ipywidgets",
        "IPython",
        "sklearn",
        "pooch",
        "torch",
        "autograder",
        "solutions",
    )
    code = f"import sys, coursekit; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
