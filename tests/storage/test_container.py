from __future__ import annotations

import hashlib
import json
import stat
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goldzone.errors import ModelFormatError
from goldzone.storage.container import Container, read_container, write_container

CONTENT: dict[str, Any] = {"zeta": [1, 2.5, None, True], "alpha": {"ə": "ˈa"}}
MEMBERS = {"tables.bin": bytes(range(256)) * 20, "a": b""}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.goldzone"
    write_container(path, CONTENT, MEMBERS)
    return path


def test_what_is_written_is_read(model: Path) -> None:
    container = read_container(model)
    assert container.content == CONTENT
    assert container.members == MEMBERS
    assert list(model.parent.iterdir()) == [model]


def test_the_digest_is_the_hash_of_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "m"
    digest = write_container(path, CONTENT, MEMBERS)
    with zipfile.ZipFile(path) as archive:
        manifest = archive.read("manifest.json")
    assert digest == hashlib.sha256(manifest).hexdigest() == read_container(path).digest
    entry = json.loads(manifest)["members"]["tables.bin"]
    assert entry == {"bytes": 5120, "sha256": hashlib.sha256(MEMBERS["tables.bin"]).hexdigest()}


def test_the_bytes_depend_on_the_content_alone(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_container(other, dict(reversed(CONTENT.items())), dict(reversed(MEMBERS.items())))
    assert other.read_bytes() == model.read_bytes()
    with zipfile.ZipFile(other) as archive:
        assert archive.namelist() == ["a", "manifest.json", "tables.bin"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_every_change_changes_the_digest(tmp_path: Path) -> None:
    path = tmp_path / "m"
    digests = {
        write_container(path, {"a": 1}, {"x": b"1"}),
        write_container(path, {"a": 2}, {"x": b"1"}),
        write_container(path, {"a": 1}, {"x": b"2"}),
        write_container(path, {"a": 1}, {"y": b"1"}),
    }
    assert len(digests) == 4


def test_a_failed_write_leaves_the_old_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model.read_bytes()

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ModelFormatError, match=r"cannot be written .No space left"):
        write_container(model, {}, {})
    assert model.read_bytes() == before
    assert list(model.parent.iterdir()) == [model]


def test_a_model_is_readable_like_any_new_file(model: Path) -> None:
    plain = model.with_name("plain")
    plain.touch()
    assert stat.S_IMODE(model.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize(
    "name", ["", "manifest.json", "../x", "a/b", "/x", ".hidden", "a\\b", "C:x", "é", "x" * 101, "a\nb"]
)
def test_member_names_that_could_leave_the_archive_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match="member name"):
        write_container(tmp_path / "m", {}, {name: b""})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content",
    [
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": b"bytes"},
        {"a": {1: 2}},
        {1: 2},
        {"a": {3}},
        {"a": "\ud800"},
    ],
)
def test_content_that_is_not_json_is_refused(content: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match="content"):
        write_container(tmp_path / "m", content, {})


Archive = list[tuple[str, bytes]]


def manifest(archive: Archive) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(dict(archive)["manifest.json"])
    return parsed


def with_manifest(archive: Archive, value: Any, **options: Any) -> Archive:
    canonical: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
    text = json.dumps(value, **(canonical | options)).encode() + b"\n"
    return [(name, text if name == "manifest.json" else data) for name, data in archive]


def change_manifest(key: str, value: Any) -> Callable[[Archive], Archive]:
    return lambda archive: with_manifest(archive, manifest(archive) | {key: value})


def raw_manifest(text: bytes) -> Callable[[Archive], Archive]:
    return lambda archive: [(name, text if name == "manifest.json" else data) for name, data in archive]


def drop(name: str) -> Callable[[Archive], Archive]:
    return lambda archive: [entry for entry in archive if entry[0] != name]


def add(name: str, data: bytes = b"") -> Callable[[Archive], Archive]:
    return lambda archive: [*archive, (name, data)]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("manifest.json"), "has no manifest.json"),
        (drop("a"), "member 'a' is missing"),
        (add("b"), "member 'b' is not in the manifest"),
        (add("a"), "member 'a' occurs twice"),
        (add("../b"), "member name '../b' is not allowed"),
        (
            lambda archive: [(name, data[:-1]) for name, data in archive],
            "manifest.json is not in canonical form",
        ),
        (lambda archive: [(n, d + b"!" if n == "a" else d) for n, d in archive], "member 'a' differs"),
        (
            lambda archive: [(n, d[::-1] if n[0] == "t" else d) for n, d in archive],
            "member 'tables.bin' differs",
        ),
        (change_manifest("format", "zip"), "'format' is not 'goldzone-model'"),
        (change_manifest("format_version", 2), "'format_version' is 2; this goldzone reads 1"),
        (change_manifest("format_version", True), "'format_version' is True"),
        (change_manifest("format_version", "1"), "'format_version' is '1'"),
        (change_manifest("extra", 1), "not in canonical form"),
        (change_manifest("content", []), "must be objects"),
        (change_manifest("members", []), "must be objects"),
        (change_manifest("members", {"a": {"bytes": 0}}), "member 'a' lacks a size and SHA-256"),
        (change_manifest("members", {"a": {"bytes": True, "sha256": "0" * 64}}), "lacks a size"),
        (change_manifest("members", {"a": {"bytes": 0, "sha256": "G" * 64}}), "lacks a size"),
        (change_manifest("members", {"a": 1}), "lacks a size"),
        (lambda archive: with_manifest(archive, manifest(archive), indent=1), "canonical"),
        (raw_manifest(b"\xff"), "is not JSON"),
        (raw_manifest(b"{"), "is not JSON"),
        (raw_manifest(b'{"a":NaN}'), "is not JSON"),
        (raw_manifest(b'{"a":1,"a":1}'), "a key twice"),
        (raw_manifest(b"[" * 100_000), "is not JSON"),
        (raw_manifest(b"[]"), "'format' is not"),
    ],
)
def test_an_archive_that_is_not_what_it_says_is_refused(
    model: Path, change: Callable[[Archive], Archive], message: str
) -> None:
    with zipfile.ZipFile(model) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(model, "w") as archive:
        for name, data in change(entries):
            archive.writestr(name, data)
    with pytest.raises(ModelFormatError, match=message) as caught:
        read_container(model)
    assert str(caught.value).startswith(f"{model}: ")
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    write_container(path, {}, {"zeros": bytes(5_000_000)})
    assert path.stat().st_size < 10_000
    with pytest.raises(ModelFormatError, match="member 'zeros' unpacks to more bytes than a model of"):
        read_container(path, max_bytes=1_000_000)
    assert read_container(path, max_bytes=5_100_000).members["zeros"] == bytes(5_000_000)


@pytest.mark.parametrize("member", ["zeros", "manifest.json"])
def test_a_small_file_unpacks_to_no_more_than_a_small_model(tmp_path: Path, member: str) -> None:
    path = tmp_path / "bomb"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, bytes((1 << 25) + 1))
    assert path.stat().st_size < 40_000
    tracemalloc.start()
    try:
        with pytest.raises(
            ModelFormatError, match=f"member '{member}' unpacks to more bytes than a model of"
        ):
            read_container(path)
        assert tracemalloc.get_traced_memory()[1] < 1 << 21
    finally:
        tracemalloc.stop()


def test_a_file_beyond_the_limit_is_not_read(model: Path) -> None:
    with pytest.raises(ModelFormatError, match="larger than 100 bytes"):
        read_container(model, max_bytes=100)


def test_an_encrypted_member_is_refused(model: Path) -> None:
    raw = bytearray(model.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    model.write_bytes(raw)
    with pytest.raises(ModelFormatError, match="member 'a' is encrypted"):
        read_container(model)


def test_an_unknown_compression_is_refused(model: Path) -> None:
    raw = bytearray(model.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 10] = 14
    model.write_bytes(raw)
    with pytest.raises(ModelFormatError, match="member 'a' has an unknown compression"):
        read_container(model)


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip at all"])
def test_other_files_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(ModelFormatError, match="archive is damaged"):
        read_container(path)
    with pytest.raises(ModelFormatError, match="cannot be read"):
        read_container(tmp_path / "nothing")


def attempt(path: Path) -> tuple[Container | None, str]:
    """Return the container, or the message of the error that refused it."""
    try:
        return read_container(path), ""
    except ModelFormatError as error:
        return None, str(error)


def test_damage_is_refused_or_harmless(model: Path) -> None:
    raw = model.read_bytes()
    intact = read_container(model)
    generator = np.random.default_rng(1)
    refused = 0
    for number in range(2000):
        damaged = bytearray(raw)
        offset = int(generator.integers(len(raw)))
        if number % 4:
            damaged[offset] ^= 1 << int(generator.integers(8))
        else:
            del damaged[offset:]
        model.write_bytes(damaged)
        again, message = attempt(model)
        if again is None:
            refused += 1
            assert message.startswith(f"{model}: ")
            assert "\n" not in message
        else:
            assert (again.content, again.members, again.digest) == (
                intact.content,
                intact.members,
                intact.digest,
            )
    assert refused > 1000
