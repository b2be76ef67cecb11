from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goldzone.errors import StateError
from goldzone.storage.sealed import DamagedError, seal, unseal
from goldzone.training.sums.cache import SumCache, SumRecord
from tests.naive.training_sum_cache import comparable
from tests.training.sums.small_caches import LAYERS, filled, new_cache, record_of

MAGIC = b"GZSUMSNP"
RECORD = {
    "neuron": 0,
    "run": 0,
    "sweep": 1,
    "time": 1.5,
    "sum": 5,
    "samples": 100,
    "premodulo": 1000,
    "duration_seconds": 0.5,
    "agreement": 0.125,
    "train_accuracy": 0.25,
    "dev_accuracy": 0.375,
    "loss": 4.0,
    "accepted": 1,
}
DTYPES = dict(
    zip(RECORD, ("<u4", "<u2", "<u2", "<f8", "<i8", "<u4", "<u4", *["<f4"] * 5, "<u1"), strict=True)
)
HEADER = {"layers": [1], "depth": 2, "identity": "who", "generation": 7, "runs": ["é"]}


def written(*records: dict[str, float], header: dict[str, Any] | None = None, version: int = 3) -> bytes:
    """Write a snapshot by its description."""
    parts = {
        name: np.array([record[name] for record in records], dtype).tobytes()
        for name, dtype in DTYPES.items()
    }
    return seal(MAGIC, version, HEADER | (header or {}), parts)


def resealed(body: bytes) -> bytes:
    return body + hashlib.sha256(body).digest()


def test_the_layout_of_a_snapshot_is_fixed() -> None:
    data = written(RECORD)
    cache = SumCache.from_snapshot(data, "sums")
    record = SumRecord(1, 0, 0, 1, 1.5, 5, 100, 1000, 0.5, 0.125, 0.25, 0.375, 4.0)
    assert cache.history(1, 0) == (record,)
    assert (cache.layers, cache.depth, cache.identity, cache.runs) == ((1,), 2, "who", ("é",))
    assert cache.snapshot(7) == data
    again = SumCache((1,), 2, identity="who")
    again.run_number("é")
    again.append(record)
    assert again.snapshot(7) == data


def test_the_same_records_give_the_same_bytes_whatever_was_forgotten() -> None:
    first, second = new_cache(depth=2), new_cache(depth=2)
    second.append(*[record_of(1, position, sweep=9) for position in (1, 0, 2, 1)])
    for cache in (first, second):
        cache.append(*[record_of(1, sweep % 3, sweep=sweep) for sweep in range(7)])
    assert first.snapshot() == second.snapshot()


def test_an_empty_cache_has_a_snapshot() -> None:
    assert len(SumCache.from_snapshot(SumCache((2, 1)).snapshot(), "sums")) == 0


IMPOSSIBLE = {
    "no such run": written(RECORD | {"run": 1}),
    "no such neuron": written(RECORD | {"neuron": 1}),
    "S > N": written(RECORD | {"sum": 101}),
    "S < -N": written(RECORD | {"sum": -101}),
    "S < -2**63 + 1": written(RECORD | {"sum": -(2**63)}),
    "no samples": written(RECORD | {"sum": 0, "samples": 0}),
    "no time": written(RECORD | {"time": math.nan}),
    "a share above 1": written(RECORD | {"agreement": 1.5}),
    "an infinite loss": written(RECORD | {"loss": math.inf}),
    "neither accepted nor not": written(RECORD | {"accepted": 2}),
    "more than the depth": written(RECORD, RECORD, RECORD),
    "a depth of 0": written(header={"depth": 0}),
    "a huge depth": written(RECORD, header={"depth": 2**40}),
    "a depth that is no number": written(RECORD, header={"depth": "2"}),
    "a layer of 0": written(RECORD, header={"layers": [1, 0]}),
    "half a neuron": written(RECORD, header={"layers": [1.5]}),
    "no layers": written(header={"layers": []}),
    "huge layers": written(RECORD, header={"layers": [2**70]}),
    "layers in a dictionary": written(RECORD, header={"layers": {"1": 1}}),
    "two runs of one name": written(RECORD, header={"runs": ["r", "r"]}),
    "a run without a name": written(RECORD, header={"runs": [None]}),
    "an identity that is no text": written(RECORD, header={"identity": 3}),
    "a generation that is no number": written(RECORD, header={"generation": "7"}),
    "something more in the header": written(RECORD, header={"more": 1}),
    "no parts": seal(MAGIC, 3, HEADER, {}),
    "a part more": seal(MAGIC, 3, HEADER, unseal(written(RECORD), "", MAGIC, 3).parts | {"more": b"1"}),
    "a column of another length": seal(
        MAGIC, 3, HEADER, unseal(written(RECORD), "", MAGIC, 3).parts | {"loss": bytes(8)}
    ),
    "another kind of file": seal(b"GZANOTHR", 3, HEADER, {}),
    "a byte more": resealed(written(RECORD)[:-32] + b"\0"),
    "a byte less": resealed(written(RECORD)[:-33]),
    "a head only": resealed(MAGIC),
    "nothing": resealed(b""),
}


@pytest.mark.parametrize("data", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_a_forged_snapshot_with_what_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(StateError, match="sums: ") as caught:
        SumCache.from_snapshot(data, "sums")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", sorted(HEADER))
def test_a_forged_file_that_lacks_a_field_never_stops_the_next_save(tmp_path: Path, name: str) -> None:
    header = {key: value for key, value in HEADER.items() if key != name}
    (tmp_path / "sums").write_bytes(seal(MAGIC, 3, header, {}))
    cache = SumCache((1,), identity="who")
    cache.save(tmp_path / "sums")
    assert SumCache.load(tmp_path / "sums", (1,)).cache.snapshot() == cache.snapshot()


VERSION_2 = resealed(b"GZSUMS\x02\x00" + bytes(60))


@pytest.mark.parametrize(("version", "data"), [(2, VERSION_2), (4, written(RECORD, version=4))])
def test_another_version_is_not_called_damaged_and_neither_read_nor_overwritten(
    tmp_path: Path, version: int, data: bytes
) -> None:
    path = tmp_path / "sums"
    path.write_bytes(data)
    for action in (
        lambda: SumCache.from_snapshot(data, str(path)),
        lambda: SumCache.load(path, LAYERS),
        lambda: filled().save(path),
    ):
        with pytest.raises(
            StateError, match=f"sums: is of version {version}; this goldzone reads 3, use a matching one"
        ) as caught:
            action()
        assert not isinstance(caught.value, DamagedError)
    assert path.read_bytes() == data


def test_no_forged_snapshot_with_a_right_digest_breaks_the_reader() -> None:
    body = filled().snapshot()[:-32]
    rng = random.Random(11)
    read = 0
    for _ in range(2000):
        data = bytearray(body)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(rng.choice([400, len(data)]))] = rng.choice([0, 1, 34, 48, 57, 125, 127, 255])
        try:
            cache = SumCache.from_snapshot(resealed(bytes(data)), "sums")
        except StateError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            read += 1
            generation = unseal(resealed(bytes(data)), "sums", MAGIC, 3).content["generation"]
            assert cache.snapshot(generation) == resealed(bytes(data))
    assert read < 1500


def test_the_first_start_is_empty_without_a_warning(tmp_path: Path) -> None:
    loaded = SumCache.load(tmp_path / "sums", LAYERS, identity="who")
    assert loaded.warnings == ()
    assert (loaded.cache.layers, loaded.cache.runs, loaded.cache.identity) == (LAYERS, (), "who")


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    cache = filled(identity="ours")
    cache.save(tmp_path / "sums")
    loaded = SumCache.load(tmp_path / "sums", LAYERS, identity="ours")
    assert (loaded.cache.snapshot(), loaded.warnings) == (cache.snapshot(), ())
    records = [comparable(record) for record in loaded.cache.history(1, 0)]
    assert records == [comparable(record) for record in cache.history(1, 0)]


def test_the_sums_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    filled().save(path)
    with pytest.raises(StateError, match=r"holds layers \(3, 2, 1\), the network has \(3, 2\)"):
        SumCache.load(path, (3, 2))
    with pytest.raises(StateError, match="holds layers"):
        SumCache((3, 2)).save(path)


def test_the_sums_of_another_run_of_the_same_shape_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    filled(identity="ours").save(path)
    assert SumCache.load(path, LAYERS).cache.identity == "ours"
    with pytest.raises(StateError, match=r"sums: belongs to another run \(ours, not theirs\)"):
        SumCache.load(path, LAYERS, identity="theirs")
    with pytest.raises(StateError, match="belongs to another run"):
        filled(identity="theirs").save(path)
    (tmp_path / "sums.bak1").write_bytes(filled().snapshot())
    with pytest.raises(StateError, match=r"bak1: belongs to another run \(without identity, not ours\)"):
        SumCache.load(path, LAYERS, identity="ours")


def flip(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def overwrite(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    end = min(len(data), start + rng.randint(1, 64))
    data[start:end] = rng.choice([bytes(end - start), b"\xff" * (end - start), rng.randbytes(end - start)])


def truncate(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def cut_out(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randint(1, 64)]


def append(data: bytearray, rng: random.Random) -> None:
    data += rng.choice([bytes(1), rng.randbytes(rng.randint(1, 64)), bytes(data)])


def insert(data: bytearray, rng: random.Random) -> None:
    offset = rng.randrange(len(data))
    data[offset:offset] = rng.randbytes(rng.randint(1, 64))


def swap_blocks(data: bytearray, rng: random.Random) -> None:
    size = rng.choice([1, 4, 16, 64])
    first, second = sorted(rng.sample(range(0, len(data) - size, size), 2))
    data[first : first + size], data[second : second + size] = (
        data[second : second + size],
        data[first : first + size],
    )


CORRUPTIONS: list[Callable[[bytearray, random.Random], None]] = [
    *(flip, overwrite, truncate, cut_out, append, insert, swap_blocks)
]


class Ravaged:
    """Two runs of one shape, each with a snapshot and two backups, that are damaged again and again."""

    def __init__(self, folder: Path) -> None:
        self.ours = [folder / name for name in ("sums", "sums.bak1", "sums.bak2")]
        caches: list[SumCache] = []
        for identity in ("theirs", "ours"):
            cache = SumCache(LAYERS, 4, identity=identity)
            cache.run_number("run")
            for sweep in range(6):
                cache.append(
                    *(
                        record_of(layer, position, sweep - 3, sweep=sweep)
                        for layer, size in enumerate(LAYERS, 1)
                        for position in range(size)
                    )
                )
                cache.save(folder / identity if identity == "theirs" else self.ours[0])
                caches.append(SumCache.from_snapshot(cache.snapshot(), "copy"))
        self.theirs = [(folder / f"theirs{end}").read_bytes() for end in ("", ".bak1", ".bak2")]
        self.whole = {path: path.read_bytes() for path in self.ours}
        newest_first = [cache.snapshot() for cache in caches[:-4:-1]]
        self.content = dict(zip(self.whole.values(), newest_first, strict=True))
        self.present: dict[Path, bytes | None] = dict(self.whole)

    def corrupt(self, rng: random.Random) -> dict[Path, bytes | None]:
        """Return what the files are to hold; None: the file is gone."""
        content: dict[Path, bytes | None] = dict(self.whole)
        for path in rng.sample(self.ours, rng.choice([1, 1, 2, 3])):
            kind = rng.randrange(len(CORRUPTIONS) + 3)
            if kind < len(CORRUPTIONS):
                data = bytearray(self.whole[path])
                CORRUPTIONS[kind](data, rng)
                content[path] = bytes(data)
            elif kind == len(CORRUPTIONS):
                content[path] = rng.choice(self.theirs)
            elif kind == len(CORRUPTIONS) + 1:
                other = rng.choice(self.ours)
                content[path], content[other] = content[other], content[path]
            else:
                content[path] = None
        return content

    def check(self, content: dict[Path, bytes | None]) -> str:
        """Load, and see to it that the newest whole state came back, or that nothing was claimed."""
        for path, data in content.items():
            if data is None:
                path.unlink(missing_ok=True)
            elif data != self.present[path]:
                path.write_bytes(data)
        self.present = content
        there = set(content.values())
        foreign = bool(there & set(self.theirs))
        try:
            loaded = SumCache.load(self.ours[0], LAYERS, identity="ours")
        except StateError as error:
            assert foreign
            assert "belongs to another run" in str(error)  # noqa: PT017
            return "refused"
        assert not foreign
        left = [data for data in self.whole.values() if data in there]  # newest first
        for path, data in content.items():
            if data is not None and data not in self.content:
                assert any(warning.startswith(f"{path}: does not match") for warning in loaded.warnings)
        if not left:
            assert len(loaded.cache) == 0
            assert bool(loaded.warnings) == (there != {None})
            return "empty"
        assert loaded.cache.snapshot() == self.content[left[0]]
        if content[self.ours[0]] == left[0]:
            return "snapshot"
        assert loaded.warnings[-1].startswith(f"{self.ours[0]}: is ")
        return "backup"


def outcomes(folder: Path, count: int, seed: int) -> set[str]:
    ravaged, rng = Ravaged(folder), random.Random(seed)
    return {ravaged.check(ravaged.corrupt(rng)) for _ in range(count)}


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_corruption_is_silently_read(tmp_path: Path, count: int) -> None:
    assert outcomes(tmp_path, count, 7) == {"snapshot", "backup", "empty", "refused"}
