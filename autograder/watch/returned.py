"""What an answer's functions returned, for a probe that could not go on with it.

"unsupported operand type(s) for /: 'NoneType' and 'float'" is raised in the probe's own lines,
which no student has seen. Only then the probe is called once more, on answers that are listened to,
and the sentence says which of them returned what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FunctionType, MethodType
from typing import Any

from ..language.probe import Answers, Inputs, Probe

Told = Callable[[str, Any], None]


def what_returned(probe: Probe, namespace: Mapping[str, Any], inputs: Inputs) -> str:
    """One sentence about the last thing that came back before the probe stopped; empty where
    nothing tells.
    """
    last: list[tuple[str, Any]] = []

    def told(name: str, returned: Any) -> None:
        last[:] = [(name, returned)]

    with suppress(Exception):
        probe.call(_Listened(namespace, told), inputs)
    return _sentence(*last[0]) if last else ""


def _sentence(name: str, returned: Any) -> str:
    if returned is None:
        return f"{name} returned None: is there a return?"
    if type(returned) is tuple:
        none = [k for k, one in enumerate(returned, start=1) if one is None]
        if none:
            return (
                f"{name} returned {len(returned)} values, and None as number {none[0]} of them: is "
                "it written?"
            )
        return f"{name} returned {len(returned)} values, which is not what was asked for."
    return f"{name} returned {_what(returned)}, which is not what was asked for."


def _what(returned: Any) -> str:
    kind = type(returned)
    shape = getattr(returned, "shape", None)
    if kind.__module__.partition(".")[0] in ("numpy", "torch") and shape is not None:
        return f"one array of shape {tuple(shape)}" if shape else "one number"
    return f"one {kind.__name__}"


class _Listened(Answers):
    """Answers whose functions, and the methods of whose objects, tell what they return."""

    def __init__(self, namespace: Mapping[str, Any], told: Told) -> None:
        super().__init__(namespace)
        self._told = told

    def __getattr__(self, name: str) -> Any:
        return _listened(name, super().__getattr__(name), self._told)


def _listened(name: str, thing: Any, told: Told) -> Any:
    if isinstance(thing, FunctionType | MethodType):

        def call(*arguments: Any, **named: Any) -> Any:
            returned = thing(*arguments, **named)
            told(name, returned)
            return returned

        return call
    if type(thing) is type and thing.__module__ != "builtins":
        return lambda *arguments, **named: _Object(name, thing(*arguments, **named), told)
    return thing


class _Object:
    """An object of a student's class; its methods are listened to."""

    def __init__(self, name: str, thing: Any, told: Told) -> None:
        self.__dict__.update(_name=name, _thing=thing, _told=told)

    def __getattr__(self, name: str) -> Any:
        return _listened(f"{self._name}.{name}", getattr(self._thing, name), self._told)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._thing, name, value)
