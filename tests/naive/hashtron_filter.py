"""The hash and the quaternary filter, on plain Python integers, straight from their definitions."""

from __future__ import annotations

from functools import lru_cache

WORD = 0xFFFFFFFF


def naive_hash(n: int, salt: int, maximum: int) -> int:
    m = (n - salt) & WORD
    for distance in (2, 3, -5, -7, 11, 13, -17, 19):
        m ^= (m << distance) & WORD if distance > 0 else m >> -distance
    m = (m + salt) & WORD
    return (m * maximum) >> 32


def _rotated(x: int) -> int:
    return (x >> 1) | ((x & 1) << 31)


def naive_look_up(filter_bytes: bytes, key: int) -> int:
    if not filter_bytes:
        return key & 1
    cells = _cells(filter_bytes)
    for salt in range(64):
        state = cells[naive_hash(key, salt, len(cells))]
        if state == 0:
            return key & 1
        if state < 3:
            return state - 1
        key = _rotated(key)
    return 0


@lru_cache(maxsize=1024)  # a network asks its filters again and again
def _cells(filter_bytes: bytes) -> list[int]:
    return [(byte >> shift) & 3 for byte in filter_bytes for shift in (0, 2, 4, 6)]


def _insert(cells: list[int], key: int, value: int) -> int:
    changes = 0
    for salt in range(64):
        cell = naive_hash(key, salt, len(cells))
        if cells[cell] == 0:
            if value == key & 1:
                return changes
            cells[cell] = value + 1
            return changes + 1
        if cells[cell] == value + 1:
            return changes
        if cells[cell] != 3:
            cells[cell] = 3
            changes += 1
        key = _rotated(key)
    return changes + 1


def naive_build(pairs: dict[int, int]) -> bytes:
    if not pairs:
        return b""
    n_bytes = (3 + (3 * len(pairs) + 1) // 2) // 4
    limit = len(pairs)
    while True:
        cells = [0] * (4 * n_bytes)
        total = 0
        while total < limit:
            changes = sum(_insert(cells, key, value) for key, value in pairs.items())
            if changes == 0:
                quads = zip(*(iter(cells),) * 4, strict=True)
                return bytes(a | b << 2 | c << 4 | d << 6 for a, b, c, d in quads)
            total += changes
        n_bytes = (3 + (3 * 4 * n_bytes + 1) // 2) // 4
        limit = (3 * limit + 1) // 2
