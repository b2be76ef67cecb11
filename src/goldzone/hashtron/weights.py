"""The reference's weight files, both ways: ``.json.zlib`` and the older ``.json.lzw``.

The text inside is the same: ``[``, newline, the neurons joined by comma and newline, ``]``, newline. A
neuron is ``[[s,m],...,"hex"]``: each salt XOR-ed with the salt before, each maximum after the first as
(the one before - this one), the filter in lower-case hex and left out when empty. The file does not name its
architecture; the reader must know it.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

from goldzone.errors import ModelFormatError
from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.hashing import LARGEST
from goldzone.hashtron.lzw import lzw_compress, lzw_decompress
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import Hashtron, Neuron
from goldzone.hashtron.quaternary import MAX_FILTER_BYTES
from goldzone.storage.files import read_bounded, write_atomically

__all__ = ["format_weights", "parse_weights", "read_weights", "text_limit", "write_weights"]

_TEXT_BYTES_PER_NEURON = 1 << 20
_SPACE = re.compile(rb"[ \t\r\n]*")
_NUMBER = re.compile(rb"-?[0-9]+")
_CANONICAL = re.compile(rb"0|-?[1-9][0-9]{0,9}")
_NOT_HEX = re.compile(rb"[^0-9a-f]")
_CHUNK = 1 << 16
_STEP = 512  # compressed bytes at a time: how exactly a damaged place is named


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
        If anything is damaged, oversized or of another size, naming the file and the place.
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
        Naming the neuron and the byte offset in the text.
    """
    return _Parser(text, name).neurons(n_neurons)


class _Parser:
    """One pass over the text; `_at` is the offset of the next byte, `_neuron` the number being read."""

    def __init__(self, text: bytes, name: str) -> None:
        self._text = text
        self._name = name
        self._at = 0
        self._neuron = 0

    def neurons(self, n_neurons: int) -> tuple[Hashtron, ...]:
        self._expect(b"[", "the opening bracket")
        found: list[Hashtron] = []
        for number in range(n_neurons):
            self._neuron = number
            if number:
                if self._peek() == b"]":
                    raise self._error(
                        f"the file ends after {number} neurons, the architecture has {n_neurons}"
                    )
                self._expect(b",", "a comma before the next neuron")
            found.append(self._hashtron())
            if number == 0 and found[0] == Hashtron():
                raise self._error("neuron 0 is empty, which the Go reader takes for a part of neuron 1")
        if self._peek() == b",":
            raise self._error(f"the file has more neurons than the architecture's {n_neurons}")
        self._expect(b"]", "the closing bracket")
        if self._peek():
            raise self._error("there is data after the closing bracket")
        return tuple(found)

    def _hashtron(self) -> Hashtron:
        self._expect(b"[", "a neuron")
        program: list[tuple[int, int]] = []
        if self._peek() == b"]":
            self._at += 1
            return Hashtron()
        while True:
            if self._peek() == b'"':
                filter_bytes = self._filter()
                self._expect(b"]", "the end of the neuron after its filter")
                return Hashtron(tuple(program), filter_bytes)
            program.append(self._row(*(program[-1] if program else (0, 0))))
            if self._peek() == b"]":
                self._at += 1
                return Hashtron(tuple(program))
            self._expect(b",", "a comma or the end of the neuron")

    def _row(self, salt_before: int, maximum_before: int) -> tuple[int, int]:
        self._expect(b"[", "a program row or a filter")
        salt = self._number() ^ salt_before
        self._expect(b",", "a comma inside the program row")
        self._peek()
        at = self._at
        shown = self._number(signed=maximum_before != 0)
        maximum = maximum_before - shown if maximum_before else shown
        if not 0 <= maximum <= LARGEST:
            self._at = at
            raise self._error(f"the row's maximum becomes {maximum}, outside 0..{LARGEST}")
        self._expect(b"]", "the end of a program row of two numbers")
        return salt, maximum

    def _number(self, *, signed: bool = False) -> int:
        self._peek()
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            raise self._error("expected an integer")
        digits = found.group()
        if len(digits) > 11 or not _CANONICAL.fullmatch(digits) or (digits[:1] == b"-" and not signed):
            raise self._error(f"expected a plain integer in 0..{LARGEST}")
        number = int(digits)
        if abs(number) > LARGEST:
            raise self._error(f"{number} is outside 0..{LARGEST}")
        self._at = found.end()
        return number

    def _filter(self) -> bytes:
        start = self._at + 1
        stop = self._text.find(b'"', start)
        if stop < 0:
            raise self._error("the filter has no closing quote")
        damaged = _NOT_HEX.search(self._text, start, stop)
        if damaged:
            self._at = damaged.start()
            raise self._error("the filter is not lower-case hex")
        if stop == start or (stop - start) % 2:
            raise self._error(f"the filter has {stop - start} hex digits, not a positive even number")
        if (stop - start) // 2 > MAX_FILTER_BYTES:
            raise self._error(f"the filter is larger than {MAX_FILTER_BYTES} bytes")
        self._at = stop + 1
        return bytes.fromhex(self._text[start:stop].decode("ascii"))

    def _peek(self) -> bytes:
        """Skip white space and return the next byte (none at the end)."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def _expect(self, byte: bytes, what: str) -> None:
        if self._peek() != byte:
            raise self._error(f"expected {what}")
        self._at += 1

    def _error(self, problem: str) -> ModelFormatError:
        found = self._text[self._at : self._at + 1]
        if not found:
            seen = "the text ends here"
        elif found[0] >= 0x80:
            seen = f"byte 0x{found[0]:02x} is not ASCII"
        else:
            seen = f"found {found.decode('ascii')!r}"
        return ModelFormatError(
            f"{self._name}: neuron {self._neuron}, byte {self._at} of the text: {problem} ({seen}); "
            "check the architecture or copy the file again"
        )
