"""Lempel-Ziv-Welch as Go's ``compress/lzw`` writes it: low bits first, 8-bit literals, codes of 9 to 12 bits.

Code 256 clears the table, 257 ends the stream. The width grows when the next free code no longer fits;
the encoder clears when the 12-bit codes run out, a decoder then merely stops adding.
"""

from __future__ import annotations

from goldzone.errors import ModelFormatError

__all__ = ["lzw_compress", "lzw_decompress"]

_CLEAR = 256
_END = 257
_FIRST_WIDTH = 9
_LAST_WIDTH = 12


class _BitWriter:
    """Codes of varying width, packed low bits first."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._bits = 0
        self._count = 0

    def write(self, code: int, width: int) -> None:
        self._bits |= code << self._count
        self._count += width
        while self._count >= 8:
            self.data.append(self._bits & 0xFF)
            self._bits >>= 8
            self._count -= 8

    def finish(self) -> bytes:
        if self._count:
            self.data.append(self._bits)
        return bytes(self.data)


def lzw_compress(data: bytes) -> bytes:
    """Compress a byte string."""
    writer = _BitWriter()
    width = _FIRST_WIDTH
    writer.write(_CLEAR, width)
    if not data:
        writer.write(_END, width)
        return writer.finish()
    table: dict[tuple[int, int], int] = {}
    highest = _END
    current = data[0]
    # One step past the data: its last string is written like all others, and may widen the end code.
    for literal in [*data[1:], None]:
        if literal is not None and (current, literal) in table:
            current = table[current, literal]
            continue
        writer.write(current, width)
        highest += 1
        if highest == 1 << width:
            width += 1
        if highest == (1 << _LAST_WIDTH) - 1:
            writer.write(_CLEAR, _LAST_WIDTH)
            table.clear()
            highest, width = _END, _FIRST_WIDTH
        elif literal is not None:
            table[current, literal] = highest
        if literal is not None:
            current = literal
    writer.write(_END, width)
    return writer.finish()


def lzw_decompress(data: bytes, max_bytes: int, name: str) -> bytes:
    """Decompress a byte string, never holding more than `max_bytes` of output.

    Parameters
    ----------
    data : bytes
        Exactly one stream.
    max_bytes : int
        Largest output to accept.
    name : str
        File name for messages.

    Raises
    ------
    ModelFormatError
        Naming the byte offset: an impossible code, no end code, data after the end, or too much output.
    """
    out = bytearray()
    table: list[bytes] = []
    previous = b""
    width, free = _FIRST_WIDTH, _END
    end = 0  # of the last code, in bits
    while True:
        bits = int.from_bytes(data[end >> 3 : (end >> 3) + 3], "little") >> (end & 7)
        code, end = bits & ((1 << width) - 1), end + width
        position = (end + 7) >> 3
        if position > len(data):
            raise ModelFormatError(
                f"{name}: LZW stream ends at byte {len(data)} without an end code; copy it again"
            )
        if code == _END:
            break
        if code == _CLEAR:
            table.clear()
            previous, width, free = b"", _FIRST_WIDTH, _END
            continue
        if code < _CLEAR:
            entry = bytes((code,))
        elif code - _END <= len(table):
            entry = table[code - _END - 1]
        elif code == free and previous:
            entry = previous + previous[:1]
        else:
            raise ModelFormatError(
                f"{name}: impossible LZW code {code} before byte {position}; the file is damaged"
            )
        if len(out) + len(entry) > max_bytes:
            raise ModelFormatError(
                f"{name}: unpacks to more than {max_bytes} bytes (at byte {position}); "
                "raise the limit if the file is genuine"
            )
        out += entry
        if previous:
            table.append(previous + entry[:1])
        previous = entry
        free += 1
        if free == 1 << width:
            if width == _LAST_WIDTH:
                previous, free = b"", free - 1
            else:
                width += 1
    if position < len(data) or data[-1] >> (end & 7 or 8):
        raise ModelFormatError(f"{name}: data after the end of the LZW stream at byte {position}; cut it off")
    return bytes(out)
