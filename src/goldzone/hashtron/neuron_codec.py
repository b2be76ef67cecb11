"""Single neurons as bytes, exactly: for state that is written while a network learns.

A neuron is a kind (one byte) and its content, all numbers little-endian. A bit table: uint32 salt, uint32
premodulo, uint32 length, and its ones as gaps (`goldzone.hashtron.committee.encode_tables`). A hashtron:
uint32 number of rows, each row uint32 salt and uint32 maximum, uint32 length, and its filter. A graded table:
as a bit table, and again uint32 length and its grades (`goldzone.hashtron.committee.encode_grades`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from goldzone.errors import ConfigError, ModelFormatError
from goldzone.hashtron.committee import decode_grades, decode_tables, encode_grades, encode_tables
from goldzone.hashtron.neuron import AnyNeuron, BitTable, GradedTable, Hashtron

__all__ = ["decode_neurons", "encode_neurons"]

_TABLE = 0
_HASHTRON = 1
_GRADED = 2
_PAIR = struct.Struct("<II")
_NUMBER = struct.Struct("<I")


def encode_neurons(neurons: Iterable[AnyNeuron]) -> bytes:
    """Write neurons one after the other."""
    return b"".join(_encode(neuron) for neuron in neurons)


def decode_neurons(data: bytes, name: str) -> tuple[AnyNeuron, ...]:
    """Read what `encode_neurons` wrote; `name` is what messages call it.

    Raises
    ------
    ModelFormatError
        The bytes are cut off or are no neurons.
    """
    reader, neurons = _Reader(data), []
    try:
        while reader.offset < len(data):
            (kind,) = reader.take(1)
            neurons.append(_READERS[kind](reader, name))
    except (KeyError, struct.error, EOFError, ConfigError) as error:
        raise ModelFormatError(
            f"{name}: is damaged at byte {reader.offset} ({error}); it cannot be used"
        ) from None
    return tuple(neurons)


def _encode(neuron: AnyNeuron) -> bytes:
    if isinstance(neuron, GradedTable):
        gaps, grades = encode_grades([neuron])
        head = bytes([_GRADED]) + _PAIR.pack(neuron.salt, neuron.premodulo)
        return head + b"".join(_NUMBER.pack(len(part)) + part for part in (gaps, grades))
    if isinstance(neuron, BitTable):
        kind, head, memory = _TABLE, _PAIR.pack(neuron.salt, neuron.premodulo), encode_tables([neuron])
    else:
        kind, memory = _HASHTRON, neuron.filter
        head = _NUMBER.pack(len(neuron.program)) + b"".join(_PAIR.pack(*row) for row in neuron.program)
    return bytes([kind]) + head + _NUMBER.pack(len(memory)) + memory


class _Reader:
    """Bytes, and how far they were read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.offset = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self.offset : self.offset + count]
        if len(taken) != count:
            raise EOFError("cut off")
        self.offset += count
        return taken

    def number(self) -> int:
        return int(_NUMBER.unpack(self.take(_NUMBER.size))[0])

    def pair(self) -> tuple[int, int]:
        first, second = _PAIR.unpack(self.take(_PAIR.size))
        return first, second


def _read_table(reader: _Reader, name: str) -> AnyNeuron:
    salt, premodulo = reader.pair()
    (table,) = decode_tables(reader.take(reader.number()), [salt], [premodulo], name)
    return table


def _read_hashtron(reader: _Reader, name: str) -> AnyNeuron:
    del name
    program = tuple(reader.pair() for _ in range(reader.number()))
    return Hashtron(program, reader.take(reader.number()))


def _read_graded(reader: _Reader, name: str) -> AnyNeuron:
    salt, premodulo = reader.pair()
    gaps, grades = (reader.take(reader.number()) for _ in range(2))
    (table,) = decode_grades(gaps, grades, [salt], [premodulo], name)
    return table


_READERS = {_TABLE: _read_table, _HASHTRON: _read_hashtron, _GRADED: _read_graded}
