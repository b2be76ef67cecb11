from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from goldzone.errors import ConfigError, StateError
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import Warned
from goldzone.training.runs.model_files import model_file
from goldzone.training.runs.run_folder import RunFolder, RunSource
from goldzone.training.runs.run_parts import mend_replacing
from goldzone.training.sums.cache import SumCache

CONFIG = TrainingConfig(seed=7)


def test_a_new_folder_has_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "french"
    folder = RunFolder.create(path, CONFIG)
    assert sorted(part.name for part in path.iterdir()) == ["config.toml", "model", "state"]
    assert folder.config_path == path / "config.toml"
    assert folder.events_path == path / "events.jsonl"
    assert folder.sums_path == path / "state" / "sums.goldzone"
    assert folder.model_path == path / "model" / "model.goldzone"
    assert folder.config_path.read_text(encoding="utf-8") == CONFIG.to_toml()
    assert RunFolder.open(path) == folder
    assert RunFolder.open(str(path)).config == CONFIG


def test_sections_that_training_does_not_read_are_kept_beside_the_configuration(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, CONFIG, other_sections="[alerts]\ntell = 'info'\n")
    assert folder.config_path.read_text(encoding="utf-8") == f"{CONFIG.to_toml()}\n[alerts]\ntell = 'info'\n"
    assert RunFolder.open(tmp_path).config == CONFIG


def test_a_log_has_its_opening_before_the_folder_counts_as_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    initial_events = (Warned(message="first", time=1.0), Warned(message="second", time=2.0))
    folder = RunFolder.create(tmp_path / "whole", CONFIG, initial_events=initial_events)
    expected = [(line, replace(event, sequence=line - 1)) for line, event in enumerate(initial_events, 1)]
    assert list(read_events(folder.events_path)) == expected

    def fail(*_: object, **__: object) -> None:
        raise StateError("killed")

    monkeypatch.setattr("goldzone.training.runs.run_folder.write_atomically", fail)
    with pytest.raises(StateError, match="killed"):
        RunFolder.create(tmp_path / "killed", CONFIG, initial_events=initial_events)
    assert len(list(read_events(tmp_path / "killed" / "events.jsonl"))) == 2


def test_a_folder_that_holds_no_run_is_taken(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "state").mkdir()
    RunFolder.create(tmp_path, CONFIG)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_holds_a_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, CONFIG)
    folder.events_path.touch()
    folder.model_path.touch()
    with pytest.raises(StateError, match="already holds a run; choose another folder") as caught:
        RunFolder.create(tmp_path, TrainingConfig())
    assert "\n" not in str(caught.value)
    assert RunFolder.open(tmp_path) == folder
    assert folder.events_path.exists()
    assert folder.model_path.exists()


def test_force_sets_the_run_aside_and_nothing_else(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, CONFIG)
    mine, lock = tmp_path / "notes.txt", folder.lock_path
    for path in (folder.events_path, folder.sums_path, folder.model_path, mine, lock):
        path.touch()
    again = RunFolder.create(tmp_path, TrainingConfig(), force=True)
    assert RunFolder.open(tmp_path) == again
    assert again.config == TrainingConfig()
    assert sorted(part.name for part in tmp_path.iterdir()) == [
        *("config.toml", "model", "notes.txt", "replaced", "state")
    ]
    assert lock.exists()
    aside = RunFolder.open(tmp_path / "replaced")
    assert aside.config == CONFIG
    assert all(path.exists() for path in (aside.events_path, aside.sums_path, aside.model_path))
    again.forget_replaced()
    assert sorted(part.name for part in tmp_path.rglob("*")) == [
        *("config.toml", "lock", "model", "notes.txt", "state")
    ]


def test_a_run_that_is_discarded_gives_way_to_the_one_that_it_replaced(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, CONFIG, source=RunSource(name="french"))
    folder.model_path.write_text("model")
    before = sorted(tmp_path.rglob("*"))
    RunFolder.create(tmp_path, TrainingConfig(), force=True).discard()
    assert sorted(tmp_path.rglob("*")) == before
    assert RunFolder.open(tmp_path) == folder
    assert folder.model_path.read_text() == "model"


def test_an_unfinished_run_takes_not_the_place_of_one_with_a_model(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, CONFIG)
    folder.model_path.write_text("model")
    for _ in range(2):
        RunFolder.create(tmp_path, TrainingConfig(), force=True)
    assert RunFolder.open(tmp_path / "replaced").model_path.read_text() == "model"


@pytest.mark.parametrize("moves", range(6))
def test_a_run_whose_replacing_is_broken_off_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    source = RunSource(name="french")
    folder = RunFolder.create(tmp_path, CONFIG, source=source)
    for path in (folder.events_path, folder.sums_path, folder.model_path):
        path.write_text("old")
    before = sorted(tmp_path.rglob("*"))
    left = iter(range(moves))
    replace = Path.replace

    def move(path: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", move)
        with pytest.raises(KeyboardInterrupt):
            RunFolder.create(tmp_path, TrainingConfig(), source=source, force=True)
    mend_replacing(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    assert RunFolder.open(tmp_path) == folder


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("part", ["events.jsonl", "state/x", "model/x", "model"])
def test_files_of_no_known_run_are_never_deleted(tmp_path: Path, part: str, force: bool) -> None:
    (tmp_path / part).parent.mkdir(exist_ok=True)
    (tmp_path / part).write_text("mine", encoding="utf-8")
    with pytest.raises(StateError, match="belongs to no run that goldzone knows"):
        RunFolder.create(tmp_path, CONFIG, force=force)
    assert (tmp_path / part).read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "config.toml").exists()


@pytest.mark.parametrize("force", [False, True])
def test_a_file_is_no_folder(tmp_path: Path, force: bool) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(StateError, match="file: is a file; choose another path"):
        RunFolder.create(path, CONFIG, force=force)
    with pytest.raises(StateError, match="cannot be a run folder"):
        RunFolder.create(path / "run", CONFIG, force=force)
    assert path.is_file()


def test_only_a_run_folder_is_opened(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"is no run folder, it has no config\.toml"):
        RunFolder.open(tmp_path)
    folder = RunFolder.create(tmp_path, CONFIG)
    folder.config_path.write_text("sed = 1", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.toml: 'sed' is no field"):
        RunFolder.open(tmp_path)
    (tmp_path / "state").rmdir()
    with pytest.raises(StateError, match="it has no state"):
        RunFolder.open(tmp_path)


def test_a_discarded_run_leaves_only_the_files_of_others(tmp_path: Path) -> None:
    alone = RunFolder.create(tmp_path / "alone", TrainingConfig())
    alone.discard()
    assert not alone.path.exists()
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "notes.txt").write_text("mine", encoding="utf-8")
    shared = RunFolder.create(tmp_path / "shared", TrainingConfig())
    shared.events_path.write_bytes(b"")
    shared.discard()
    assert [path.name for path in shared.path.iterdir()] == ["notes.txt"]


def test_the_source_of_the_words_comes_back(tmp_path: Path) -> None:
    source = RunSource(name="french", dataset="/data", limit=300)
    assert RunFolder.create(tmp_path, CONFIG, source=source).source == source
    assert RunFolder.open(tmp_path).source == source
    without = RunFolder.create(tmp_path, CONFIG, force=True)
    assert without.source is None
    assert RunFolder.open(tmp_path).source is None


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"name": 7}', '{"name": "a", "limit": "9"}', '{"nam": "a"}']
)
def test_a_source_that_is_none_is_one_line(tmp_path: Path, text: str) -> None:
    RunFolder.create(tmp_path, CONFIG, source=RunSource(name="french"))
    (tmp_path / "source.json").write_text(text)
    with pytest.raises(StateError, match=r"source\.json: does not name the words' source") as caught:
        RunFolder.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_whose_making_was_broken_off_is_made_again(tmp_path: Path) -> None:
    source, sums = RunSource(name="french", sums_from="earlier"), SumCache((1,))
    made = RunFolder.create(tmp_path, CONFIG, source=source, sums_before=sums)
    assert SumCache.from_snapshot(made.sums_before_path.read_bytes(), "kept").layers == (1,)
    made.events_path.write_text("{}\n")
    made.config_path.unlink()  # it is written last
    half = made.sums_before_path.with_name(f".{made.sums_before_path.name}.7.0123abcd.tmp")
    half.touch()
    again = RunFolder.create(tmp_path, CONFIG)
    assert not half.exists()
    assert not made.sums_before_path.exists()
    assert again.source is None
    assert RunFolder.open(tmp_path) == again
    assert not again.events_path.exists()


def test_a_source_of_something_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "source.json").write_text('{"my": "own"}')
    with pytest.raises(StateError, match=r"source\.json: belongs to no run that goldzone knows"):
        RunFolder.create(tmp_path, CONFIG, source=RunSource(name="french"))
    assert (tmp_path / "source.json").read_text() == '{"my": "own"}'


def test_only_half_written_files_of_the_run_are_cleaned_away(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, CONFIG)
    ours = [".config.toml.7.0123abcd.tmp", ".source.json.7.0123abcd.tmp", "state/.a.goldzone.7.01.tmp"]
    others = [".notes.tmp", "mine.tmp", "state/checkpoint-0.goldzone", "model/model.goldzone"]
    for name in (*ours, *others):
        (tmp_path / name).touch()
    run.delete_temporaries()
    assert not any((tmp_path / name).exists() for name in ours)
    assert all((tmp_path / name).exists() for name in others)


PARTS = ["config.toml", "source.json", "events.jsonl", "state", "state/lock", "model", "model/model.goldzone"]


@pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_link_or_pipe_in_a_run_folder_is_refused_and_what_it_names_stays(
    tmp_path: Path, part: str, kind: str
) -> None:
    run = RunFolder.create(tmp_path / "run", CONFIG, source=RunSource(name="french"))
    run.events_path.touch()
    path, other = run.path / part, tmp_path / "other"
    if path.exists():
        path.rename(other)
    else:
        other.write_text("mine")
    if kind == "link":
        path.symlink_to(other)
    else:
        os.mkfifo(path)
    before = sorted(tmp_path.rglob("*"))
    for refused in (
        lambda: RunFolder.open(run.path),
        lambda: RunFolder.create(run.path, CONFIG, force=True),
        lambda: model_file(run.path),
    ):
        with pytest.raises(StateError, match=rf"{part}: is a {kind}; a run holds plain files"):
            refused()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_the_run_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", CONFIG)
    (tmp_path / "latest").symlink_to(tmp_path / "run")
    assert RunFolder.open(tmp_path / "latest").config == CONFIG
