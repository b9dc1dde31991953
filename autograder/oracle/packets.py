"""What crosses between a notebook and the oracle: inputs as one frame of the wall, outputs as .npz
bytes.

``unpack_outputs`` reads what an enemy may have written: every size, name, dtype and shape is
checked before anything is decompressed, nothing is unpickled, and an array takes no more memory
than was allowed for all of them together."""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..language.probe import Inputs
from ..wall.wire.frames import LENGTHS, Malformed, pack, parse_header
from ..wall.wire.values import DTYPES, MAX_AXES, pack_inputs, plain, unpack_inputs

MAX_OUTPUT_BYTES = 8 << 20
"""Of one answer to a challenge, packed or unpacked."""
MAX_NPY_HEADER = 512
ENTRY = re.compile(r"(\d{1,3})/(.{1,100})\.npy", re.ASCII)
HEADER = re.compile(
    r"\{'descr': '([^']{2,4})', 'fortran_order': (False|True), 'shape': \(((?:\d{1,9}(?:, ?|(?=\))))*)\), ?\} *\n",
    re.ASCII,
)
"""As NumPy writes it. One way to match only: a header cannot make the search go round and round."""

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Challenge:
    """What a notebook is asked: situations by title, with their inputs. ``id`` comes back with the
    outputs.
    """

    id: str
    cases: Sequence[tuple[str, Inputs]]


def pack_challenge(cases: Sequence[tuple[str, Inputs]]) -> tuple[list[dict[str, Any]], bytes]:
    """The cases as trees and one payload."""
    trees: list[dict[str, Any]] = []
    payload = b""
    for title, inputs in cases:
        tree, part = pack_inputs(inputs)
        trees.append({"title": title, "inputs": tree, "bytes": len(part)})
        payload += part
    return trees, payload


def frame_challenge(id: str, trees: list[dict[str, Any]], payload: bytes) -> bytes:
    """A challenge as it is sent."""
    return pack({"challenge": id, "cases": trees}, payload)


def read_challenge(data: bytes) -> Challenge:
    """A challenge as it arrives in a notebook. Raises Malformed when it is none."""
    try:
        header, payload = LENGTHS.unpack_from(data)
        if len(data) != LENGTHS.size + header + payload:
            raise Malformed("a challenge of another length")
        stated = parse_header(data[LENGTHS.size : LENGTHS.size + header])
        cases: list[tuple[str, Inputs]] = []
        offset = LENGTHS.size + header
        for one in stated["cases"]:
            part = data[offset : offset + one["bytes"]]
            cases.append((str(one["title"]), unpack_inputs(one["inputs"], part)))
            offset += one["bytes"]
        return Challenge(str(stated["challenge"]), cases)
    except (struct.error, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Malformed("no challenge") from error


def pack_outputs(outputs: Sequence[Mapping[str, np.ndarray]]) -> bytes:
    """The outputs of every case as .npz: the entry ``2/dW`` is the output dW of the third case."""
    file = io.BytesIO()
    entries = {
        f"{k}/{name}": plain(array)
        for k, arrays in enumerate(outputs)
        for name, array in arrays.items()
    }
    np.savez(file, allow_pickle=False, **entries)
    return file.getvalue()


def unpack_outputs(
    data: bytes, cases: int, names: Sequence[str], most: int = MAX_OUTPUT_BYTES
) -> list[Arrays]:
    """Read .npz bytes as the outputs ``names`` of so many cases. Raises Malformed for anything
    else.
    """
    outputs: list[Arrays] = [{} for _ in range(cases)]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > cases * len(names):
                raise Malformed("more arrays than were asked for")
            if sum(entry.file_size for entry in entries) > most:
                raise Malformed(f"more than {most >> 20} MB of outputs")
            for entry in entries:
                k, name = _place(entry, cases, names)
                if name in outputs[k]:
                    raise Malformed("an array twice")
                outputs[k][name] = _array(archive, entry)
    except Malformed:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        struct.error,
        NotImplementedError,
    ) as error:
        raise Malformed("no .npz") from error
    except (RuntimeError, IndexError, KeyError, OverflowError, AttributeError, TypeError) as error:
        raise Malformed(
            "no .npz that can be read"
        ) from error  # zipfile on archives that nobody writes
    return outputs


def _place(entry: zipfile.ZipInfo, cases: int, names: Sequence[str]) -> tuple[int, str]:
    stated = ENTRY.fullmatch(entry.filename)
    if stated is None or int(stated[1]) >= cases or stated[2] not in names:
        raise Malformed("an array that nobody asked for")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
        raise Malformed("an array packed in a way that is not read")
    return int(stated[1]), stated[2]


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """One .npy: its header first, and no more bytes than the entry states."""
    with archive.open(entry) as file:
        start = file.read(10)
        if len(start) != 10 or start[:8] != b"\x93NUMPY\x01\x00":
            raise Malformed("no .npy of version 1")
        length = int.from_bytes(start[8:], "little")
        if length > MAX_NPY_HEADER:
            raise Malformed("a header too long")
        stated = HEADER.fullmatch(file.read(length).decode("latin-1"))
        dtype = DTYPES.get(stated[1]) if stated else None
        if stated is None or dtype is None:
            raise Malformed("an array of another kind")
        shape = tuple(int(size) for size in stated[3].replace(",", " ").split())
        size = math.prod(shape) * dtype.itemsize
        if len(shape) > MAX_AXES or size != entry.file_size - 10 - length:
            raise Malformed("an array without its bytes")
        raw = file.read(size)
        if len(raw) != size or file.read(1):
            raise Malformed("an array without its bytes")
    flat = np.frombuffer(raw, np.uint8) != 0 if dtype.kind == "b" else np.frombuffer(raw, dtype)
    return flat.reshape(shape, order="F" if stated[2] == "True" else "C")
