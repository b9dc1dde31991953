"""The pretend accelerator does what a card does, as far as the other tests lean on it."""

from __future__ import annotations

import math
import os
from typing import Any

import pytest
import torch

from autograder.watch import devices

from .apart import apart

functional = torch.nn.functional


def net() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        *(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU()),
        *(torch.nn.Flatten(), torch.nn.Linear(64, 3)),
    )


def losses(where: str, steps: int = 6) -> list[float]:
    model, told = net(), []
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    model.to(where)
    x, y = torch.randn(8, 1, 6, 6).to(where), torch.randint(0, 3, (8,)).to(where)
    for _ in range(steps):
        loss = functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        told.append(loss.detach())
    return torch.stack(told).tolist()


@apart
def test_a_network_is_trained_there_as_on_the_processor_and_read_once() -> None:
    from . import pretend

    here = losses("cpu")
    there = losses("pretend")
    assert there == pytest.approx(here, rel=1e-5)
    assert there[-1] < there[0]
    assert pretend.card().asked == {"a copy": 1}
    assert pretend.card().moved_away == 1
    model = net().to("pretend")
    kept = next(model.parameters())
    assert next(model.cpu().parameters()) is kept
    assert kept.device.type == "cpu"


@apart
def test_an_lstm_asks_for_the_fused_cell_there_and_is_the_same_both_ways() -> None:
    from . import pretend

    asked: list[str] = []

    def noted(name: str, kernel: Any) -> Any:
        def call(*arguments: Any) -> Any:
            asked.append(name)
            return kernel(*arguments)

        return call

    pretend.DEFINED.update({name: noted(name, one) for name, one in pretend.DEFINED.items()})
    x, layer = torch.randn(2, 5, 3), torch.nn.LSTM(3, 4, batch_first=True)
    layer(x)[0].square().sum().backward()
    slopes = [one.grad.clone() for one in layer.parameters() if one.grad is not None]
    layer.zero_grad()
    layer.to("pretend")
    layer(x.to("pretend"))[0].square().sum().backward()
    for one, slope in zip(layer.parameters(), slopes, strict=True):
        assert one.grad is not None
        assert torch.allclose(one.grad.cpu(), slope, atol=1e-5)
    forward, backward = pretend.DEFINED
    assert asked == [forward] * 5 + [backward] * 5


@apart
def test_tensors_of_two_devices_do_not_mix() -> None:
    there, other = torch.ones(3, device="pretend"), torch.ones(3, device="pretend:1")
    for mixed in (torch.ones(3), other):
        with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
            torch.add(there, mixed)
    with pytest.raises(RuntimeError, match="device type for generator"):
        there.normal_(generator=torch.Generator())
    assert (there + torch.tensor(1.0)).tolist() == [2.0] * 3  # numbers, and indices, may come along
    assert there[torch.tensor([0, 2])].shape == (2,)
    assert other.to("pretend:0").device == there.device


@apart
def test_what_the_host_must_know_makes_it_wait() -> None:
    from . import pretend

    x = torch.arange(6, device="pretend")
    card = pretend.card()
    asks: dict[str, Any] = {
        "_local_scalar_dense": lambda: bool((x > 3).any()),
        "a copy": x.cpu,
        "a mask": lambda: x[x > 3],
        "nonzero": x.nonzero,
    }
    for why, ask in asks.items():
        card.forget()
        ask()
        assert card.asked == {why: 1}
        assert card.kernels <= 1
    card.forget()
    torch.where(x > 3, x, 0).sum()
    assert not card.asked
    assert card.kernels > 0


@apart
def test_a_copy_that_does_not_block_arrives_when_somebody_waits() -> None:
    late = torch.ones(3, device="pretend").to("cpu", non_blocking=True)
    assert math.isnan(late[0].item())
    torch.accelerator.synchronize()
    assert late.tolist() == [1.0] * 3


@apart
def test_memory_is_accounted_for_and_ends() -> None:
    from . import pretend

    card = pretend.card()
    with devices.observed(devices.device(devices.ACCELERATOR)) as run:
        held = torch.ones(1 << 18, device="pretend")
        (held * 2).sum().item()
    assert 2 << 20 <= run.peak_bytes < 3 << 20
    assert run.synchronisations == 1
    assert run.tensors_kept == 1
    assert card.held == 1 << 20
    view = held[3:]
    del held
    assert card.held == 1 << 20
    card.limit = 3 << 20
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        torch.ones(1 << 20, device="pretend")
    del view
    assert card.held == 0


@apart
def test_what_was_measured_had_been_done() -> None:
    from . import pretend

    with devices.observed(devices.device(devices.ACCELERATOR)):
        torch.ones(3, device="pretend").add_(1)
        assert pretend.card().kernels > 0
    assert pretend.card().kernels == 0


@apart
def test_no_device_survives_a_fork() -> None:
    torch.ones(3, device="pretend")
    pid = os.fork()
    if pid == 0:
        told = devices.why_no_accelerator() == "pretend was in use before this process was forked"
        with pytest.raises(RuntimeError, match="forked subprocess"):
            torch.ones(3, device="pretend")
        os._exit(told)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1


@apart
def test_of_two_cards_each_has_its_own_memory_and_the_current_one_is_meant() -> None:
    from . import pretend

    first, second = pretend.card(0), pretend.card(1)
    here, there = torch.ones(4, device="pretend:1"), torch.ones(8, device="pretend")
    assert (first.held, second.held) == (32, 16)
    torch.accelerator.set_device_index(1)
    assert torch.ones(1, device="pretend").device == here.device
    assert torch.ones(1).to("pretend").device == here.device
    assert torch.ones(1).to("pretend:0").device == there.device
    assert {one.device for one in net().to("pretend").parameters()} == {here.device}
    assert there.device.index == 0
    with pytest.raises(RuntimeError, match="invalid device ordinal"):
        torch.ones(1, device="pretend:2")


@apart
def test_autocast_lowers_what_it_lowers_on_cards() -> None:
    model, x = net().to("pretend"), torch.randn(2, 1, 6, 6).to("pretend")
    y = torch.zeros(2, dtype=torch.int64, device="pretend")
    for dtype in (torch.bfloat16, torch.float16):
        with torch.autocast("pretend", dtype=dtype):
            scores = model(x)
            assert scores.dtype == dtype
            assert functional.cross_entropy(scores, y).dtype == torch.float32
    with torch.inference_mode():
        assert model(x).cpu().dtype == torch.float32
