"""NumPy's SeedSequence, written out on Python integers, and a stream's entropy, from their definitions."""

from __future__ import annotations

import hashlib

MASK = 0xFFFFFFFF


def naive_stream(seed: int, path: tuple[int | str, ...], count: int) -> list[int]:
    entropy = [seed]
    for part in path:
        if isinstance(part, str):
            digest = hashlib.sha256(part.encode()).digest()
            entropy += [2, *(int.from_bytes(digest[at : at + 4], "little") for at in range(0, 32, 4))]
        else:
            entropy += [1, part % 2**32, part // 2**32]
    return generate(mix(entropy), count)


def mix(entropy: list[int]) -> list[int]:
    constant = 0x43B0D7E5

    def scramble(value: int) -> int:
        nonlocal constant
        value ^= constant
        constant = constant * 0x931E8875 & MASK
        value = value * constant & MASK
        return value ^ value >> 16

    def combine(one: int, other: int) -> int:
        result = (0xCA01F9DD * one - 0x4973F715 * other) & MASK
        return result ^ result >> 16

    pool = [scramble(entropy[i] if i < len(entropy) else 0) for i in range(4)]
    for source in range(4):
        for target in range(4):
            if source != target:
                pool[target] = combine(pool[target], scramble(pool[source]))
    for word in entropy[4:]:
        for target in range(4):
            pool[target] = combine(pool[target], scramble(word))
    return pool


def generate(pool: list[int], count: int) -> list[int]:
    constant = 0x8B51F9DD
    words = []
    for i in range(count):
        value = pool[i % 4] ^ constant
        constant = constant * 0x58F38DED & MASK
        value = value * constant & MASK
        words.append(value ^ value >> 16)
    return words
