"""Exercises that a signature says all of: one function, or a layer's forward and backward pair."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import EllipsisType
from typing import Any

import numpy as np

from ..checks import Dimensions, Gradient, Reference
from ..exercise.declare import declare
from ..exercise.trial import Check, Exercise
from ..language.dims import parse
from ..language.probe import Absent, Misreturned
from ..language.signature import read_signature


def function(
    name: str, signature: str, *, checks: Sequence[Check | EllipsisType] = (), **terms: Any
) -> Exercise:
    """An exercise over one function ``name``, called with the inputs in order, returning the
    outputs in order.

    >>> svm_loss = function("svm_loss", "x: N C, y: N int<C -> loss, dx: N C", points=7)  # doctest:
    +SKIP

    checks, terms: as for ``@exercise``.
    """
    inputs, outputs = read_signature(signature)

    def probe(student: Any, **given: Any) -> Mapping[str, Any]:
        return named(name, getattr(student, name)(*given.values()), tuple(outputs))

    return declare(name, probe, inputs, outputs, checks=checks, where=_caller(), **terms)


def layer(
    name: str,
    signature: str,
    *,
    shares: tuple[float, float, float] = (0.1, 0.45, 0.45),
    checks: Sequence[Check | EllipsisType] = (),
    **terms: Any,
) -> Exercise:
    """An exercise over ``NAME_forward(*inputs) -> (out, cache)`` and ``NAME_backward(dout, cache)
    -> gradients``.

    >>> affine = layer("affine", "x: N D, w: D M, b: M -> out: N M", points=6)  # doctest: +SKIP

    The inputs of floats have gradients, in their order: dx, dw, db. ``shares`` are those of
    Dimensions, of Gradient (all of them together, for a random upstream gradient) and of Reference;
    ``checks`` come after
    these. terms: as for ``@exercise``.
    """
    inputs, outputs = read_signature(signature)
    ((out, shape),) = outputs.items()
    there, back, upstream = f"{name}_forward", f"{name}_backward", f"d{out}"
    wrt = tuple(one for one, dims in inputs.items() if parse(dims).entries == "float")
    grads = tuple(f"d{one}" for one in wrt)

    def probe(student: Any, **given: Any) -> Mapping[str, Any]:
        dout = given.pop(upstream)
        value, cache = named(
            there, getattr(student, there)(*given.values()), (out, "cache"), needed=(out,)
        ).values()
        return {out: value, **named_back(back, getattr(student, back)(dout, cache), grads)}

    usual = (
        Dimensions(shares[0]),
        Gradient(out, wrt=wrt, claimed=grads, upstream=upstream, share=shares[1]),
        Reference(shares[2]),
    )
    return declare(
        name,
        probe,
        {**inputs, upstream: shape},
        {out: shape, **{f"d{one}": inputs[one] for one in wrt}},
        checks=[*usual, *checks],
        where=_caller(),
        **{"answers": (there, back), **terms},
    )


def claims(
    name: str, letters: str, *, points: float, shares: tuple[float, float], **terms: Any
) -> Exercise:
    """An exercise over a function that says of each claim, by its letter, whether it is true.

    >>> notes_errata = claims("notes_errata", "abc", points=4, shares=(0.5, 3.5))  # doctest: +SKIP

    ``shares`` are those of Dimensions and of Reference. terms: as for ``@exercise``.
    """

    def probe(student: Any) -> Mapping[str, Any]:
        said = getattr(student, name)()
        return {"claims": np.array([said[letter] for letter in letters])}

    return declare(
        name,
        probe,
        {},
        {"claims": f"{len(letters)} bool"},
        points=points,
        checks=[Dimensions(shares[0]), Reference(shares[1])],
        entries={"claims": [f"claim ({letter})" for letter in letters]},
        where=_caller(),
        **terms,
    )


def _caller() -> tuple[str, int]:
    """The file and line of the author who calls the function that asks."""
    frame = sys._getframe(2)
    return frame.f_code.co_filename, frame.f_lineno


def named(
    answer: str, returned: Any, names: tuple[str, ...], *, needed: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What an answer returned, by name.

    Raises Misreturned, with a sentence, where it does not have one value for each, or None for one
    that is ``needed``."""
    wanted = f"it must end with return ({', '.join(names)})"
    if returned is None:
        raise Misreturned(f"{answer} returned None: is there a return?")
    if len(names) == 1:
        return {names[0]: returned}
    if not isinstance(returned, tuple | list):
        raise Misreturned(
            f"{answer} returned one {type(returned).__name__}; {wanted}, {len(names)} values"
        )
    if len(returned) != len(names):
        raise Misreturned(
            f"{answer} returned {len(returned)} values; {wanted}, {len(names)} values"
        )
    given = dict(zip(names, returned, strict=True))
    if missing := [name for name in needed if given[name] is None]:
        raise Misreturned(f"{answer} returned None for {missing[0]}: is it written?")
    return given


def named_back(answer: str, returned: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Like ``named``, for the second of a pair: where it returned None its outputs are absent, and
    the first keeps its own.
    """
    if returned is None:
        return dict.fromkeys(names, Absent(f"{answer} returned None: is there a return?"))
    return named(answer, returned, names)
