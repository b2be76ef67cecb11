"""The same registry in a folder, in two file systems of fsspec, and in a bucket of a local S3 server."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from goldzone.errors import GoldzoneError, StateError
from goldzone.fleet.registry import registry as registry_module
from goldzone.fleet.registry.registry import Registry
from goldzone.fleet.registry.stores import BucketStore, FolderStore, Store, open_store


@pytest.fixture(scope="module")
def s3_options() -> Iterator[dict[str, Any]]:
    """Start an S3 server of this process; give what a client needs."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "key": "key",
        "secret": "secret",
        "client_kwargs": {"endpoint_url": f"http://{host}:{port}"},
    }
    server.stop()


@pytest.fixture(params=["folder", "memory", "local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    name = f"bucket-{secrets.token_hex(8)}"
    match request.param:
        case "folder":
            return open_store(str(tmp_path / "models"))
        case "memory":
            return open_store(f"memory://{name}")
        case "local":
            return BucketStore(fsspec.filesystem("file"), str(tmp_path / "models"))
    options = request.getfixturevalue("s3_options")
    fsspec.filesystem("s3", **options).mkdir(name)
    return open_store(f"s3://{name}/models", **options)


def test_a_file_is_created_once_and_stays(store: Store) -> None:
    assert store.keys("") == []
    assert store.create("a/b/one", b"1")
    assert not store.create("a/b/one", b"2")
    assert store.read("a/b/one") == b"1"
    store.create("a/bc", b"3")
    assert store.keys("") == ["a/b/one", "a/bc"]
    assert store.keys("a/b") == ["a/b/one"]
    assert store.keys("nothing") == []
    store.delete("a/b/one")
    store.delete("a/b/one")
    assert store.keys("") == ["a/bc"]
    with pytest.raises(StateError, match="a/b/one: cannot be read"):
        store.read("a/b/one")


def test_of_many_that_create_one_wins(tmp_path: Path) -> None:
    store, won = FolderStore(tmp_path), []  # in a bucket, its server sees to that

    def create(number: int) -> None:
        if store.create("log/1", b"%d" % number):
            won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.read("log/1") == b"%d" % won[0]


def test_a_registry_works_in_every_store(
    store: Store, models: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "open_store", lambda place: store)
    registry = Registry("models")
    versions = [registry.add(model)[1] for model in models]
    assert registry.add(models[0]) == ("slovak", versions[0])
    for version in versions:
        registry.switch("slovak", "champion", version, why="better")
    registry.roll_back("slovak", "champion", why="worse")
    registry.pull("slovak@champion", tmp_path / "run")
    assert (tmp_path / "run/model/model.goldzone").read_bytes() == models[1].read_bytes()
    assert registry.collect_garbage("slovak", keep=0) == [versions[0], versions[2]]
    assert registry.collect_garbage("slovak", keep=0) == []
    assert {key.split("/")[2] for key in store.keys("slovak/versions")} == {versions[1]}
    assert [entry.action for entry in registry.log("slovak")] == ["add"] * 3 + ["alias"] * 3 + [
        "rollback",
        "gc",
    ]
    assert registry.languages() == ["slovak"]


def test_an_address_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GoldzoneError, match="nothing://x: cannot be opened"):
        open_store("nothing://x")
    assert isinstance(open_store(f"file://{tmp_path}"), FolderStore)


def test_what_is_being_written_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / ".1.123.abc.tmp").write_bytes(b"half")
    assert FolderStore(tmp_path).keys("") == []
