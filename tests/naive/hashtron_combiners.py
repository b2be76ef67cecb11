"""Combiners, one feature of one sample at a time, by loops over the bits that the definitions name."""

from __future__ import annotations

from math import prod

from goldzone.hashtron.combiners import (
    Combiner,
    Conv2D,
    CrossAttention,
    Full,
    MajPool2D,
    Parity,
    Stochastic,
    Sum,
)
from tests.naive.hashtron_filter import WORD, naive_hash


def naive_feature(combiner: Combiner, bits: list[int], n: int) -> int:  # noqa: PLR0911 - one per kind
    match combiner:
        case Full(stride=stride, width=width):
            window = bits[n * stride : n * stride + width]
            return _number(window) if len(window) == width else 0
        case MajPool2D():
            return _majpool(combiner, bits, n)
        case Conv2D(width=width, height=height, subwidth=subwidth, subheight=subheight):
            rows, columns = height - subheight + 1, width - subwidth + 1
            picture, inside = divmod(n, rows * columns)
            corner = picture * rows * columns + width * (inside // rows) + inside % columns
            return sum(bits[corner + width * i + j] for i in range(subheight) for j in range(subwidth))
        case CrossAttention(queries=True):
            return _query_feature(combiner, bits, n)
        case CrossAttention(dim=dim, masked=masked):
            head, position = divmod(n, dim)
            others = range(0 if n % 2 else 1, dim, 2)
            counted = [x for x in others if not masked or x // 2 <= position]
            return sum(bits[head * dim + x] and bits[n] for x in counted)
        case Parity():
            return sum(bits) % 2
        case Stochastic(width=width, seed=seed):
            return _number([bits[naive_hash(seed ^ n, bit, len(bits))] for bit in range(width)])
        case Sum(sizes=sizes, axis=axis):
            step = prod(sizes[:axis])
            return sum(bits[(n * sizes[axis] + j * step) % len(bits)] for j in range(sizes[axis]))
    raise AssertionError(combiner)


def _number(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2) & WORD


def _majpool(pool: MajPool2D, bits: list[int], n: int) -> int:
    block = pool.subwidth * pool.subheight
    blocks = pool.width * pool.height
    picture, inside = divmod(n, blocks * block)
    row, column = divmod(inside // block, pool.width)
    votes: list[int] = []
    for y in range(pool.capheight):
        for x in range(pool.capwidth):
            at_y = (row * pool.capheight + y) % pool.height
            at_x = (column * pool.capwidth + x) % pool.width
            start = (picture * blocks + at_y * pool.width + at_x) * block
            ones = sum(bits[start : start + block])
            votes.append(int(ones - (block - ones) > pool.bias))
    return _number(votes)


def _query_feature(attention: CrossAttention, bits: list[int], n: int) -> int:
    head, inside = divmod(n, 3 * attention.dim)
    count = 0
    for x in range(0, attention.dim, 3):
        if attention.masked and x > inside // 3 * 3:
            continue
        start = head * 3 * attention.dim + x
        query, key, value = bits[start : start + 3]
        count += [query and key and value, query and bits[n] == value, query and key and bits[n]][n % 3]
    return count
