"""What an answer returned, as data."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..language.probe import Absent
from ..language.transcript import Opaque
from ..language.verdict import ABSENT, Value

COUNTABLE = "biufc"


def value_of(returned: Any) -> Value:
    """Turn what an answer returned into data: numbers and exact ndarrays become arrays, all else is
    named by its type.
    """
    kind = type(returned)
    if kind is Absent:
        return Value(None, f"{ABSENT}{returned.why}"[:500])
    if kind is Opaque:
        return Value(returned.array if returned.is_value else None, returned.type_name)
    if kind is np.ndarray:
        return Value(
            returned.copy() if returned.dtype.kind in COUNTABLE else None, _dtype_name(returned)
        )
    if kind in (bool, int, float, complex) or isinstance(returned, np.generic):
        array = np.asarray(returned)
        return Value(array if array.dtype.kind in COUNTABLE else None, kind.__name__)
    if kind.__module__.partition(".")[0] == "torch" and hasattr(returned, "detach"):
        return Value(
            np.array(returned.detach().cpu().resolve_conj().resolve_neg().numpy()),
            f"torch.{kind.__name__}",
        )
    return Value(None, kind.__name__)


def _dtype_name(array: np.ndarray) -> str:
    return "ndarray" if array.dtype.kind in COUNTABLE else f"ndarray of dtype {array.dtype}"
