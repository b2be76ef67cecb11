"""The reference's weight files, both ways: ``.json.zlib`` and the older ``.json.lzw``.

The text inside is the same: ``[``, newline, the neurons joined by comma and newline, ``]``, newline. A
neuron is ``[[s,m],...,"hex"]``: each salt XOR-ed with the salt before, each maximum after the first as
(the one before - this one), the filter in lower-case hex and left out when empty. The file does not name its
architecture; the reader must know it.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

from goldzone.errors import ConfigError, ModelFormatError
from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.lzw import lzw_compress, lzw_decompress
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import Hashtron, Neuron
from goldzone.storage.files import read_bounded, write_atomically

__all__ = ["format_weights", "parse_weights", "read_weights", "text_limit", "write_weights"]

_TEXT_BYTES_PER_NEURON = 1 << 20
_HEX = re.compile("(?:[0-9a-f]{2})+")
_CHUNK = 1 << 16
_STEP = 512  # compressed bytes at a time: how exactly damage is located


def text_limit(architecture: Architecture) -> int:
    """Return how many bytes of text a file may unpack to by default: one MiB for each neuron."""
    return architecture.n_neurons * _TEXT_BYTES_PER_NEURON


def write_weights(path: str | os.PathLike[str], network: Network) -> None:
    """Write a network's weights, atomically; the suffix (``.zlib`` or ``.lzw``) chooses the compression.

    Bit tables are written as the hashtrons that compute the same.

    Raises
    ------
    ModelFormatError
        If the suffix is another, the file cannot be written, or neuron 0 is empty.
    """
    text = format_weights(network.neurons)
    if _compression(path) == "zlib":
        write_atomically(path, zlib.compress(text))
    else:
        write_atomically(path, lzw_compress(text))


def read_weights(
    path: str | os.PathLike[str], architecture: Architecture, *, max_text_bytes: int | None = None
) -> Network:
    """Read a network's weights.

    Parameters
    ----------
    path : path
        A file ending in ``.zlib`` or ``.lzw``.
    architecture : Architecture
        What the file was trained for; it must have exactly as many neurons.
    max_text_bytes : int, optional
        Refuse to unpack more than this; default `text_limit`.

    Raises
    ------
    ModelFormatError
        If anything is damaged, oversized or of another size, naming the file and where.
    """
    limit = text_limit(architecture) if max_text_bytes is None else max_text_bytes
    name = str(path)
    compression = _compression(path)
    # Neither format can blow text up much: incompressible text grows by less than one half.
    data = read_bounded(path, limit + limit // 2 + 1024)
    text = _inflate(data, limit, name) if compression == "zlib" else lzw_decompress(data, limit, name)
    return Network(architecture, parse_weights(text, architecture.n_neurons, name))


def _compression(path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix
    if suffix not in {".zlib", ".lzw"}:
        raise ModelFormatError(
            f"{path}: unknown suffix {suffix!r}; weight files end in .json.zlib or .json.lzw"
        )
    return suffix[1:]


def _inflate(data: bytes, max_bytes: int, name: str) -> bytes:
    inflater = zlib.decompressobj()
    out = bytearray()
    position = 0
    while not inflater.eof:
        pending = inflater.unconsumed_tail
        if not pending:
            pending = data[position : position + _STEP]
            position += len(pending)
        try:
            chunk = inflater.decompress(pending, _CHUNK)
        except zlib.error as error:
            raise ModelFormatError(
                f"{name}: zlib stream is damaged before byte {position} ({error}); copy the file again"
            ) from None
        out += chunk
        if len(out) > max_bytes:
            raise ModelFormatError(
                f"{name}: unpacks to more than {max_bytes} bytes (before byte {position}); "
                "raise the limit if the file is genuine"
            )
        if not chunk and not pending and not inflater.eof:
            raise ModelFormatError(f"{name}: zlib stream is cut off at byte {position}; copy the file again")
    end = position - len(inflater.unused_data)
    if end < len(data):
        raise ModelFormatError(f"{name}: data after the end of the zlib stream at byte {end}; cut it off")
    return bytes(out)


def format_weights(neurons: Sequence[Neuron]) -> bytes:
    """Return the text of a weight file.

    Raises
    ------
    ModelFormatError
        If neuron 0 has neither program nor filter: the Go reader would give it the weights of neuron 1.
    """
    lines = [_format_neuron(neuron.to_hashtron()) for neuron in neurons]
    if lines and lines[0] == "[]":
        raise ModelFormatError(
            "weights of neuron 0 are empty; give it a program row, the Go reader needs one"
        )
    return ("[\n" + ",\n".join(lines) + "]\n").encode("ascii")


def _format_neuron(neuron: Hashtron) -> str:
    parts: list[str] = []
    salt_before = maximum_before = 0
    for salt, maximum in neuron.program:
        # A maximum after a 0 is written in full, as the first one is.
        shown = maximum_before - maximum if maximum_before else maximum
        parts.append(f"[{salt ^ salt_before},{shown}]")
        salt_before, maximum_before = salt, maximum
    if neuron.filter:
        parts.append(f'"{neuron.filter.hex()}"')
    return "[" + ",".join(parts) + "]"


def parse_weights(text: bytes, n_neurons: int, name: str) -> tuple[Hashtron, ...]:
    """Parse the text of a weight file.

    Parameters
    ----------
    text : bytes
    n_neurons : int
        How many neurons it must hold.
    name : str
        File name for messages.

    Raises
    ------
    ModelFormatError
        Naming the byte of the text, or the neuron.
    """
    advice = "check the architecture or copy the file again"
    try:
        entries = json.loads(text.decode("ascii"))
    except UnicodeDecodeError as error:
        raise ModelFormatError(f"{name}: byte {error.start} of the text is not ASCII; {advice}") from None
    except json.JSONDecodeError as error:
        problem = f"byte {error.pos} of the text: {error.msg}"
        raise ModelFormatError(f"{name}: {problem}; {advice}") from None
    except (ValueError, RecursionError):  # an integer of thousands of digits, thousands of brackets
        raise ModelFormatError(f"{name}: the text is no list of neurons; {advice}") from None
    if not isinstance(entries, list) or len(entries) != n_neurons:
        found = f"{len(entries)} neurons" if isinstance(entries, list) else "no list of neurons"
        raise ModelFormatError(f"{name}: holds {found}, the architecture has {n_neurons}; {advice}")
    neurons: list[Hashtron] = []
    for number, entry in enumerate(entries):
        try:
            neurons.append(_parse_neuron(entry))
        except (ConfigError, ValueError) as error:
            raise ModelFormatError(f"{name}: neuron {number}: {error}; {advice}") from None
    if neurons[:1] == [Hashtron()]:
        raise ModelFormatError(
            f"{name}: neuron 0 is empty, which the Go reader takes for a part of neuron 1; {advice}"
        )
    return tuple(neurons)


def _parse_neuron(entry: object) -> Hashtron:
    if not isinstance(entry, list):
        raise ValueError("is no list of program rows")
    rows, memory = (entry[:-1], entry[-1]) if entry and isinstance(entry[-1], str) else (entry, None)
    program: list[tuple[int, int]] = []
    salt = maximum = 0
    for row in rows:
        if not isinstance(row, list) or [type(number) for number in row] != [int, int]:
            raise ValueError(f"program row {len(program)} is not two integers")
        salt ^= row[0]
        maximum = maximum - row[1] if maximum else row[1]
        program.append((salt, maximum))
    if memory is not None and not _HEX.fullmatch(memory):
        raise ValueError("the filter is not lower-case hex, two digits a byte")
    return Hashtron(tuple(program), bytes.fromhex(memory or ""))
