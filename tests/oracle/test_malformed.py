"""A thousand malformed requests, bombs among them: nothing but 4xx, and not much memory."""

from __future__ import annotations

import io
import json
import pickle
import random
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.oracle.packets import MAX_OUTPUT_BYTES, pack_outputs, read_challenge, unpack_outputs
from autograder.wall.wire.frames import Malformed

from .conftest import PREFIX, Served

# --- bodies that are no outputs -------------------------------------------------------------------


def archive(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return file.getvalue()


def npy(array: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **options)
    return file.getvalue()


def header(text: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    words = text.encode("latin-1")
    length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(words))
    return b"\x93NUMPY" + version + length + words + data


GOOD = npy(np.arange(3.0))


class Evil:
    def __reduce__(self):
        return exec, ("raise SystemExit('unpickled')",)


def bomb(size: int) -> bytes:
    """Zeros that take a thousandth of their size."""
    shape = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({size // 8},), }}\n"
    return archive({"0/total.npy": header(shape, bytes(size))})


def lying_about_its_size() -> bytes:
    """64 MB that claim to be 100 bytes, in both places where a zip says so."""
    data = bomb(64 << 20)
    size = struct.pack("<I", len(header("")) + (64 << 20))
    true = next(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(data)).infolist())
    assert size
    return data.replace(struct.pack("<I", true), struct.pack("<I", 100))


def overlapping(count: int) -> bytes:
    """Many entries that are all the same bytes: a bomb without recursion."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = bytes(1 << 20)
    packed = kernel.compress(raw) + kernel.flush()
    crc = zlib.crc32(raw)
    local = (
        struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(packed), len(raw), 11, 0)
        + b"0/total.npy"
    )
    central = b""
    for k in range(count):
        name = f"{k}/total.npy".encode()
        central += struct.pack(
            "<4s6H3I5H2I",
            b"PK\1\2",
            20,
            20,
            0,
            8,
            0,
            0,
            crc,
            len(packed),
            len(raw),
            len(name),
            0,
            0,
            0,
            0,
            0,
            0,
        )
        central += name
    start = local + packed
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(central), len(start), 0)
    return start + central + end


def quine() -> bytes:
    """An archive in an archive in an archive."""
    data = bomb(1 << 20)
    for _ in range(6):
        data = archive({"0/total.npy": data})
    return data


PARENTHESES = "(" * 200 + ")" * 200
SHAPED = "{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}\n"
BODIES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"hello",
    "only an end": lambda: b"PK\5\6" + bytes(10),
    "truncated": lambda: pack_outputs([{"total": np.arange(9.0)}])[:-30],
    "a bomb": lambda: bomb(512 << 20),
    "a bomb just too large": lambda: bomb(MAX_OUTPUT_BYTES),
    "a bomb that lies": lying_about_its_size,
    "overlapping entries": lambda: overlapping(2),
    "ten thousand overlapping entries": lambda: overlapping(10_000),
    "archives in archives": quine,
    "a pickle": lambda: pickle.dumps(Evil()),
    "a pickle in an array": lambda: archive(
        {"0/total.npy": npy(np.array([Evil()], object), allow_pickle=True)}
    ),
    "a pickle beside": lambda: archive({"0/total.npy": GOOD, "0/total.pkl": pickle.dumps(Evil())}),
    "names that climb": lambda: archive({"../../0/total.npy": GOOD}),
    "an absolute name": lambda: archive({"/0/total.npy": GOOD}),
    "a case that is none": lambda: archive({"7/total.npy": GOOD}),
    "a negative case": lambda: archive({"-1/total.npy": GOOD}),
    "a case in other digits": lambda: archive({"\u0660/total.npy": GOOD}),
    "an output that is none": lambda: archive({"0/other.npy": GOOD}),
    "an entry twice": lambda: archive({"0/total.npy": GOOD, "00/total.npy": GOOD}),
    "too many entries": lambda: archive({f"{k:03}/total.npy": GOOD for k in range(500)}),
    "bzip2": lambda: archive({"0/total.npy": GOOD}, zipfile.ZIP_BZIP2),
    "lzma": lambda: archive({"0/total.npy": GOOD}, zipfile.ZIP_LZMA),
    "no array": lambda: archive({"0/total.npy": b"total"}),
    "an empty array file": lambda: archive({"0/total.npy": b""}),
    "version 2": lambda: archive(
        {"0/total.npy": header(SHAPED.format("<f8", "()"), bytes(8), b"\x02\x00")}
    ),
    "an endless header": lambda: archive(
        {"0/total.npy": b"\x93NUMPY\x01\x00\xff\xff" + b" " * 65535}
    ),
    "code as a header": lambda: archive(
        {"0/total.npy": header("__import__('os').abort()\n", bytes(8))}
    ),
    "parentheses": lambda: archive(
        {"0/total.npy": header(SHAPED.format("<f8", PARENTHESES), bytes(8))}
    ),
    "digits": lambda: archive(
        {"0/total.npy": header(SHAPED.format("<f8", "(" + "1" * 400 + "x)"), bytes(8))}
    ),
    "a negative shape": lambda: archive(
        {"0/total.npy": header(SHAPED.format("<f8", "(-1,)"), bytes(8))}
    ),
    "an enormous shape": lambda: archive(
        {"0/total.npy": header(SHAPED.format("<f8", "(999999999,)"), bytes(8))}
    ),
    "a shape that overflows": lambda: archive(
        {"0/total.npy": header(SHAPED.format("<f8", "(" + "999999999, " * 9 + ")"), bytes(8))}
    ),
    "too many axes": lambda: archive(
        {"0/total.npy": header(SHAPED.format("<f8", "(" + "1, " * 40 + ")"), bytes(8))}
    ),
    "bytes too few": lambda: archive(
        {"0/total.npy": header(SHAPED.format("<f8", "(3,)"), bytes(8))}
    ),
    "bytes too many": lambda: archive(
        {"0/total.npy": header(SHAPED.format("<f8", "(3,)"), bytes(800))}
    ),
    "objects": lambda: archive({"0/total.npy": header(SHAPED.format("|O", "(1,)"), bytes(8))}),
    "structured": lambda: archive({"0/total.npy": npy(np.zeros(2, "i4,f8"))}),
    "strings": lambda: archive({"0/total.npy": npy(np.array(["a"]))}),
    "dates": lambda: archive({"0/total.npy": npy(np.zeros(1, "M8[s]"))}),
    "long doubles": lambda: archive({"0/total.npy": npy(np.zeros(1, np.longdouble))}),
    "big endian": lambda: archive({"0/total.npy": npy(np.zeros(1, ">f8"))}),
    "a wrong checksum": lambda: _with_a_wrong_checksum(),
    "encrypted": lambda: _encrypted(),
}


def _with_a_wrong_checksum() -> bytes:
    data = archive({"0/total.npy": GOOD}, zipfile.ZIP_STORED)
    crc = struct.pack("<I", zlib.crc32(GOOD))
    return data.replace(crc, b"\1\2\3\4")


def _encrypted() -> bytes:
    data = bytearray(archive({"0/total.npy": GOOD}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize("body", BODIES)
def test_no_outputs(tiny_oracle: Served, body: str):
    before = tiny_oracle.peak_memory()
    challenge = tiny_oracle.challenge("row_sums")
    status, words = tiny_oracle.request(
        "POST", f"challenges/{challenge.id}/outputs", BODIES[body]()
    )
    assert status == 422, words
    assert tiny_oracle.peak_memory() - before < 64 << 20


def test_a_body_without_end_is_cut_off(tiny_oracle: Served):
    before = tiny_oracle.peak_memory()
    challenge = tiny_oracle.challenge("row_sums")
    status = _raw(
        tiny_oracle,
        f"POST {PREFIX}challenges/{challenge.id}/outputs HTTP/1.1",
        "Transfer-Encoding: chunked",
        body=(b"100000\r\n" + bytes(1 << 20) + b"\r\n" for _ in range(400)),
    )
    assert status == 413
    assert tiny_oracle.peak_memory() - before < 64 << 20


def test_a_stated_length_is_not_believed(tiny_oracle: Served):
    for length in ("-1", "1e9", "99999999999999999999", "abc", "0x10"):
        status = _raw(tiny_oracle, f"POST {PREFIX}challenges HTTP/1.1", f"Content-Length: {length}")
        assert 400 <= (status or 400) < 500, length


def _raw(served: Served, first: str, *headers: str, body=(b"",), token: bool = True) -> int | None:
    """Bytes on the wire. The status of the answer; None when the server hung up without one."""
    lines = [
        first,
        "Host: x",
        *(["Authorization: token token-of-ada"] if token else []),
        *headers,
        "",
        "",
    ]
    with socket.create_connection(("127.0.0.1", served.port), timeout=60) as sock:
        try:
            sock.sendall("\r\n".join(lines).encode("latin-1"))
            for part in body:
                sock.sendall(part)
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has heard enough; what it said is still there to be read
        try:
            answer = sock.recv(4096)
        except ConnectionResetError:
            return None
    return int(answer.split()[1]) if answer.startswith(b"HTTP/") else None


# --- a thousand of every kind ---------------------------------------------------------------------

PATHS = [
    "challenges",
    "challenges/",
    "challenges/x/outputs",
    "challenges/%00/outputs",
    "challenges/%ff%fe/outputs",
    "challenges/../challenges",
    "challenges//outputs",
    "nothing",
    "?x=1",
    "challenges/" + "a" * 3000 + "/outputs",
    "%2e%2e%2f%2e%2e%2fsolutions",
]
VALUES = [
    "tiny",
    "row_sums",
    "",
    "x" * 5000,
    "\0",
    "../..",
    "💥",
    "\ud800",
    1,
    -1,
    1e308,
    None,
    True,
    [],
    {},
    [[]],
    {"a": 1},
]
LINES = [
    "GET",
    "\0\1\2",
    "POST / HTTP/9.9",
    "PRI * HTTP/2.0",
    "x" * 20_000,
    "GET http://[ HTTP/1.1",
]
NAMES = ["assignment", "exercise", "seed", "", "__proto__", "assignment\0"]


def json_body(dice: random.Random) -> bytes:
    """Something like a question: never a right one."""
    kind = dice.randrange(7)
    if kind == 0:
        return b"[" * dice.choice([10, 1000, 100_000])
    if kind == 1:
        return dice.randbytes(dice.choice([1, 40, 3000]))
    if kind == 2:
        return json.dumps(dice.choice(VALUES)).encode()
    if kind == 3:
        return b'{"assignment": ' + b"9" * dice.choice([5, 1500]) + b', "exercise": "row_sums"}'
    if kind == 4:
        return b'{"assignment": "tiny", "exercise": "row_sums"}'[: dice.randrange(45)]
    if kind == 5:
        return json.dumps({"assignment": "tiny", "exercise": "row_sums"}).encode("utf-16")
    asked = {dice.choice(NAMES): dice.choice(VALUES) for _ in range(dice.randrange(4))}
    asked.pop("assignment" if dice.random() < 0.5 else "exercise", None)
    return json.dumps(asked).encode()


def broken_npz(dice: random.Random) -> bytes:
    """The right bytes with a few wrong ones, or too few, or twice: never what it was."""
    data = bytearray(pack_outputs([{"total": np.arange(5.0)}, {"total": np.arange(3.0)}]))
    kind = dice.randrange(4)
    if kind == 0:
        return bytes(data[: dice.randrange(len(data))])
    if kind == 1:
        place = dice.randrange(len(data) - 40)
        return bytes(data[:place] + dice.randbytes(40) + data[place + 40 :])
    if kind == 2:
        return dice.randbytes(dice.choice([0, 4, 30, 1000]))
    return BODIES[dice.choice([name for name in BODIES if "bomb" not in name])]()


@pytest.mark.integration
def test_a_thousand_malformed_requests(tiny_oracle: Served):
    dice = random.Random(20)
    before = tiny_oracle.peak_memory()
    seen: dict[int | None, int] = {}
    for number in range(1000):
        user = f"fuzzer{number // 200}"  # five users: nobody's allowance is what refuses
        kind = number % 5
        if kind == 0:
            status, _ = tiny_oracle.request("POST", "challenges", json_body(dice), user)
        elif kind == 1:
            challenge = tiny_oracle.challenge("row_sums", user=f"asker{number // 200}")
            path = f"challenges/{challenge.id}/outputs"
            status, words = tiny_oracle.request(
                "POST", path, broken_npz(dice), f"asker{number // 200}"
            )
            if (
                status == 200
            ):  # a changed byte of the numbers themselves is a wrong answer, and no malformed one
                assert json.loads(words)["findings"][0]["passed"] is False
                continue
        elif kind == 2:
            method = dice.choice(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"])
            path = dice.choice(PATHS[1:])
            status, _ = tiny_oracle.request(method, path, b"x" * dice.choice([0, 10, 9000]), user)
            assert (status == 200) == (method == "GET" and path == "?x=1"), (method, path, status)
            if status == 200:
                continue
        elif kind == 3:
            token = dice.choice(
                [
                    "",
                    "token",
                    "token \x7f",
                    "token " + "a" * 9000,
                    "basic YWRh",
                    "token ../..",
                    "token %",
                ]
            )
            status, _ = tiny_oracle.request("POST", "challenges", b"{}", Authorization=token)
        else:
            line = dice.choice(
                [
                    "GET",
                    "\0\1\2",
                    "POST / HTTP/9.9",
                    "PRI * HTTP/2.0",
                    "x" * 20_000,
                    "GET http://[ HTTP/1.1",
                ]
            )
            status = _raw(
                tiny_oracle,
                line,
                dice.choice(["X", ": y", "A: " + "b" * 30_000, "Content-Length: 5"]),
                token=False,
            )
        assert status is None or 400 <= status < 500, (number, kind, status)
        seen[status] = seen.get(status, 0) + 1
    assert seen.get(422, 0) > 250, seen
    assert seen.get(429, 0) < 20, seen
    assert tiny_oracle.peak_memory() - before < 64 << 20
    findings, _ = tiny_oracle.ask("row_sums", lambda name, array: array, user="afterwards")
    assert findings[0]["passed"] is True


# --- the readers themselves -----------------------------------------------------------------------


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_bytes_are_no_outputs_and_no_challenge(data: bytes):
    with pytest.raises(Malformed):
        unpack_outputs(data, 2, ["total"])
    with pytest.raises(Malformed):
        read_challenge(data)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 5), max_size=4),
    st.sampled_from(["?", "i1", "<i8", "u1", "<f2", "<f4", "<f8", "<c16"]),
    st.booleans(),
)
def test_outputs_cross_as_they_are(shape: list[int], dtype: str, fortran: bool):
    array = (np.random.default_rng(0).standard_normal(shape) * 9).astype(dtype)
    if fortran:
        array = np.asfortranarray(array)
    ((back,), empty) = (
        unpack_outputs(pack_outputs([{"total": array}, {}]), 2, ["total"])[0].items(),
        None,
    )
    assert empty is None
    name, found = back
    assert name == "total"
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
