"""What a notebook in a browser's tab finds where it imports what does not run there."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from coursekit import once_written
from coursekit.tab import ImportsOfMissing, NotInTab


def run(cell: str, namespace: dict[str, Any]) -> None:
    tree = ImportsOfMissing().visit(ast.parse(cell))
    exec(compile(tree, "<cell>", "exec"), namespace)


def test_an_import_of_what_is_absent_says_so_once_and_interrupts_nothing(capsys: Any):
    names: dict[str, Any] = {}
    run("import torch\nimport torch.nn.functional as F\nfrom torch import nn\nx = 1", names)
    said = capsys.readouterr().out
    assert said == (
        "torch does not run in a browser's tab: download this notebook and go on with this section "
        "in JupyterLab, on a computer or on the course's hub.\n"
    )
    assert names["x"] == 1
    for use in ("torch.zeros(3)", "class Net(nn.Module): pass", "F(1)"):
        with pytest.raises(NotInTab, match="torch does not run in a browser's tab") as raised:
            run(use, names)
        assert raised.value._render_traceback_() == [str(raised.value)]  # no traceback


def test_a_demonstration_of_what_is_absent_says_so(capsys: Any):
    names: dict[str, Any] = {"once_written": once_written}
    run("import h5py", names)
    capsys.readouterr()
    run("with once_written():\n    h5py.File('x')", names)
    assert capsys.readouterr().out.startswith("h5py does not run in a browser's tab")


def test_other_imports_are_left_alone(capsys: Any):
    names: dict[str, Any] = {}
    run("import math\nfrom math import pi as circle", names)
    assert names["math"].pi == names["circle"]
    assert capsys.readouterr().out == ""
