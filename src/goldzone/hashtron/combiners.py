"""Combiners: how the bits of one layer become the features that the next layer reads.

Each combiner is a small frozen dataclass whose fields are the reference's constructor arguments. Where
the reference would panic on some feature, construction raises `ConfigError` instead. Formulas:
github.com/neurlang/classifier, one folder under ``layer/`` for each kind. Oddities are kept: bits must agree.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from functools import lru_cache
from math import prod
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.errors import ConfigError
from goldzone.hashtron.combiner_kernels import count_bits, majority, query_counts
from goldzone.hashtron.hashing import LARGEST, hash_values
from goldzone.hashtron.packing import Packing, packing_of

__all__ = ["Combiner", "Conv2D", "CrossAttention", "Full", "MajPool2D", "Parity", "Stochastic", "Sum"]

_MAX_SIZE = 1 << 24


class Combiner(ABC):
    """What all combiners share; `features_by_row` is the whole interface that a network needs."""

    unlimited: ClassVar[bool] = False
    """Whether features beyond `n_features` may be asked for."""

    @property
    def kind(self) -> str:
        """What messages call it."""
        return type(self).__name__.lower()

    @property
    def size(self) -> int:
        """Number of bits that it takes."""
        return self._shape()[0]

    @property
    def n_features(self) -> int:
        """Number of features that it gives by its own shape."""
        return self._shape()[1]

    @abstractmethod
    def _shape(self) -> tuple[int, int]:
        """Return (size, n_features)."""

    def features_by_row(self, rows: NDArray[np.uint8], count: int) -> NDArray[np.uint32]:
        """Compute the first `count` features of a batch.

        Parameters
        ----------
        rows : uint8[size, n_samples], C-contiguous
            0 or 1.
        count : int
            As `check_count` allows it.

        Returns
        -------
        uint32[count, n_samples]
        """
        self.check_count(count)
        return self._compute(rows, count)

    def check_count(self, count: int) -> None:
        """Raise `ConfigError` if `count` features cannot be had."""
        limit = _MAX_SIZE if self.unlimited else self.n_features
        if not 1 <= count <= limit:
            raise ConfigError(f"{self.kind} gives 1..{limit} features; asked for {count}")

    def disregard(self, bits: ArrayLike, position: int) -> NDArray[np.bool_]:
        """Tell for which samples bit `position` cannot change any feature.

        Parameters
        ----------
        bits : uint8[n_samples, size]

        Returns
        -------
        bool[n_samples]
            Only `MajPool2D` ever says True.
        """
        del position
        return np.zeros(np.shape(bits)[0], dtype=np.bool_)

    @abstractmethod
    def _compute(self, rows: NDArray[np.uint8], count: int) -> NDArray[np.uint32]:
        """Compute checked features: uint8[size, n_samples] -> uint32[count, n_samples]."""

    def _check_positive(self, *names: str, **most: int) -> None:
        for name, limit in (dict.fromkeys(names, _MAX_SIZE) | most).items():
            value = getattr(self, name)
            if not 1 <= value <= limit:
                raise ConfigError(f"{self.kind} {name} is {value}; give an integer in 1..{limit}")
        if self.size > _MAX_SIZE:
            raise ConfigError(f"{self.kind} would take {self.size} bits; at most {_MAX_SIZE} work")

    def _check_reach(self, highest: int) -> None:
        """Refuse a combiner whose features would read bit number `highest`, when there is no such bit."""
        if highest >= self.size:
            arguments = ", ".join(f"{f.name}={getattr(self, f.name)}" for f in fields(self))  # type: ignore[arg-type]
            raise ConfigError(
                f"{self.kind}({arguments}) would read bit {highest} of {self.size}; change its shape"
            )


def _count(rows: NDArray[np.uint8], table: NDArray[np.int64]) -> NDArray[np.uint32]:
    out = np.empty((table.shape[0], rows.shape[1]), dtype=np.uint32)
    count_bits(rows, table, out)
    return out


@dataclass(frozen=True)
class Full(Combiner):
    """Windows of bits packed into integers: feature n holds bits ``n * stride .. n * stride + width - 1``.

    The first bit is the highest. A window that would pass the end gives 0.
    """

    unlimited: ClassVar[bool] = True
    bits: int
    """Number of bits taken."""
    stride: int
    """1..255."""
    width: int
    """1..32."""

    def __post_init__(self) -> None:
        self._check_positive("bits", stride=255, width=32)

    def _shape(self) -> tuple[int, int]:
        return self.bits, self.bits // self.stride + 1

    def _compute(self, rows: NDArray[np.uint8], count: int) -> NDArray[np.uint32]:
        return _full_packing(self, count).pack(rows)


@lru_cache(maxsize=256)
def _full_packing(combiner: Full, count: int) -> Packing:
    starts = np.arange(count, dtype=np.int64)[:, None] * combiner.stride
    table = starts + np.arange(combiner.width, dtype=np.int64)
    return packing_of(np.where(starts + combiner.width > combiner.size, -1, table))


@dataclass(frozen=True)
class MajPool2D(Combiner):
    """Majority votes within small blocks, packed over windows of ``capwidth * capheight`` blocks.

    The bits form `repeat` pictures of ``width * height`` blocks of ``subwidth * subheight`` bits. A block
    votes 1 when (ones - zeros) > `bias`. Windows step by their own size per feature, wrap around the
    picture, and repeat for every bit of a block; the first block is the highest bit.
    """

    width: int
    height: int
    subwidth: int
    subheight: int
    capwidth: int
    capheight: int
    repeat: int = 1
    bias: int = 0

    def __post_init__(self) -> None:
        self._check_positive("width", "height", "subwidth", "subheight", "capwidth", "capheight", "repeat")
        if abs(self.bias) > _MAX_SIZE:
            raise ConfigError(f"majpool2d bias is {self.bias}; give an integer in +-{_MAX_SIZE}")

    @property
    def block(self) -> int:
        """Number of bits in a block."""
        return self.subwidth * self.subheight

    def _shape(self) -> tuple[int, int]:
        size = self.width * self.height * self.block * self.repeat
        return size, size

    def _compute(self, rows: NDArray[np.uint8], count: int) -> NDArray[np.uint32]:
        votes = np.empty((self.size // self.block, rows.shape[1]), dtype=np.uint8)
        majority(rows, self.block, self.bias, votes)
        return _majpool_packing(self, count).pack(votes)

    def disregard(self, bits: ArrayLike, position: int) -> NDArray[np.bool_]:
        """Tell where the block of bit `position` votes the same with either value of it."""
        start = position // self.block * self.block
        samples = np.asarray(bits)
        others = samples[:, start : start + self.block].sum(axis=1, dtype=np.int64) - samples[:, position]
        lead = 2 * others - (self.block - 1)
        same: NDArray[np.bool_] = (lead + 1 > self.bias) == (lead - 1 > self.bias)
        return same


@lru_cache(maxsize=256)
def _majpool_packing(combiner: MajPool2D, count: int) -> Packing:
    width, height = combiner.width, combiner.height
    picture = width * height
    number = np.arange(count, dtype=np.int64)
    first_block = number // (picture * combiner.block) * picture
    step = number % (picture * combiner.block) // combiner.block
    y = step[:, None] // width * combiner.capheight + np.arange(combiner.capheight)
    x = step[:, None] % width * combiner.capwidth + np.arange(combiner.capwidth)
    blocks = (y % height * width)[:, :, None] + (x % width)[:, None, :]
    return packing_of(np.ascontiguousarray(first_block[:, None] + blocks.reshape(count, -1)))


@dataclass(frozen=True)
class Conv2D(Combiner):
    """Counts of set bits in a ``subwidth * subheight`` window that slides over `repeat` pictures.

    The reference numbers a window's row by the picture's height, so that only square pictures slide as one
    would expect; where that reads past the end, construction fails.
    """

    width: int
    height: int
    subwidth: int
    subheight: int
    repeat: int = 1

    def __post_init__(self) -> None:
        self._check_positive("width", "height", "repeat", subwidth=self.width, subheight=self.height)
        self._check_reach(int(_conv_table(self, self.n_features).max()))

    def _shape(self) -> tuple[int, int]:
        windows = (self.width - self.subwidth + 1) * (self.height - self.subheight + 1)
        return self.width * self.height * self.repeat, windows * self.repeat

    def _compute(self, rows: NDArray[np.uint8], count: int) -> NDArray[np.uint32]:
        return _count(rows, _conv_table(self, count))


@lru_cache(maxsize=256)
def _conv_table(combiner: Conv2D, count: int) -> NDArray[np.int64]:
    rows = combiner.height - combiner.subheight + 1
    columns = combiner.width - combiner.subwidth + 1
    number = np.arange(count, dtype=np.int64)
    within = number % (rows * columns)
    # Both quotients are the reference's: the picture's offset counts windows, and the row divides by rows.
    start = number - within + combiner.width * (within // rows) + within % columns
    window = combiner.width * np.arange(combiner.subheight)[:, None] + np.arange(combiner.subwidth)
    return np.ascontiguousarray(start[:, None] + window.reshape(1, -1))


@dataclass(frozen=True)
class CrossAttention(Combiner):
    """Counts of agreeing bits within a head.

    Key/value mode: bits alternate; feature n counts the set bits of the other parity in its head if bit n
    is set. Query/key/value mode: bits come in threes (q, k, v); a query feature counts threes with all bits
    set, a key feature those with q set and v equal to bit n, a value feature those with q and k set, if bit
    n is set. Masked: positions after the feature's own do not count. The head of a query/key/value feature
    spans three times `dim` bits of which only the first `dim` are read: right for one head, kept for more.
    """

    dim: int
    heads: int
    """Takes ``dim * heads`` bits and gives as many features."""
    queries: bool = False
    """Query/key/value mode."""
    masked: bool = False

    def __post_init__(self) -> None:
        self._check_positive("dim", "heads")
        if self.queries:
            last_head = (self.size - 1) // (3 * self.dim) * 3 * self.dim
            self._check_reach(last_head + (self.dim - 1) // 3 * 3 + 2)
        elif self.dim == 1:
            raise ConfigError("crossattention dim is 1; keys and values need at least 2")

    def _shape(self) -> tuple[int, int]:
        return self.dim * self.heads, self.dim * self.heads

    def _compute(self, rows: NDArray[np.uint8], count: int) -> NDArray[np.uint32]:
        out = np.empty((count, rows.shape[1]), dtype=np.uint32)
        if self.queries:
            query_counts(rows, self.dim, self.masked, out)
        else:
            self._pair_features(rows, out)
        return out

    def _pair_features(self, rows: NDArray[np.uint8], out: NDArray[np.uint32]) -> None:
        for start in range(0, out.shape[0], self.dim):
            head = rows[start : start + self.dim]
            counts = [np.cumsum(head[parity::2], axis=0, dtype=np.uint32) for parity in (0, 1)]
            for n in range(start, min(start + self.dim, out.shape[0])):
                other = counts[(n & 1) ^ 1]
                last = min(n - start, other.shape[0] - 1) if self.masked else other.shape[0] - 1
                np.multiply(other[last], rows[n], out=out[n])


@dataclass(frozen=True)
class Parity(Combiner):
    """Every feature is the parity of all bits."""

    unlimited: ClassVar[bool] = True
    bits: int

    def __post_init__(self) -> None:
        self._check_positive("bits")

    def _shape(self) -> tuple[int, int]:
        return self.bits, self.bits

    def _compute(self, rows: NDArray[np.uint8], count: int) -> NDArray[np.uint32]:
        parity = np.bitwise_xor.reduce(rows, axis=0).astype(np.uint32)
        return np.repeat(parity[None, :], count, axis=0)


@dataclass(frozen=True)
class Stochastic(Combiner):
    """Bits chosen by hash, packed into integers ("sochastic" in the reference).

    Bit number p of feature n, counted from the highest, is bit ``hash(seed ^ n, p, size)``. The hash
    subtracts p, so features of neighbouring numbers are nearly the same choice, shifted by one bit.
    """

    unlimited: ClassVar[bool] = True
    bits: int
    """Number of bits taken."""
    width: int
    """Bits in a feature, 1..32."""
    seed: int = 0
    """Unsigned 32-bit."""

    def __post_init__(self) -> None:
        self._check_positive("bits", width=32)
        if not 0 <= self.seed <= LARGEST:
            raise ConfigError(f"stochastic seed is {self.seed}; give an integer in 0..{LARGEST}")

    def _shape(self) -> tuple[int, int]:
        return self.bits, self.bits

    def _compute(self, rows: NDArray[np.uint8], count: int) -> NDArray[np.uint32]:
        return _stochastic_packing(self, count).pack(rows)


@lru_cache(maxsize=256)
def _stochastic_packing(combiner: Stochastic, count: int) -> Packing:
    numbers = np.arange(count, dtype=np.uint32) ^ np.uint32(combiner.seed)
    columns = [hash_values(numbers, bit, combiner.size) for bit in range(combiner.width)]
    return packing_of(np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.int64))


@dataclass(frozen=True)
class Sum(Combiner):
    """Counts of set bits along one axis of a box of bits.

    Feature n counts bits ``(n * sizes[axis] + j * step) % size`` for j = 0 .. sizes[axis] - 1, where step is
    the product of the sizes before `axis`: a true sum over the axis for one dimension, the reference's
    strides for more.
    """

    unlimited: ClassVar[bool] = True
    sizes: tuple[int, ...]
    axis: int = 0

    def __post_init__(self) -> None:
        if not self.sizes or not all(1 <= size <= _MAX_SIZE for size in self.sizes):
            raise ConfigError(f"sum sizes are {self.sizes}; give at least one, each in 1..{_MAX_SIZE}")
        if not 0 <= self.axis < len(self.sizes):
            raise ConfigError(f"sum axis is {self.axis}; give one in 0..{len(self.sizes) - 1}")
        self._check_positive("size")

    def _shape(self) -> tuple[int, int]:
        return prod(self.sizes), prod(self.sizes) // self.sizes[self.axis]

    def _compute(self, rows: NDArray[np.uint8], count: int) -> NDArray[np.uint32]:
        return _count(rows, _sum_table(self, count))


@lru_cache(maxsize=256)
def _sum_table(combiner: Sum, count: int) -> NDArray[np.int64]:
    along = combiner.sizes[combiner.axis]
    step = prod(combiner.sizes[: combiner.axis])
    starts = np.arange(count, dtype=np.int64)[:, None] * along
    return (starts + np.arange(along, dtype=np.int64) * step) % combiner.size
