from __future__ import annotations

import random
import struct

import pytest

from goldzone.errors import StateError
from goldzone.training.sums.cache import SumCache, SumRecord
from goldzone.training.sums.record import COLUMNS
from tests.training.sums.small_caches import filled, new_cache, record_of, sealed

KINDS = "HHdqIIfffffBI"
RECORD = (0, 1, 1.5, 5, 100, 1000, 0.5, 0.125, 0.25, 0.375, 4.0, 1, 0)


def body_of(
    *records: tuple[float, ...],
    kept: tuple[int, ...] = (1,),
    depth: int = 2,
    layers: tuple[int, ...] | None = None,
    identity: bytes = b"who",
    runs: tuple[bytes, ...] = ("é".encode(),),
    version: int = 2,
) -> bytes:
    """Write a snapshot by its description, without its digest."""
    layers = (len(kept),) if layers is None else layers
    head = struct.pack("<6sHIIIIQ", b"GZSUMS", version, depth, len(layers), len(runs), len(identity), 7)
    head += struct.pack(f"<{len(layers)}I", *layers) + identity
    for run in runs:
        head += struct.pack("<I", len(run)) + run
    head += struct.pack(f"<{len(kept)}I", *kept)
    columns = zip(KINDS, zip(*records, strict=True), strict=True) if records else ()
    return head + b"".join(struct.pack(f"<{len(records)}{kind}", *column) for kind, column in columns)


def changed(**values: float) -> tuple[float, ...]:
    return tuple(values.get(name, old) for name, old in zip((*COLUMNS, "serial"), RECORD, strict=True))


def test_the_layout_of_a_snapshot_is_fixed() -> None:
    data = sealed(body_of(RECORD))
    cache = SumCache.from_snapshot(data, "sums")
    assert cache.latest(1, 0) == SumRecord(1, 0, 0, 1, 1.5, 5, 100, 1000, 0.5, 0.125, 0.25, 0.375, 4.0)
    assert (cache.layers, cache.depth, cache.identity, cache.runs) == ((1,), 2, "who", ("é",))
    assert cache.snapshot() == data
    again = SumCache((1,), 2, identity="who")
    again.run_number("é")
    again.append(SumRecord(1, 0, 0, 1, 1.5, 5, 100, 1000, 0.5, 0.125, 0.25, 0.375, 4.0))
    assert again.snapshot() == sealed(body_of(RECORD).replace(struct.pack("<Q", 7), bytes(8)))


def test_the_same_records_give_the_same_bytes_whatever_was_forgotten() -> None:
    first, second = new_cache(), new_cache()
    for cache, forgotten in ((first, 0), (second, 9)):
        cache.append_batch([record_of(1, 1, sweep=9)] * forgotten)
        cache.append_batch([record_of(1, 0, sweep=sweep) for sweep in range(forgotten)])
        cache.prune_to_count(0)
        cache.append_batch([record_of(1, sweep % 3, sweep=sweep) for sweep in range(7)])
    assert first.snapshot() == second.snapshot()


def test_an_empty_cache_has_a_snapshot() -> None:
    assert len(SumCache.from_snapshot(SumCache((2, 1)).snapshot(), "sums")) == 0


IMPOSSIBLE = {
    "no such run": body_of(changed(run=1)),
    "S > N": body_of(changed(sum=101)),
    "S < -N": body_of(changed(sum=-101)),
    "S < -2**63 + 1": body_of(changed(sum=-(2**63))),
    "no samples": body_of(changed(sum=0, samples=0)),
    "no time": body_of(changed(time=float("nan"))),
    "a share above 1": body_of(changed(agreement=1.5)),
    "an infinite loss": body_of(changed(loss=float("inf"))),
    "neither accepted nor not": body_of(changed(accepted=2)),
    "no order": body_of(changed(serial=1)),
    "one place twice": body_of(RECORD, RECORD, kept=(1, 1)),
    "newest first": body_of(changed(serial=1), RECORD, kept=(2,)),
    "newest first, then another neuron": body_of(changed(serial=2), changed(serial=1), RECORD, kept=(1, 2)),
    "more than the depth": body_of(RECORD, changed(serial=1), kept=(2,), depth=1),
    "a depth of 0": body_of(depth=0, kept=(0,)),
    "a huge depth": body_of(RECORD, depth=2**32 - 1),
    "a layer of 0": body_of(RECORD, layers=(1, 0)),
    "no layers": body_of(layers=(), kept=()),
    "huge layers": body_of(RECORD, layers=(2**32 - 1, 2**32 - 1)),
    "fewer neurons than there are": body_of(RECORD, kept=(1, 0), layers=(1,)),
    "two runs of one name": body_of(RECORD, runs=(b"r", b"r")),
    "a name that is not UTF-8": body_of(RECORD, runs=(b"\xff",)),
    "an identity that is not UTF-8": body_of(RECORD, identity=b"\xff"),
    "a long name": body_of(RECORD, runs=(b"x" * 4097,)),
    "a byte more": body_of(RECORD) + b"\0",
    "a byte less": body_of(RECORD)[:-1],
    "another magic": b"GZSUM?" + body_of(RECORD)[6:],
    "a head only": body_of(RECORD)[:20],
    "nothing": b"",
}


@pytest.mark.parametrize("body", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_a_forged_snapshot_with_what_cannot_be_is_refused(body: bytes) -> None:
    with pytest.raises(StateError, match="sums: ") as caught:
        SumCache.from_snapshot(sealed(body), "sums")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("version", [1, 3])
def test_a_snapshot_of_another_version_is_not_called_damaged(version: int) -> None:
    with pytest.raises(StateError, match=f"sums: is of version {version}; this goldzone reads 2"):
        SumCache.from_snapshot(sealed(body_of(RECORD, version=version)), "sums")


def test_no_forged_snapshot_with_a_right_digest_breaks_the_reader() -> None:
    body = filled().snapshot()[:-32]
    rng = random.Random(11)
    for _ in range(1000):
        data = bytearray(body)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(rng.choice([64, len(data)]))] = rng.choice([0, 1, 127, 255])
        try:
            cache = SumCache.from_snapshot(sealed(bytes(data)), "sums")
        except StateError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert cache.snapshot() == sealed(bytes(data))
