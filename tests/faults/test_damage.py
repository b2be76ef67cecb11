from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from goldzone.data.builtin import load_builtin
from goldzone.data.lexicon import Lexicon
from goldzone.errors import GoldzoneError, StateError
from goldzone.g2p.task import PhonemizerTask
from goldzone.training.config import config_from_toml
from goldzone.training.runner import resume_run, start_run
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import Event, RunFinished, Warned
from goldzone.training.runs.listeners import Listener
from goldzone.training.runs.run_folder import RunFolder, RunSource
from goldzone.training.task import RunContext
from tests.faults.conftest import TINY
from tests.faults.finished import log_problem, sha256

LIMIT = 140
"""Training words: fewer than there are, so that the limit counts."""


class Stopped(BaseException):
    """Stands for all that can end a process."""


@dataclass
class Screen(Listener):
    """A listener that stops the run at a stage or an event."""

    stop_at: str | int | None = None
    seen: int = 0

    def on_stage(self, name: str) -> None:
        if name == self.stop_at:
            raise Stopped

    def on_event(self, event: Event) -> None:
        self.seen += 1
        if self.seen == self.stop_at:
            raise Stopped


@dataclass(frozen=True)
class Stage:
    """Interrupted runs of one configuration, others of another one, and the model of the first."""

    lexicon: Lexicon
    runs: tuple[Path, ...]
    strangers: tuple[Path, ...]
    model: str


def begin(lexicon: Lexicon, folder: Path, seed: int, stop_at: str | int | None) -> None:
    config = config_from_toml(f"seed = {seed}\n{TINY}", "tiny").model_copy()
    try:
        start_run(
            PhonemizerTask.of(lexicon, config, limit=LIMIT),
            folder,
            RunContext(1, [Screen(stop_at)]),
            source=RunSource(name="slovak", limit=LIMIT),
        )
    except Stopped:
        assert stop_at is not None


def resume(lexicon: Lexicon, folder: Path) -> None:
    task = PhonemizerTask.of(lexicon, RunFolder.open(folder).config, limit=LIMIT)
    resume_run(task, folder, RunContext())


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("runs")
    slovak = load_builtin("slovak")
    lexicon = replace(slovak, entries=slovak.entries[:220])
    begin(lexicon, folder / "whole", 1, None)
    total = sum(1 for _ in read_events(folder / "whole" / "events.jsonl"))
    moments: list[str | int] = [5, total // 3, 2 * total // 3, total - 3, "testing on unseen words"]
    for seed in (1, 2):
        for number, moment in enumerate(moments):
            begin(lexicon, folder / f"seed{seed}-{number}", seed, moment)
    runs, strangers = (tuple(sorted(folder.glob(f"seed{seed}-*"))) for seed in (1, 2))
    return Stage(lexicon, runs, strangers, sha256(folder / "whole"))


Damage = Callable[[Path, random.Random, Stage], None]


def flip_a_bit(file: Path, chance: random.Random, stage: Stage) -> None:
    data = bytearray(file.read_bytes())
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(data)


def change_bytes(file: Path, chance: random.Random, stage: Stage) -> None:
    data = bytearray(file.read_bytes())
    start = chance.randrange(len(data) + 1)
    length = min(chance.choice((1, 2, 16, 512)), len(data) - start)
    data[start : start + length] = chance.randbytes(length)
    file.write_bytes(data)


def change_a_digit(file: Path, chance: random.Random, stage: Stage) -> None:
    data = bytearray(file.read_bytes())
    digits = [index for index, byte in enumerate(data) if chr(byte).isdigit()]
    if digits:
        data[chance.choice(digits)] = chance.choice(b"0123456789")
    file.write_bytes(data)


def cut_off(file: Path, chance: random.Random, stage: Stage) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: chance.randrange(len(data) + 1)])


def cut_out(file: Path, chance: random.Random, stage: Stage) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    if lines:
        del lines[chance.randrange(len(lines))]
    file.write_bytes(b"".join(lines))


def empty(file: Path, chance: random.Random, stage: Stage) -> None:
    file.write_bytes(b"")


def append(file: Path, chance: random.Random, stage: Stage) -> None:
    more = chance.choice((chance.randbytes(9), b"\n", b'{"event": "run_finished"}\n', file.read_bytes()))
    file.write_bytes(file.read_bytes() + more)


def delete(file: Path, chance: random.Random, stage: Stage) -> None:
    file.unlink()


def put_a_folder_there(file: Path, chance: random.Random, stage: Stage) -> None:
    file.unlink()
    file.mkdir()


def exchange(file: Path, chance: random.Random, stage: Stage) -> None:
    """Exchange two files of the run."""
    other = chance.choice([path for path in sorted(_files(file)) if path.is_file()])
    data = other.read_bytes()
    other.write_bytes(file.read_bytes())
    file.write_bytes(data)


def take_from_another_moment(file: Path, chance: random.Random, stage: Stage) -> None:
    """Take the file of a run that was stopped elsewhere."""
    _take(file, chance.choice(stage.runs))


def take_from_another_run(file: Path, chance: random.Random, stage: Stage) -> None:
    """Take the file of a run of another configuration."""
    _take(file, chance.choice(stage.strangers))


DAMAGES: tuple[Damage, ...] = (
    flip_a_bit,
    change_bytes,
    change_a_digit,
    cut_off,
    cut_out,
    empty,
    append,
    delete,
    put_a_folder_there,
    exchange,
    take_from_another_moment,
    take_from_another_run,
)


def _files(file: Path) -> list[Path]:
    run = next(folder for folder in file.parents if (folder / "state").is_dir())
    return [path for path in run.rglob("*") if path.is_file()]


def _take(file: Path, other: Path) -> None:
    run = next(folder for folder in file.parents if (folder / "state").is_dir())
    found = other / file.relative_to(run)
    if found.is_file():
        shutil.copy(found, file)


def damage(run: Path, chance: random.Random, stage: Stage) -> str:
    """Damage one or two files of a run, and say how.

    Not three: what a run is, is told by its configuration, its event log and each of its checkpoints. Where
    all of them say something else, nothing is left that could know better.
    """
    files = chance.sample(sorted(path for path in run.rglob("*") if path.is_file()), chance.choice((1, 1, 2)))
    told = []
    for file in files:
        kind = chance.choice([kind for kind in DAMAGES if len(files) == 1 or kind is not exchange])
        told.append(f"{kind.__name__} {file.relative_to(run)}")
        kind(file, chance, stage)
    return ", ".join(told)


def damage_and_resume(stage: Stage, folder: Path, count: int, seed: int) -> Counter[str]:
    """Damage runs and resume them; count what came of it. Anything but the same model or one line fails."""
    outcomes: Counter[str] = Counter()
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        run = folder / str(number)
        shutil.copytree(chance.choice(stage.runs), run)
        what, refusal = f"{number}: {damage(run, chance, stage)}", ""
        try:
            resume(stage.lexicon, run)
        except GoldzoneError as error:
            refusal = str(error)
        except BaseException as error:
            raise AssertionError(f"{what}: {error!r}") from error
        if refusal:
            assert "\n" not in refusal, what
            outcomes[f"refused: {refusal.rpartition(': ')[2]}"] += 1
        else:
            assert sha256(run) == stage.model, what
            *_, (_, last) = read_events(run / "events.jsonl")
            assert isinstance(last, RunFinished), what
            outcomes["the same model"] += 1
        shutil.rmtree(run)
    return outcomes


def test_runs_that_are_not_damaged_become_the_same_model(tmp_path: Path, stage: Stage) -> None:
    for number, run in enumerate(stage.runs):
        copy = shutil.copytree(run, tmp_path / str(number))
        resume(stage.lexicon, copy)
        assert sha256(copy) == stage.model
        assert log_problem(copy) == ""


def test_damage_is_recovered_from_or_told_in_a_line(tmp_path: Path, stage: Stage) -> None:
    outcomes = damage_and_resume(stage, tmp_path, 60, seed=1)
    assert outcomes["the same model"] > 30
    assert outcomes.total() - outcomes["the same model"] > 3


@pytest.mark.slow
def test_2000_damages_are_recovered_from_or_told_in_a_line(tmp_path: Path, stage: Stage) -> None:
    outcomes = damage_and_resume(stage, tmp_path, 2000, seed=2)
    print(dict(outcomes.most_common()))  # noqa: T201 - shown with -s
    assert outcomes.total() == 2000


@pytest.mark.parametrize("state", ["there", "lost"])
def test_a_configuration_that_was_changed_in_between_is_refused(
    tmp_path: Path, stage: Stage, state: str
) -> None:
    """Half a run under one configuration and half under another would be a model of neither."""
    run = shutil.copytree(stage.runs[1], tmp_path / "run")
    if state == "lost":
        for path in (run / "state").iterdir():
            path.unlink()
    config = run / "config.toml"
    text = config.read_text()
    config.write_text(text.replace("sweeps = 2", "sweeps = 1"))
    with pytest.raises(StateError, match="another configuration or other data; restore them") as caught:
        resume(stage.lexicon, run)
    assert "\n" not in str(caught.value)
    config.write_text("# a remark changes nothing\n" + text)
    resume(stage.lexicon, run)
    assert sha256(run) == stage.model


@pytest.mark.parametrize("state", ["there", "lost"])
def test_words_that_were_changed_in_between_are_refused(tmp_path: Path, stage: Stage, state: str) -> None:
    run = shutil.copytree(stage.runs[1], tmp_path / "run")
    if state == "lost":
        for path in (run / "state").iterdir():
            path.unlink()
    fewer = replace(stage.lexicon, entries=stage.lexicon.entries[:-40])
    named = replace(stage.lexicon, name="other")
    for lexicon in (fewer, named):
        with pytest.raises(StateError, match="other data; restore them"):
            resume(lexicon, run)
    resume(stage.lexicon, run)
    assert sha256(run) == stage.model


def test_a_run_that_lost_its_state_begins_again_and_says_so(tmp_path: Path, stage: Stage) -> None:
    run = shutil.copytree(stage.runs[2], tmp_path / "run")
    for path in (run / "state").iterdir():
        path.write_bytes(b"")
    resume(stage.lexicon, run)
    assert sha256(run) == stage.model
    events = [event for _, event in read_events(run / "events.jsonl")]
    warnings = [event.message for event in events if isinstance(event, Warned)]
    assert any("holds no state that can be used; the run begins again" in line for line in warnings)
    assert any("does not match its SHA-256" in line for line in warnings)
