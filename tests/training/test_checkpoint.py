from __future__ import annotations

import hashlib
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import StateError
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.neuron import AnyNeuron, BitTable, Hashtron
from goldzone.hashtron.neuron_codec import encode_neurons
from goldzone.storage.files import write_atomically
from goldzone.storage.journal import read_journal
from goldzone.training import checkpoint, sweeps
from goldzone.training.checkpoint import FolderCheckpointer, Restored
from goldzone.training.config import TrainingConfig
from goldzone.training.control.pairs import choose_pairs
from goldzone.training.learners.committee import CommitteeTrainer, assign_templates
from goldzone.training.pipeline import HeldOut, Hooks, Outcome
from goldzone.training.runs.events import (
    Event,
    LayerSkipped,
    NeuronTrained,
    RunResumed,
    SteppedBack,
    SweepFinished,
)
from goldzone.training.sums.cache import SumCache
from goldzone.training.sweeps import train_sweeps
from tests.training.learners.test_committee import TEMPLATES, WIDTH, made_up

SAMPLES = made_up(3)
IDENTITY = "one configuration and one data set"

CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "selected, in pairs, not all": {
        "selection": {"strategy": "gold_zone", "pairs": 1.0, "exploration": 0.3},
        "pipeline": {"neurons_per_sweep": 0.7},
    },
    "validated, stepping back": {
        "capacity": {"controller": "validated"},
        "pipeline": {"step_back": True, "tolerance": 0.0},
    },
    "law, by agreement": {"capacity": {"controller": "law", "signal": "agreement", "floor": 3}},
    "front to back, skipped": {
        "pipeline": {"direction": "forward", "attempts": 1},
        "credit": {"vote_threshold": 1e5},
    },
    "random, impatient": {
        "selection": {"strategy": "random"},
        "pipeline": {"neurons_per_sweep": 0.4, "patience": 2, "sweeps": 9},
    },
}


def config(name: str) -> TrainingConfig:
    given: dict[str, Any] = {
        "network": {"neurons": WIDTH},
        "capacity": {"premodulo": 40, "floor": 4, "ceiling": 1000},
        "pipeline": {"sweeps": 4, "patience": 100, "step_back": False},
        "credit": {"kind": "rank", "temperature": 2.0, "vote_threshold": 0.5},
    }
    for section, fields in CONFIGS[name].items():
        given[section] = given.get(section, {}) | fields
    return TrainingConfig.model_validate(given)


class Stopped(BaseException):
    """Stands for all that can end a process."""


@dataclass
class Log:
    """An event log in memory that stops training after an event or a step."""

    events: list[Event] = field(default_factory=list)
    stop_at_event: int | None = None
    stop_at_step: int | None = None
    steps: int = 0

    @property
    def count(self) -> int:
        return len(self.events)

    def flush(self) -> None:
        pass

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        if self.count == self.stop_at_event:
            raise Stopped

    def check_interrupt(self) -> None:
        self.steps += 1
        if self.steps == self.stop_at_step:
            raise Stopped


@dataclass(frozen=True)
class End:
    """All that a run comes to."""

    outcome: tuple[bytes, int, object, object, str]
    network: bytes
    sums: bytes
    events: tuple[Event, ...]


def neurons_of(committee: Committee) -> tuple[AnyNeuron, ...]:
    return (*committee.tables, committee.final)


def network_of(neurons: Sequence[AnyNeuron]) -> Committee:
    *tables, final = neurons
    assert isinstance(final, Hashtron)
    templates = assign_templates(TEMPLATES, WIDTH).tolist()
    return Committee(tuple(templates), tuple(t for t in tables if isinstance(t, BitTable)), final)


def keeper(
    folder: Path, identity: str = IDENTITY, sums_path: Path | None = None
) -> FolderCheckpointer[Committee]:
    return FolderCheckpointer(
        folder, identity, (WIDTH, 1), neurons_of=neurons_of, network_of=network_of, sums_path=sums_path
    )


def load(
    folder: Path, events: int, identity: str = IDENTITY, warn: Callable[[str], None] = lambda line: None
) -> Restored[Committee] | None:
    keep = keeper(folder, identity)
    try:
        return keep.load(events, warn)
    finally:
        keep.close()


def made_of(network: Committee) -> bytes:
    return encode_neurons(neurons_of(network))


def evaluate(network: Committee) -> HeldOut:
    """Judge a network by what looks like chance, and is a function of it."""
    digest = hashlib.sha256(made_of(network)).digest()
    return HeldOut(digest[0] / 255 / 7, digest[1] / 255, {"of chance": digest[2] / 255})


def train(folder: Path, settings: TrainingConfig, log: Log, sums_path: Path | None = None) -> End:
    """Train from what a folder and a log hold, to the end or to where the log stops it."""
    keep = keeper(folder, sums_path=sums_path)
    restored = keep.load(log.count)
    del log.events[restored.events if restored else 0 :]
    keep.attach(log)
    trainer = CommitteeTrainer(SAMPLES, TEMPLATES, settings)
    sums = restored.sums if restored else SumCache((WIDTH, 1), identity=IDENTITY)
    try:
        if restored:
            trainer.restore(restored.network, restored.memory)
        outcome: Outcome[Committee] = train_sweeps(
            trainer,
            settings,
            Hooks(evaluate, log.on_event, log.check_interrupt, keep),
            sums=sums,
            progress=restored.progress if restored else None,
        )
    finally:
        trainer.close()
        keep.close()
    parts = (made_of(outcome.network), outcome.sweep, outcome.train, outcome.held_out, outcome.reason)
    told = tuple(event for event in log.events if not isinstance(event, RunResumed))
    return End(parts, made_of(trainer.network()), sums.snapshot(), told)


def stop(folder: Path, settings: TrainingConfig, log: Log, sums_path: Path | None = None) -> None:
    with pytest.raises(Stopped):
        train(folder, settings, log, sums_path)
    log.stop_at_event = log.stop_at_step = None
    log.steps = 0


@pytest.fixture(autouse=True, scope="module")
def no_clock_and_no_waiting_for_the_disk() -> Iterator[None]:
    """Let no time pass: then snapshots and events of equal runs are equal in every byte."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeps, "choose_pairs", partial(choose_pairs, correlation=-1e-9))
        patch.setattr(time, "time", lambda: 1000.0)
        patch.setattr(time, "monotonic", lambda: 0.0)
        patch.setattr(os, "fsync", lambda descriptor: None)  # no power is cut here
        yield


@pytest.mark.parametrize("name", CONFIGS)
def test_the_runs_of_these_tests_do_what_their_names_say(tmp_path: Path, name: str) -> None:
    end = train(tmp_path, config(name), Log())
    trained = [event for event in end.events if isinstance(event, NeuronTrained)]
    assert any(event.partner is not None for event in trained) == ("pairs" in name)
    assert any(isinstance(event, LayerSkipped) for event in end.events) == ("skipped" in name)
    assert any(isinstance(event, SteppedBack) for event in end.events) == ("stepping back" in name)
    assert end.outcome[-1].startswith("dev accuracy did not rise") == ("impatient" in name)
    moves = {event.premodulo for event in trained if event.layer == 1}
    assert (len(moves) > 1) == any(word in name for word in ("validated", "law"))


@pytest.mark.parametrize("name", CONFIGS)
def test_a_run_that_stops_at_any_event_and_goes_on_ends_as_if_it_had_not(tmp_path: Path, name: str) -> None:
    whole = train(tmp_path / _made(tmp_path, "whole"), config(name), Log())
    for number in range(1, len(whole.events) + 1):
        folder = tmp_path / _made(tmp_path, f"event{number}")
        log = Log(stop_at_event=number)
        stop(folder, config(name), log)
        assert train(folder, config(name), log) == whole


@pytest.mark.parametrize("name", CONFIGS)
def test_a_run_that_stops_after_any_step_repeats_no_step(tmp_path: Path, name: str) -> None:
    counted = Log()
    whole = train(tmp_path / _made(tmp_path, "whole"), config(name), counted)
    for number in range(1, counted.steps + 1):
        folder = tmp_path / _made(tmp_path, f"step{number}")
        log = Log(stop_at_step=number)
        stop(folder, config(name), log)
        assert train(folder, config(name), log) == whole
        assert log.steps == counted.steps - number


def test_the_saved_sums_are_those_of_the_last_sweep_and_have_two_backups_wherever_the_run_stops(
    tmp_path: Path,
) -> None:
    plain, whole = config("plain"), train(tmp_path / _made(tmp_path, "whole"), config("plain"), Log())
    sweeps = sum(isinstance(event, SweepFinished) for event in whole.events)
    assert sweeps >= 3
    for number in (WIDTH, 2 * WIDTH + 5, sweeps * (WIDTH + 1)):
        folder, log = tmp_path / _made(tmp_path, f"step{number}"), Log(stop_at_step=number)
        path = tmp_path / f"sums{number}"
        stop(folder, plain, log, path)
        assert train(folder, plain, log, path) == whole
        loaded = SumCache.load(path, (WIDTH, 1), identity=IDENTITY)
        assert (loaded.cache.snapshot(), loaded.warnings) == (whole.sums, ())
        for backup, sweep in (("bak1", sweeps - 1), ("bak2", sweeps - 2)):
            newest = SumCache.load(path.with_name(f"{path.name}.{backup}"), (WIDTH, 1)).cache.newest
            assert newest is not None
            assert newest.sweep == sweep


@given(st.sampled_from(sorted(CONFIGS)), st.lists(st.integers(1, 12), min_size=2, max_size=6))
def test_a_run_may_stop_again_and_again(
    tmp_path_factory: pytest.TempPathFactory, name: str, stops: list[int]
) -> None:
    whole = train(tmp_path_factory.mktemp("whole"), config(name), Log())
    folder, log = tmp_path_factory.mktemp("stopped"), Log()
    for number in stops:
        log.stop_at_step = number
        try:
            train(folder, config(name), log)
        except Stopped:
            log.steps = 0
    log.stop_at_step = None
    assert train(folder, config(name), log) == whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> End:
    return train(tmp_path_factory.mktemp("whole"), config("validated, stepping back"), Log())


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    """A run that stopped in its third sweep."""
    folder, log = tmp_path_factory.mktemp("stopped"), Log(stop_at_step=2 * (WIDTH + 1) + 5)
    stop(folder, config("validated, stepping back"), log)
    assert names(folder) == [f"{kind}-{n}.goldzone" for kind in ("checkpoint", "journal") for n in (1, 2)]
    return folder, log.events


@pytest.fixture
def again(tmp_path: Path, stopped: tuple[Path, list[Event]]) -> tuple[Path, Log]:
    """A copy of it."""
    shutil.copytree(stopped[0], tmp_path / "again")
    return tmp_path / "again", Log(list(stopped[1]))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_journal_torn_anywhere_costs_steps_and_nothing_else(
    whole: End, tmp_path: Path, stopped: tuple[Path, list[Event]]
) -> None:
    folder, events = stopped
    data = (folder / "journal-2.goldzone").read_bytes()
    cuts = random.Random(1).sample(range(len(data)), 25)
    for length in (0, 39, 40, 41, *cuts):
        copy, log = tmp_path / str(length), Log(list(events))
        shutil.copytree(folder, copy)
        (copy / "journal-2.goldzone").write_bytes(data[:length])
        assert train(copy, config("validated, stepping back"), log) == whole


def change_checkpoint(folder: Path) -> None:
    path = folder / "checkpoint-2.goldzone"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def other_journal(folder: Path) -> None:
    shutil.copy(folder / "journal-1.goldzone", folder / "journal-2.goldzone")


def older_checkpoint(folder: Path) -> None:
    shutil.copy(folder / "checkpoint-1.goldzone", folder / "checkpoint-2.goldzone")


def exchange(folder: Path) -> None:
    for kind in ("checkpoint", "journal"):
        one, two = (folder / f"{kind}-{generation}.goldzone" for generation in (1, 2))
        one.rename(folder / "other")
        two.rename(one)
        (folder / "other").rename(two)


def lose_checkpoint(folder: Path) -> None:
    (folder / "checkpoint-2.goldzone").unlink()


def lose_journal(folder: Path) -> None:
    (folder / "journal-2.goldzone").unlink()


def lose_all(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "damage",
    [
        change_checkpoint,
        other_journal,
        older_checkpoint,
        exchange,
        lose_checkpoint,
        lose_journal,
        lose_all,
    ],
)
def test_what_is_lost_is_trained_again(
    whole: End, again: tuple[Path, Log], damage: Callable[[Path], None]
) -> None:
    folder, log = again
    damage(folder)
    assert train(folder, config("validated, stepping back"), log) == whole


def test_a_damaged_state_is_told_and_the_one_before_taken(again: tuple[Path, Log]) -> None:
    folder, log = again
    change_checkpoint(folder)
    lines: list[str] = []
    restored = load(folder, log.count, warn=lines.append)
    assert restored is not None
    assert restored.progress.sweep == 2
    assert restored.events < log.count
    (line,) = lines
    assert line.startswith(f"{folder}/checkpoint-2.goldzone: does not match its SHA-256")
    assert line.endswith("an earlier state is taken")


def test_a_state_is_never_ahead_of_the_events(whole: End, again: tuple[Path, Log]) -> None:
    folder, log = again
    entries = read_journal(
        folder / "journal-2.goldzone", (folder / "checkpoint-2.goldzone").read_bytes()[-32:]
    )
    kept = entries[3].content["events"]
    assert kept < entries[4].content["events"]
    restored = load(folder, kept)
    assert restored is not None
    assert restored.events == kept
    del log.events[kept:]
    assert train(folder, config("validated, stepping back"), log) == whole


def test_a_checkpoint_ahead_of_the_events_is_deleted_as_it_will_be_made_again(
    whole: End, again: tuple[Path, Log]
) -> None:
    folder, log = again
    cut = next(
        n for n, event in enumerate(log.events) if isinstance(event, SweepFinished) and event.sweep == 2
    )
    del log.events[cut:]
    lines: list[str] = []
    restored = load(folder, log.count, warn=lines.append)
    assert restored is not None
    assert restored.events <= cut
    assert lines == [f"{folder}/checkpoint-2.goldzone: is ahead of the event log; an earlier state is taken"]
    assert names(folder) == ["checkpoint-1.goldzone", "journal-1.goldzone"]
    # Resuming wrote an event of its own: with the deleted state, the log would be cut two events too early.
    log.events.append(RunResumed(sweep=2, layer=1, done=1))
    assert train(folder, config("validated, stepping back"), log) == whole


def test_nothing_to_load_is_none(tmp_path: Path) -> None:
    assert load(tmp_path, 10) is None


def test_a_state_of_other_data_is_refused_in_one_line_and_kept(again: tuple[Path, Log]) -> None:
    folder, log = again
    before = names(folder)
    with pytest.raises(
        StateError, match=r"checkpoint-2\.goldzone: belongs to another configuration"
    ) as caught:
        load(folder, log.count, "other data")
    assert "\n" not in str(caught.value)
    assert names(folder) == before


def test_a_state_of_another_version_is_refused_in_one_line(
    again: tuple[Path, Log], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_VERSION", 2)
    with pytest.raises(StateError, match=r"is of version 1; this goldzone reads 2") as caught:
        load(again[0], again[1].count)
    assert "\n" not in str(caught.value)


def test_two_generations_are_kept_and_discarded(tmp_path: Path) -> None:
    (tmp_path / "sums.goldzone").touch()
    train(tmp_path, config("validated, stepping back"), Log())
    states = [f"{kind}-{n}.goldzone" for kind in ("checkpoint", "journal") for n in (3, 4)]
    assert names(tmp_path) == [*states, "sums.goldzone"]
    keeper(tmp_path).discard()
    assert names(tmp_path) == ["sums.goldzone"]


def test_a_refused_checkpoint_leaves_the_one_before(
    whole: End, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StateError("checkpoint-2.goldzone: cannot be written (disk full); check the folder")

    log, calls = Log(), iter(range(100))
    monkeypatch.setattr(
        checkpoint,
        "write_atomically",
        lambda *given, **options: refuse() if next(calls) == 2 else write_atomically(*given, **options),
    )
    with pytest.raises(StateError, match="disk full"):
        train(tmp_path, config("validated, stepping back"), log)
    assert names(tmp_path) == [f"{kind}-{n}.goldzone" for kind in ("checkpoint", "journal") for n in (0, 1)]
    assert train(tmp_path, config("validated, stepping back"), log) == whole


def _made(folder: Path, name: str) -> str:
    (folder / name).mkdir()
    return name
