from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from goldzone.errors import StateError
from goldzone.training.sums.cache import SumCache
from tests.training.sums.small_caches import LAYERS, filled, record_of, sealed


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def saved(path: Path, count: int) -> list[bytes]:
    """Save `count` caches at one path, one after the other; return their snapshots."""
    snapshots = []
    for seed in range(count):
        cache = filled(seed)
        cache.save(path)
        snapshots.append(cache.snapshot())
    return snapshots


def test_the_first_start_is_empty_without_a_warning(tmp_path: Path) -> None:
    loaded = SumCache.load(tmp_path / "sums", LAYERS, depth=7, identity="who")
    assert (loaded.source, loaded.warnings) == ("empty", ())
    assert (loaded.cache.layers, loaded.cache.depth, loaded.cache.runs) == (LAYERS, 7, ())
    assert loaded.cache.identity == "who"


def test_what_was_saved_is_loaded_and_the_ones_before_are_kept_in_order(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    snapshots = saved(path, 1)
    assert names(tmp_path) == ["sums"]
    snapshots = saved(path, 5)
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.warnings) == ("snapshot", ())
    assert loaded.cache.snapshot() == snapshots[-1]
    assert names(tmp_path) == ["sums", "sums.bak1", "sums.bak2"]
    assert (tmp_path / "sums.bak1").read_bytes() == snapshots[-2]
    assert (tmp_path / "sums.bak2").read_bytes() == snapshots[-3]


@pytest.mark.parametrize("backups", [0, 1, 4, 9])
def test_as_many_backups_are_kept_as_are_asked_for(tmp_path: Path, backups: int) -> None:
    for seed in range(12):
        filled(seed).save(tmp_path / "sums", backups=backups)
    assert names(tmp_path) == ["sums", *(f"sums.bak{number}" for number in range(1, backups + 1))]


@pytest.mark.parametrize("backups", [-1, 10])
def test_no_other_number_of_backups_can_be_kept(tmp_path: Path, backups: int) -> None:
    with pytest.raises(StateError, match=f"backups: {backups} cannot be kept; give 0 to 9"):
        filled().save(tmp_path / "sums", backups=backups)


def test_a_damaged_snapshot_is_replaced_by_its_newest_whole_backup_with_a_warning(tmp_path: Path) -> None:
    path, bak1 = tmp_path / "sums", tmp_path / "sums.bak1"
    snapshots = saved(path, 3)
    damage(path)
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.cache.snapshot()) == ("backup", snapshots[1])
    damaged = "does not match its SHA-256; restore a backup or delete it"
    assert loaded.warnings == (
        f"{path}: {damaged}",
        f"{path}: is damaged; the backup sums.bak1 was read",
    )
    damage(bak1)
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.cache.snapshot()) == ("backup", snapshots[0])
    assert loaded.warnings == (
        f"{path}: {damaged}",
        f"{bak1}: {damaged}",
        f"{path}: is damaged; the backup sums.bak2 was read",
    )


def test_a_damaged_backup_is_told_although_it_is_not_needed(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    snapshots = saved(path, 2)
    damage(tmp_path / "sums.bak1")
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.cache.snapshot()) == ("snapshot", snapshots[1])
    assert [warning.partition(": ")[0] for warning in loaded.warnings] == [f"{path}.bak1"]


def test_a_damaged_file_never_replaces_a_whole_one(tmp_path: Path) -> None:
    path, bak1, bak2 = (tmp_path / name for name in ("sums", "sums.bak1", "sums.bak2"))
    snapshots = saved(path, 3)
    damage(path)
    filled(3).save(path)
    assert (bak1.read_bytes(), bak2.read_bytes()) == (snapshots[1], snapshots[0])
    fourth = path.read_bytes()
    damage(bak1)
    filled(4).save(path)
    assert (bak1.read_bytes(), bak2.read_bytes()) == (fourth, snapshots[0])


def test_a_missing_snapshot_is_replaced_by_its_backup_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    snapshots = saved(path, 2)
    path.unlink()
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.cache.snapshot()) == ("backup", snapshots[0])
    assert loaded.warnings == (f"{path}: is missing; the backup sums.bak1 was read",)


def test_a_snapshot_that_changed_places_with_its_backup_is_noticed(tmp_path: Path) -> None:
    path, backup = tmp_path / "sums", tmp_path / "sums.bak1"
    first, second = saved(path, 2)
    path.write_bytes(first)
    backup.write_bytes(second)
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.cache.snapshot()) == ("backup", second)
    assert loaded.warnings == (f"{path}: is older than its backup; the backup sums.bak1 was read",)
    loaded.cache.save(path)
    again = SumCache.load(path, LAYERS)
    assert again.source == "snapshot"
    assert again.cache.history(1, 0)[-1].sweep == loaded.cache.history(1, 0)[-1].sweep


def test_a_cache_that_starts_anew_still_counts_as_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    saved(path, 3)
    loaded = SumCache.load(path, LAYERS)
    loaded.cache.save(path)
    fresh = filled(9)
    fresh.save(path)
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.cache.snapshot()) == ("snapshot", fresh.snapshot())


def test_with_all_damaged_the_cache_is_empty_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    saved(path, 3)
    files = [path, tmp_path / "sums.bak1", tmp_path / "sums.bak2"]
    damage(files[0])
    files[1].write_bytes(b"")
    files[2].write_bytes(sealed(b"GZSUMS"))
    loaded = SumCache.load(path, LAYERS, depth=5)
    assert (loaded.source, len(loaded.cache), loaded.cache.depth) == ("empty", 0, 5)
    assert [warning.partition(": ")[0] for warning in loaded.warnings] == list(map(str, [*files, path]))
    assert loaded.warnings[-1] == f"{path}: neither snapshot nor backup is whole; the sum cache starts empty"


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
    assert SumCache.load(path, LAYERS, identity="ours").source == "snapshot"
    with pytest.raises(StateError, match=r"sums: belongs to another run \(ours, not theirs\)"):
        SumCache.load(path, LAYERS, identity="theirs")
    with pytest.raises(StateError, match="belongs to another run"):
        filled(identity="theirs").save(path)
    (tmp_path / "sums.bak1").write_bytes(filled().snapshot())
    with pytest.raises(StateError, match=r"bak1: belongs to another run \(without identity, not ours\)"):
        SumCache.load(path, LAYERS, identity="ours")


def test_another_version_is_neither_read_nor_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    body = bytearray(filled().snapshot()[:-32])
    body[6] = 3
    path.write_bytes(sealed(bytes(body)))
    for action in (lambda: SumCache.load(path, LAYERS), lambda: filled().save(path)):
        with pytest.raises(StateError, match="sums: is of version 3; this goldzone reads 2"):
            action()


def test_a_disk_error_is_an_error_of_the_family(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be written"):
        filled().save(tmp_path / "none" / "sums")
    with pytest.raises(StateError, match="cannot be read"):
        SumCache.load(tmp_path, LAYERS)
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be written"):
        filled().save(tmp_path / "file" / "sums")


@pytest.mark.parametrize("allowed", [0, 1, 2])
def test_an_interrupted_save_leaves_the_snapshot_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    path = tmp_path / "sums"
    snapshots = saved(path, 3)
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
            filled(3).save(path)
    assert len(calls) == allowed + 1
    assert SumCache.load(path, LAYERS).cache.snapshot() == snapshots[2]
    filled(4).save(path)
    loaded = SumCache.load(path, LAYERS)
    assert (loaded.source, loaded.warnings) == ("snapshot", ())
    backups = [(tmp_path / name).read_bytes() for name in ("sums.bak1", "sums.bak2")]
    assert backups == [snapshots[2], snapshots[1]]


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
    place = rng.randrange(len(data))
    data[place:place] = rng.randbytes(rng.randint(1, 64))


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
        for identity in ("theirs", "ours"):
            path = folder / identity
            cache = SumCache(LAYERS, 4, identity=identity)
            cache.run_number("run")
            for sweep in range(6):
                cache.append_batch(
                    record_of(layer, position, sweep - 3, sweep=sweep)
                    for layer, size in enumerate(LAYERS, 1)
                    for position in range(size)
                )
                cache.save(path if identity == "theirs" else self.ours[0])
        self.theirs = [(folder / f"theirs{end}").read_bytes() for end in ("", ".bak1", ".bak2")]
        self.whole = {path: path.read_bytes() for path in self.ours}
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
        if not left:
            assert (loaded.source, len(loaded.cache)) == ("empty", 0)
        else:
            assert loaded.cache.snapshot() == left[0]
        assert (loaded.source == "snapshot") == (content[self.ours[0]] == (left or [b""])[0])
        known = set(self.whole.values())
        if loaded.source != "snapshot" and there != {None}:
            assert loaded.warnings
        for path, data in content.items():
            if data is not None and data not in known:
                assert any(warning.startswith(f"{path}: does not match") for warning in loaded.warnings)
        return loaded.source


def outcomes(folder: Path, count: int, seed: int) -> set[str]:
    ravaged, rng = Ravaged(folder), random.Random(seed)
    return {ravaged.check(ravaged.corrupt(rng)) for _ in range(count)}


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_corruption_is_silently_read(tmp_path: Path, count: int) -> None:
    assert outcomes(tmp_path, count, 7) == {"snapshot", "backup", "empty", "refused"}
