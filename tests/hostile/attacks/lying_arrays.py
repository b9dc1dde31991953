"""Arrays that are not what they say."""

# ruff: noqa: E501 (what attackers write is kept whole)

from __future__ import annotations

import io
import zipfile

from courses.course import HALF_SQUARE

from ..attack import Attack, src, summing
from .forging import answering


def rows(expression: str, before: str = "") -> dict[str, str]:
    """half_square honestly (6 points), and row_sums as ``expression`` of ``total``, the right sums."""
    return {
        "half_square": HALF_SQUARE,
        "row_sums": f"{before}def row_sums(x):\n    total = x.sum(axis=1)\n    return {expression}\n",
    }


def _bomb() -> bytes:
    """An .npz of a few kilobytes that unpacks to 64 MB and says that it holds a terabyte."""
    header = (
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (137438953472,), }".ljust(117)
        + b"\n"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("total.npy", header + bytes(64 << 20))
    return file.getvalue()


LYING = """
class Lying(np.ndarray):
    def __eq__(self, other): return np.array(True)
    def __array_function__(self, *a, **k): return True
    def __array_ufunc__(self, *a, **k): return 0.0
    def tobytes(self, *a): return b'0' * 8
    def __reduce__(self): return (print, ('unpickled',))
"""

LYING_ARRAYS = [
    Attack(
        "subclass",
        "returns a subclass of ndarray that says yes to everything",
        6,
        answers=rows("np.zeros(len(x)).view(Lying)", LYING),
        says="Lying",
        slow=True,
    ),
    Attack(
        "subclass_right",
        "returns the right numbers in a subclass",
        6,
        answers=rows("total.view(np.recarray)"),
        says="recarray",
        slow=True,
    ),
    Attack(
        "masked",
        "hides its errors behind a mask",
        6,
        answers=rows("np.ma.masked_array(total * 0, mask=True)"),
        says="MaskedArray",
        slow=True,
    ),
    Attack(
        "matrix", "returns a matrix", 6, answers=rows("np.matrix(total)"), says="matrix", slow=True
    ),
    Attack(
        "object_dtype",
        "returns an array of objects",
        6,
        answers=rows("np.array([object() for _ in x])"),
        says="object",
    ),
    Attack(
        "structured_dtype",
        "returns a structured array",
        6,
        answers=rows("np.zeros(len(x), [('a', 'f8'), ('b', 'O')])"),
        says="dtype",
    ),
    Attack(
        "array_protocol",
        "returns an object with __array__",
        6,
        answers=rows(
            "Wish(total)",
            src(
                """
                class Wish:
                    def __init__(self, a): self.a = a
                    def __array__(self, *a, **k): return self.a
                """
            ),
        ),
        says="Wish",
        slow=True,
    ),
    Attack(
        "array_interface",
        "returns an object whose buffer points anywhere",
        6,
        answers=rows(
            "Wish()",
            src(
                """
                class Wish:
                    __array_interface__ = {'shape': (9,), 'typestr': '<f8', 'data': (1, False), 'version': 3}
                """
            ),
        ),
        says="Wish",
        slow=True,
    ),
    Attack(
        "buffer_anywhere",
        "returns an exact array whose memory is nowhere",
        6,
        answers=rows(
            "np.ctypeslib.as_array(ctypes.cast(8, ctypes.POINTER(ctypes.c_double)), (len(x),))",
            "import ctypes\n",
        ),
        says="Python process",
    ),
    Attack(
        "zero_strides",
        "returns one number that says it is a terabyte",
        6,
        answers=rows("np.lib.stride_tricks.as_strided(np.zeros(1), (1 << 37,), (0,))"),
        says="row_sums",
    ),
    Attack(
        "memory_mapped",
        "returns a memory-mapped file",
        6,
        answers=rows("kept")
        | {
            "row_sums": "def row_sums(x):\n    kept = np.memmap('file', 'f8', 'w+', shape=(len(x),))\n    kept[:] = x.sum(axis=1)\n    return kept\n"
        },
        says="memmap",
    ),
    Attack(
        "compressed_bomb",
        "hands in a compressed bomb and answers from it",
        6,
        answers=rows("np.load('total.npz')['total'][: len(x)]"),
        files={"total.npz": _bomb()},
        says="row_sums",
    ),
    Attack(
        "pickled",
        "hands in a pickle that runs code in whoever loads it",
        6,
        answers=rows("np.load('total.npy', allow_pickle=True)"),
        files={
            "total.npy": b"\x93NUMPY\x01\x00v\x00"
            + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117)
            + b"\ncos\nsystem\n(S'touch {course}/{mark}'\ntR."
        },
        says="row_sums",
    ),
    Attack(
        "infinities",
        "returns infinities",
        7,  # of the right signs, without a loop
        answers=rows("total * np.inf"),
        says="row_sums",
        slow=True,
    ),
    Attack(
        "strings",
        "returns numbers as text",
        6,
        answers=rows("total.astype(str)"),
        says="dtype",
        slow=True,
    ),
    Attack("list", "returns a list", 6, answers=rows("total.tolist()"), says="list", slow=True),
    Attack(
        "big_endian",
        "returns the right numbers, bytes the other way round",
        10,
        answers=rows("total.astype('>f8')"),
        slow=True,
    ),
    Attack(
        "long_double",
        "returns the right numbers in extended precision",
        10,
        answers=rows("total.astype(np.longdouble)"),
        slow=True,
    ),
    Attack(
        "backwards",
        "returns the right numbers as a reversed, read-only view",
        10,
        answers=rows("view", "")
        | {
            "row_sums": "def row_sums(x):\n    view = x.sum(axis=1)[::-1].copy()[::-1]\n    view.flags.writeable = False\n    return view\n"
        },
        slow=True,
    ),
    Attack(
        "its_input",
        "returns its input, and empties it",
        6.5,
        answers=rows("x.T[0]")
        | {"row_sums": "def row_sums(x):\n    x[...] = 0\n    return x[:, 0]\n"},
        says="row_sums",
    ),
    Attack(
        "float_that_copies",
        "returns numbers whose copies are something else",
        5,
        answers=answering(
            src("""
    class Number(np.float64):
        def copy(self, *a): return object()
        def __float__(self): return 1e9
        def __array__(self, *a, **k): return np.zeros(3)
    def half_square(x, w): return Number(0.5), np.zeros_like(w)
    """)
        ),
    ),
    Attack(
        "answer_of_the_record",
        "puts the grader's own classes into its answer",
        4,
        answers=answering(
            src("""
    def half_square(x, w):
        from autograder.language.transcript import Opaque
        return Opaque('ndarray', np.zeros(1), is_value=True), Opaque('ndarray', np.zeros_like(w), is_value=True)
    """)
        ),
    ),
    Attack(
        "held_elsewhere",
        "returns what it was never handed, by its place",
        6,
        answers=summing("""
    import sys
    def row_sums(x):
        from autograder.language.transcript import Argument
        return Argument(7)
    """),
    ),
    Attack(
        "coroutine",
        "answers some other time",
        6,
        answers=summing("""
    async def row_sums(x): return x.sum(axis=1)
    """),
    ),
    Attack(
        "list_in_itself",
        "returns a list that holds itself",
        6,
        answers=summing("""
    def row_sums(x):
        own = []
        own += [own, own, own]
        return own
    """),
        slow=True,
    ),
    Attack(
        "wide_answer",
        "returns a million small things",
        6,
        answers=summing("""
    def row_sums(x): return [[float(k), (k,)] for k in range(1_000_000)]
    """),
        slow=True,
    ),
    Attack(
        "endless_dict",
        "returns a dict that never ends",
        6,
        answers=summing("""
    class Endless(dict):
        def items(self):
            while True: yield 1, 2
    def row_sums(x): return Endless(a=1)
    """),
        slow=True,
    ),
    Attack(
        "endless_generator",
        "yields for ever",
        6,
        answers=summing("""
    def row_sums(x):
        while True: yield x
    """),
        slow=True,
    ),
]
