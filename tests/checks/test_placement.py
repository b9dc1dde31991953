"""A computation that follows its tensors is told from one that does not, without an accelerator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from autograder.watch.placement import Followed, followed, keeps_dtype

X, Y = torch.randn(5, 4), torch.tensor([0, 3, 1, 2, 0])
RIGHT: dict[str, Callable[..., Any]] = {
    "gathered": lambda x, y: x.gather(1, y[:, None]).mean(),
    "indexed by a range": lambda x, y: x[range(len(x)), y].sum(),
    "indexed by an arange of the processor's, as CUDA allows": lambda x, y: x[
        torch.arange(len(y)), y
    ].sum(),
    "written into": lambda x, y: x.clone().index_fill_(1, y[:1], 0.0).sum(),
    "torch's own": lambda x, y: torch.nn.functional.multi_margin_loss(x, y),
    "zeros beside it": lambda x, y: (x + torch.zeros_like(x)).sum(),
    "chosen by where": lambda x, y: torch.where(x > 0, x, 0).sum(),
    "one-hot of a known length": lambda x, y: (torch.nn.functional.one_hot(y, 4) * x).sum(),
}
ELSEWHERE: dict[str, Callable[..., Any]] = {
    "zeros of the processor's": lambda x, y: (x + torch.zeros(x.shape)).sum(),
    "a mask of the processor's": lambda x, y: torch.where(
        torch.ones(x.shape, dtype=torch.bool), x, 0.0
    ).sum(),
    "no tensor": lambda x, y: 3.0,
    "an error": lambda x, y: x @ y,
}
WAITING: dict[str, Callable[..., Any]] = {
    "item": lambda x, y: x.sum().item(),
    "float": lambda x, y: x.sum() * float(x.max()),
    "if": lambda x, y: x.sum() if x.sum() > 0 else x.mean(),
    "tolist": lambda x, y: sum(y.tolist()) * x.sum(),
    "cpu": lambda x, y: x.cpu().sum(),
    "numpy": lambda x, y: x.sum() + x.detach().numpy().sum(),
    "printed": lambda x, y: (f"{x.sum():.3f}", x.sum())[1],
    "entries picked by a mask": lambda x, y: x[x > 0].sum(),
    "masked_select": lambda x, y: x.masked_select(x > 0).sum(),
    "nonzero": lambda x, y: (x > 0).nonzero().sum() * x.sum(),
    "one-hot of unknown length": lambda x, y: (torch.nn.functional.one_hot(y) * x).sum(),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_what_stays_where_its_arguments_are(kind: str) -> None:
    assert followed(RIGHT[kind], X, Y) == Followed(stays=True, waits=False)


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_what_leaves_the_device_of_its_arguments(kind: str) -> None:
    assert followed(ELSEWHERE[kind], X, Y) == Followed(stays=False, waits=False)


@pytest.mark.parametrize("kind", WAITING)
def test_what_must_know_a_number(kind: str) -> None:
    assert followed(WAITING[kind], X, Y) == Followed(stays=True, waits=True)


def test_an_operation_that_torch_lacks_there_is_nobodys_fault() -> None:
    def lacking(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError(
            "Could not run 'aten::thing' with arguments from the 'Meta' backend"
        )

    assert followed(lacking, X, Y) == Followed(stays=True, waits=False)


def test_the_dtype_is_that_of_the_arguments() -> None:
    dtypes = torch.float32, torch.bfloat16
    assert keeps_dtype(RIGHT["gathered"], dtypes, X, Y)
    assert keeps_dtype(
        RIGHT["torch's own"], dtypes, X, Y
    )  # which torch lacks in bfloat16 on the processor
    assert not keeps_dtype(lambda x, y: (x * torch.eye(5, 4)).sum(), dtypes, X, Y)
    assert not keeps_dtype(lambda x, y: x.sum().double(), dtypes, X, Y)
    assert not keeps_dtype(ELSEWHERE["no tensor"], dtypes, X, Y)
    assert not keeps_dtype(ELSEWHERE["an error"], dtypes, X, Y)
