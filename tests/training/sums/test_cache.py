from __future__ import annotations

import hashlib
import math
import random
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import StateError
from goldzone.training.sums.cache import SumCache, SumRecord
from tests.naive.training_sum_cache import NaiveSumCache

LAYERS = (3, 2, 1)
floats = st.floats(allow_nan=False)


@st.composite
def records(draw: st.DrawFn) -> SumRecord:
    layer = draw(st.integers(1, 3))
    samples = draw(st.integers(1, 10**12))
    return SumRecord(
        layer=layer,
        position=draw(st.integers(0, LAYERS[layer - 1] - 1)),
        run=draw(st.integers(0, 1)),
        sweep=draw(st.integers(0, 2**32 - 1)),
        time=draw(floats),
        sum=draw(st.integers(-samples, samples)),
        samples=samples,
        premodulo=draw(st.integers(0, 2**32 - 1)),
        duration_seconds=draw(floats),
        agreement=draw(floats),
        train_accuracy=draw(floats),
        dev_accuracy=draw(floats),
        loss=draw(floats),
        accepted=draw(st.booleans()),
    )


def new_cache(depth: int = 4) -> SumCache:
    cache = SumCache(LAYERS, depth)
    assert [cache.run_number(name) for name in ("french", "tschechisch é", "french")] == [0, 1, 0]
    return cache


def record_of(layer: int = 1, position: int = 0, s: int = 5, n: int = 100, sweep: int = 1) -> SumRecord:
    return SumRecord(layer, position, 0, sweep, 1.5, s, n, 1000, 0.25)


def filled(seed: int = 1, count: int = 40) -> SumCache:
    cache, rng = new_cache(), random.Random(seed)  # noqa: S311
    for sweep in range(count):
        layer = rng.randint(1, 3)
        cache.append(record_of(layer, rng.randrange(LAYERS[layer - 1]), rng.randint(-100, 100), sweep=sweep))
    return cache


def sealed(body: bytes) -> bytes:
    return body + hashlib.sha256(body).digest()


@given(st.lists(records(), max_size=30), st.integers(1, 5), st.integers(0, 6))
def test_it_answers_as_lists_of_records_do(entries: list[SumRecord], depth: int, last: int) -> None:
    cache, naive = new_cache(depth), NaiveSumCache(LAYERS, depth)
    cache.append_batch(entries[:5])
    for entry in entries[5:]:
        cache.append(entry)
    for entry in entries:
        naive.append(entry)
    for again in (cache, SumCache.from_snapshot(cache.snapshot(), "snapshot")):
        assert again.runs == ("french", "tschechisch é")
        for layer, size in enumerate(LAYERS, 1):
            for position in range(size):
                found = again.history(layer, position, last)
                assert found == naive.history(layer, position, last)
                assert again.history(layer, position) == naive.history(layer, position, depth)
                newest = naive.history(layer, position, 1)
                assert again.latest(layer, position) == (newest[0] if newest else None)
            assert np.array_equal(again.margins(layer), naive.margins(layer), equal_nan=True)
            assert again.margins(layer).dtype == np.float64
            assert again.gold_zone(layer) == naive.gold_zone(layer)


def test_a_record_that_is_read_has_plain_values_and_its_margin() -> None:
    cache = new_cache()
    cache.append(record_of(s=-30))
    found = cache.latest(1, 0)
    assert found is not None
    assert {type(getattr(found, name)) for name in ("sum", "samples", "run", "premodulo")} == {int}
    assert found.accepted is True
    assert found.margin == 0.3
    assert math.isnan(found.agreement)
    assert math.isnan(found.loss)


def test_what_selection_asks_for_is_there() -> None:
    cache = new_cache()
    for s in (90, 20):
        cache.append(record_of(1, 2, s))
    cache.append(record_of(1, 0, 100))
    assert cache.measured(1) == [(100, 100), None, (20, 100)]
    assert cache.gold_zone(1) == [2]
    assert cache.gold_zone(1, noise_floor=20) == []
    assert cache.gold_zone(1, collapse=0.2) == []
    assert cache.smoothed_sum(1, 2, 3) == 55
    assert cache.smoothed_sum(1, 2, 1) == 20
    assert cache.smoothed_sum(1, 1, 3) is None


def test_memory_does_not_grow() -> None:
    cache = new_cache()
    size = len(cache.snapshot())
    cache.append_batch(record_of(sweep=sweep) for sweep in range(1000))
    assert len(cache.snapshot()) == size
    assert [record.sweep for record in cache.history(1, 0)] == [996, 997, 998, 999]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer": 0}, "there is no layer 0; give 1 to 3"),
        ({"layer": 4}, "there is no layer 4"),
        ({"position": 3}, "layer 1 has no neuron 3; give 0 to 2"),
        ({"position": -1}, "layer 1 has no neuron -1"),
        ({"sum": 101}, "layer 1 neuron 0: sum 101 of 100 samples"),
        ({"samples": 0, "sum": 0}, "layer 1 neuron 0: sum 0 of 0 samples"),
        ({"run": 2}, "run 2 is out of range; give 0 to 1"),
        ({"sweep": -1}, "sweep -1 is out of range"),
        ({"premodulo": 2**32}, "premodulo 4294967296 is out of range"),
    ],
)
def test_a_batch_with_an_impossible_record_changes_nothing(change: dict[str, int], message: str) -> None:
    cache = filled()
    before = cache.snapshot()
    with pytest.raises(StateError, match=message):
        cache.append_batch([record_of(), replace(record_of(), **change)])  # type: ignore[arg-type]
    assert cache.snapshot() == before


@pytest.mark.parametrize(("layers", "depth"), [((), 1), ((0,), 1), ((1, -1), 1), ((1,), 0), ((1,), 65_537)])
def test_an_impossible_shape_is_refused(layers: tuple[int, ...], depth: int) -> None:
    with pytest.raises(StateError, match="are not possible"):
        SumCache(layers, depth)


def test_the_layout_of_a_snapshot_is_fixed() -> None:
    cache = SumCache((1,), 1)
    cache.run_number("é")
    cache.append(SumRecord(1, 0, 0, 2, 0.5, -3, 7, 9, 1.0, 2.0, 3.0, 4.0, 5.0, accepted=True))
    body = struct.pack("<6sHIII", b"GZSUMS", 1, 1, 1, 1) + struct.pack("<II2sq", 1, 2, "é".encode(), 1)
    body += struct.pack("<IIdqqIdddddB", 0, 2, 0.5, -3, 7, 9, 1.0, 2.0, 3.0, 4.0, 5.0, 1)
    assert cache.snapshot() == sealed(body)


def test_no_corruption_is_read() -> None:
    whole = filled().snapshot()
    rng = random.Random(7)  # noqa: S311
    for _ in range(500):
        data = bytearray(whole)
        place = rng.randrange(len(data))
        kind = rng.randrange(5)
        if kind == 0:
            data[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[place:]
        elif kind == 2:
            del data[place : place + rng.randint(1, 64)]
        elif kind == 3:
            data[place:place] = rng.randbytes(rng.randint(1, 64))
        else:
            data[place : place + 64] = bytes(64)
        if bytes(data) == whole:
            continue
        with pytest.raises(StateError) as caught:
            SumCache.from_snapshot(bytes(data), "sums")
        assert str(caught.value).startswith("sums: ")
        assert "\n" not in str(caught.value)


def test_no_forged_snapshot_with_a_right_digest_breaks_the_reader() -> None:
    body = filled().snapshot()[:-32]
    rng = random.Random(11)  # noqa: S311
    for _ in range(500):
        data = bytearray(body)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(rng.choice([64, len(data)]))] = rng.choice([0, 1, 127, 255])
        try:
            cache = SumCache.from_snapshot(sealed(bytes(data)), "sums")
        except StateError as error:
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert cache.snapshot() == sealed(bytes(data))


START = struct.pack("<6sHIII", b"GZSUMS", 1, 2, 1, 1) + struct.pack("<II1s", 1, 1, b"r")
EMPTY = (0,) * 12


def forged(
    *, start: bytes = START, count: int = 1, used: tuple[float, ...], unused: tuple[float, ...] = EMPTY
) -> bytes:
    """One neuron with a ring of two records; columns as in the snapshot."""
    kinds = "IIdqqIdddddB"
    body = start + struct.pack("<q", count)
    return sealed(
        body
        + b"".join(struct.pack(f"<2{kind}", *pair) for kind, *pair in zip(kinds, used, unused, strict=True))
    )


POSSIBLE = (0, 1, 1.5, 5, 100, 1000, 0.5, 0.1, 0.2, 0.3, 0.4, 1)


def test_a_forged_snapshot_with_a_possible_record_is_read() -> None:
    record = SumCache.from_snapshot(forged(used=POSSIBLE), "sums").latest(1, 0)
    assert record == SumRecord(1, 0, 0, 1, 1.5, 5, 100, 1000, 0.5, 0.1, 0.2, 0.3, 0.4, accepted=True)


@pytest.mark.parametrize(
    "data",
    [
        forged(used=(1, *POSSIBLE[1:])),  # no such run
        forged(used=(*POSSIBLE[:3], 101, *POSSIBLE[4:])),  # S > N
        forged(used=(*POSSIBLE[:3], -101, *POSSIBLE[4:])),
        forged(used=(*POSSIBLE[:3], 0, 0, *POSSIBLE[5:])),  # no samples
        forged(used=(*POSSIBLE[:-1], 2)),  # neither accepted nor not
        forged(used=POSSIBLE, unused=(*EMPTY[:2], 1.0, *EMPTY[3:])),
        forged(used=POSSIBLE, count=0),
        forged(used=EMPTY, count=-1),
        forged(used=POSSIBLE, start=START.replace(b"r", b"\xff")),  # a name that is not UTF-8
        sealed(forged(used=POSSIBLE)[:-32] + b"\0"),
        sealed(forged(used=POSSIBLE)[:-33]),
        sealed(struct.pack("<6sHIII", b"GZSUMS", 1, 2**32 - 1, 2**32 - 1, 0)),
        sealed(struct.pack("<6sHIII2I", b"GZSUMS", 1, 2**32 - 1, 2, 0, 2**32 - 1, 2**32 - 1)),
        sealed(struct.pack("<6sHIII2I", b"GZSUMS", 1, 1, 0, 2, 0, 0)),  # no layer, two runs of one name
        sealed(b"GZSUM?" + forged(used=POSSIBLE)[6:-32]),
        sealed(b""),
    ],
)
def test_a_forged_snapshot_with_what_cannot_be_is_refused(data: bytes) -> None:
    with pytest.raises(StateError, match="sums: ") as caught:
        SumCache.from_snapshot(data, "sums")
    assert "\n" not in str(caught.value)


def test_a_snapshot_of_a_later_version_is_not_called_damaged(tmp_path: Path) -> None:
    body = bytearray(filled().snapshot()[:-32])
    body[6] = 2
    path = tmp_path / "sums"
    path.write_bytes(sealed(bytes(body)))
    with pytest.raises(StateError, match="sums: is of version 2; this goldzone reads 1"):
        SumCache.load(path, LAYERS)


def test_the_first_start_is_empty_without_a_warning(tmp_path: Path) -> None:
    loaded = SumCache.load(tmp_path / "sums", LAYERS, depth=7)
    assert (loaded.source, loaded.warnings) == ("empty", ())
    assert (loaded.cache.layers, loaded.cache.depth, loaded.cache.runs) == (LAYERS, 7, ())


def test_what_was_saved_is_loaded_and_the_one_before_is_kept(tmp_path: Path) -> None:
    path, first, second = tmp_path / "sums", filled(1), filled(2)
    first.save(path)
    assert list(tmp_path.iterdir()) == [path]
    second.save(path)
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.warnings) == ("snapshot", ())
    assert loaded.cache.snapshot() == second.snapshot()
    assert (tmp_path / "sums.bak").read_bytes() == first.snapshot()
    assert len(list(tmp_path.iterdir())) == 2


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_damaged_snapshot_is_replaced_by_its_backup_with_a_warning(tmp_path: Path) -> None:
    path, first, second = tmp_path / "sums", filled(1), filled(2)
    first.save(path)
    second.save(path)
    damage(path)
    loaded = SumCache.load(path, LAYERS)
    assert loaded.source == "backup"
    assert loaded.cache.snapshot() == first.snapshot()
    assert loaded.warnings == (f"{path}: does not match its SHA-256; restore a backup or delete it",)


def test_a_damaged_snapshot_does_not_replace_the_backup(tmp_path: Path) -> None:
    path, first, second, third = tmp_path / "sums", filled(1), filled(2), filled(3)
    first.save(path)
    second.save(path)
    damage(path)
    third.save(path)
    assert (tmp_path / "sums.bak").read_bytes() == first.snapshot()
    assert path.read_bytes() == third.snapshot()


def test_a_missing_snapshot_is_replaced_by_its_backup_with_a_warning(tmp_path: Path) -> None:
    path, first = tmp_path / "sums", filled(1)
    first.save(path)
    path.rename(tmp_path / "sums.bak")
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.cache.snapshot()) == ("backup", first.snapshot())
    assert loaded.warnings == (f"{path}: is missing; the backup sums.bak was read",)


def test_with_both_damaged_the_cache_is_empty_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    filled(1).save(path)
    damage(path)
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.cache.runs) == ("empty", ())
    assert loaded.warnings[1:] == (f"{path}.bak: there is no backup; all sums are lost",)
    (tmp_path / "sums.bak").write_bytes(b"")
    loaded = SumCache.load(path, LAYERS)
    assert loaded.source == "empty"
    assert [warning.partition(": ")[0] for warning in loaded.warnings] == [str(path), f"{path}.bak"]


def test_the_sums_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    filled().save(path)
    with pytest.raises(StateError, match=r"holds layers \(3, 2, 1\), the network has \(3, 2\)"):
        SumCache.load(path, (3, 2))


def test_a_disk_error_is_an_error_of_the_family(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        filled().save(tmp_path / "none" / "sums")
    with pytest.raises(StateError, match="cannot be read"):
        SumCache.load(tmp_path, LAYERS)
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be written"):
        filled().save(tmp_path / "file" / "sums")


@pytest.mark.parametrize("allowed", [0, 1])
def test_an_interrupted_save_leaves_the_snapshot_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    path, first = tmp_path / "sums", filled(1)
    first.save(path)
    calls: list[Path] = []
    rename = Path.replace

    def fail(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) > allowed:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(StateError, match="No space left on device"):
            filled(2).save(path)
    assert SumCache.load(path, LAYERS).cache.snapshot() == first.snapshot()


def test_a_run_has_a_name_of_bounded_length() -> None:
    with pytest.raises(StateError, match="a run's name is over 4096 bytes"):
        new_cache().run_number("x" * 4097)
