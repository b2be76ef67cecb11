"""Go's LZW, decoded through a string of binary digits and a dictionary of strings."""

from __future__ import annotations


def naive_lzw_codes(data: bytes) -> list[int]:
    """Return all codes of a stream, the end code last."""
    digits = "".join(f"{byte:08b}"[::-1] for byte in data)
    codes: list[int] = []
    free, width = 257, 9
    while not codes or codes[-1] != 257:
        code, digits = int(digits[:width][::-1], 2), digits[width:]
        codes.append(code)
        free += 1
        if code == 256:
            free, width = 257, 9
        elif free == 2**width:
            assert width < 12, "the encoder clears before this"
            width += 1
    return codes


def naive_lzw_decode(data: bytes) -> bytes:
    out = b""
    strings: dict[int, bytes] = {}
    previous = b""
    for code in naive_lzw_codes(data):
        if code in {256, 257}:
            strings, previous = {}, b""
            continue
        entry = bytes([code]) if code < 256 else strings.get(code, previous + previous[:1])
        out += entry
        if previous:
            strings[258 + len(strings)] = previous + entry[:1]
        previous = entry
    return out
