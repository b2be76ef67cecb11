"""A rollout to all languages and back; broken off at each of its operations, it ends the same."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from goldzone.errors import ConfigError, GoldzoneError, StateError
from goldzone.fleet.jobs import LanguageJob
from goldzone.fleet.language_run import train_language
from goldzone.fleet.registry.registry import Registry
from goldzone.fleet.rollout.conductor import CHAMPION, Conductor, ask_to_pause
from goldzone.fleet.rollout.plan import Plan
from goldzone.fleet.rollout.state import Stage, State, Status, write_state

NAMES = ("one", "two", "six")
STEPS: list[dict[str, Any]] = [
    {"set_weight": 10.0},
    {"analysis": {}},
    {"pause": {"seconds": 100.0}},
    {"set_weight": 100.0},
    {"analysis": {}},
]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three languages, and the runs of both arms: what all rollouts here train alike."""
    place = tmp_path_factory.mktemp("rollout")
    for number, name in enumerate(NAMES):
        folder = place / "dataset" / name
        folder.mkdir(parents=True)
        words = [
            f"{a}{b}{c}{d}" for a in "bdgk" for b in "aei" for c in "mnrt" for d in "ou"[: 1 + number // 2]
        ]
        text = "".join(f"{word}\t{word}\n" for word in words[: 48 + 8 * number])
        (folder / "lexicon.tsv").write_text(text, encoding="utf-8")
    (made := Rollout(place, "made")).conductor.begin()
    made.now = 1e9
    assert made.conductor.advance().status is Status.PAUSED
    made.now += 100
    assert made.conductor.advance().status is Status.HEALTHY
    return place


def train(jobs: Sequence[LanguageJob]) -> dict[str, str]:
    failed = {}
    for job in jobs:
        Path(job.run).parent.mkdir(parents=True, exist_ok=True)
        try:
            train_language(job, post=lambda report: None, check_interrupt=lambda: None)
        except GoldzoneError as error:
            failed[job.name] = str(error)
    return failed


class Rollout:
    """A rollout in a folder of its own, beside its registry."""

    def __init__(
        self,
        place: Path,
        name: str,
        *,
        check: Callable[[Path], Mapping[str, str]] = lambda run: {},
        **changes: Any,
    ) -> None:
        self.now = 0.0
        self.folder = place / name
        self.registry = Registry(str(place / f"{name}-models"))
        fields: dict[str, Any] = {
            "name": "plan",
            "registry": str(place / f"{name}-models"),
            "dataset": str(place / "dataset"),
            "stable": "network.neurons:12,pipeline.sweeps:1",
            "canary": "network.neurons:20,pipeline.sweeps:2",
            "staging": {"count": 1},
            "gates": {"margin": 0.5, "most_bytes": 9.0, "most_seconds": 1e6, "most_held": 0.5},
            "steps": STEPS,
        }
        self.plan = Plan.model_validate(fields | changes)
        self.conductor = Conductor(self.plan, self.folder, train, check, now=lambda: self.now)

    def champions(self) -> dict[str, str]:
        found = {}
        for name in self.registry.languages():
            aliases = self.registry.state(name).aliases
            if CHAMPION in aliases:
                found[name] = aliases[CHAMPION][-1]
        return found


def fresh(trained: Path, tmp_path: Path, **changes: Any) -> Rollout:
    """Begin a rollout whose runs are there already."""
    shutil.copytree(trained / "dataset", tmp_path / "dataset")
    shutil.copytree(trained / "made" / "runs", tmp_path / "r" / "runs")
    rollout = Rollout(tmp_path, "r", **changes)
    rollout.conductor.begin()
    return rollout


def through(rollout: Rollout) -> State:
    state = rollout.conductor.advance()
    while state.status is Status.PAUSED and state.until is not None:
        rollout.now = state.until
        state = rollout.conductor.advance()
    return state


def test_languages_are_taken_over_step_by_step_and_back(trained: Path, tmp_path: Path) -> None:
    rollout = fresh(trained, tmp_path)
    state = rollout.conductor.advance()
    assert (state.status, state.step, state.count(Stage.PROMOTED)) == (Status.PAUSED, 2, 1)
    assert rollout.conductor.advance() == state  # its time is not over
    state = through(rollout)
    assert (state.status, state.count(Stage.PROMOTED)) == (Status.HEALTHY, 3)
    new = rollout.champions()
    assert new == {name: found.version for name, found in state.languages.items()}
    plans = [entry.plan for entry in rollout.registry.log("one") if entry.alias == CHAMPION]
    assert plans == ["plan", "plan"]

    state = rollout.conductor.back(state, Status.UNDONE, "for one", ["one"])
    assert (state.status, state.of("one").stage) == (Status.HEALTHY, Stage.BACK)
    assert rollout.champions() == new | {"one": state.of("one").before}
    state = rollout.conductor.back(state, Status.UNDONE, "for all")
    assert state.status is Status.UNDONE
    assert rollout.champions() == {name: found.before for name, found in state.languages.items()}
    rollout.conductor.again(state)
    assert through(rollout).status is Status.HEALTHY
    assert rollout.champions() == new


def test_a_language_that_was_rolled_back_stays_back_until_it_is_asked_for(
    trained: Path, tmp_path: Path
) -> None:
    rollout = fresh(trained, tmp_path)
    state = rollout.conductor.advance()
    (name,) = state.languages
    state = rollout.conductor.back(state, Status.UNDONE, "users complain", [name])
    state = through(rollout)
    assert (state.status, state.of(name).stage) == (Status.HEALTHY, Stage.BACK)
    assert rollout.champions()[name] == state.of(name).before
    rollout.conductor.again(state)
    assert through(rollout).of(name).stage is Stage.PROMOTED


def test_the_way_back_leaves_what_somebody_put_there_since(trained: Path, tmp_path: Path) -> None:
    rollout = fresh(trained, tmp_path)
    state = rollout.conductor.advance()
    ((name, found),) = state.languages.items()
    runs = tmp_path / "r" / "runs"
    strange = next(each for each in NAMES if each != name)
    models = sorted(path.relative_to(runs) for path in runs.rglob("model.goldzone"))
    model = runs / next(path for path in models if strange in str(path))
    _, other = rollout.registry.add(model, language=name, why="by hand")
    rollout.registry.switch(name, CHAMPION, other, why="by hand")
    rollout.conductor.back(state, Status.UNDONE, "for all")
    assert rollout.champions() == {name: other}
    assert other not in {found.before, found.version}


def test_the_way_back_needs_no_lexicons(trained: Path, tmp_path: Path) -> None:
    rollout = fresh(trained, tmp_path)
    rollout.conductor.advance()
    shutil.rmtree(tmp_path / "dataset")
    again = Rollout(tmp_path, "r").conductor
    state = again.back(again.state(), Status.DEGRADED, "aborted")
    assert rollout.champions() == {name: found.before for name, found in state.languages.items()}


def test_gates_hold_a_language_and_an_analysis_takes_all_back(trained: Path, tmp_path: Path) -> None:
    healed = False

    def check(run: Path) -> dict[str, str]:
        return {} if healed or "one" in run.name else {"alerts": "it hangs", "train cap": "not asked"}

    rollout = fresh(trained, tmp_path, check=check)
    state = through(rollout)
    assert state.status is Status.DEGRADED
    assert "2 of 3 languages fail their gates" in state.message
    held = [state.of(name) for name in NAMES if state.of(name).stage is Stage.HELD]
    assert [found.reasons for found in held] == [("alerts: it hangs",)] * 2
    assert rollout.champions() == {name: state.of(name).before for name in NAMES}
    healed = True
    rollout.conductor.again(state)
    state = through(rollout)
    assert (state.status, state.count(Stage.PROMOTED)) == (Status.HEALTHY, 3)


@pytest.mark.parametrize(
    ("gates", "reason"),
    [({"most_bytes": 0.1}, "bytes: "), ({"most_seconds": 1e-9}, "time: "), ({}, "")],
)
def test_bytes_and_time_are_gates(
    trained: Path, tmp_path: Path, gates: dict[str, float], reason: str
) -> None:
    usual = {"margin": 0.5, "most_bytes": 9.0, "most_seconds": 1e6, "most_held": 1.0}
    rollout = fresh(trained, tmp_path, gates=usual | gates, steps=STEPS[:1])
    state = rollout.conductor.advance()
    (found,) = state.languages.values()
    assert [text.startswith(reason) for text in found.reasons] == ([True] if reason else [])


def test_a_language_that_cannot_be_trained_is_held(trained: Path, tmp_path: Path) -> None:
    rollout = fresh(trained, tmp_path)
    shutil.rmtree(tmp_path / "r" / "runs")
    (tmp_path / "dataset" / "two" / "lexicon.tsv").write_text("x\n", encoding="utf-8")
    state = through(rollout)
    assert state.of("two").stage is Stage.HELD
    assert state.status is Status.HEALTHY
    assert "two" not in rollout.champions()


def test_a_pause_by_hand_stops_before_the_next_step(trained: Path, tmp_path: Path) -> None:
    rollout = fresh(trained, tmp_path, steps=[STEPS[0], STEPS[1]])
    ask_to_pause(rollout.folder, rollout.conductor.state())
    state = rollout.conductor.advance()
    assert (state.status, state.step, rollout.champions()) == (Status.PAUSED, 0, {})
    assert rollout.conductor.advance() == state
    rollout.conductor.promote(state)
    state = rollout.conductor.advance()
    assert state.status is Status.HEALTHY
    with pytest.raises(StateError, match="is Healthy; there is nothing to pause"):
        ask_to_pause(rollout.folder, state)


def test_a_pause_that_was_asked_for_before_a_way_back_is_forgotten(trained: Path, tmp_path: Path) -> None:
    rollout = fresh(trained, tmp_path, steps=[STEPS[0]])
    ask_to_pause(rollout.folder, rollout.conductor.state())
    state = rollout.conductor.back(rollout.conductor.state(), Status.DEGRADED, "aborted")
    rollout.conductor.again(state)
    assert rollout.conductor.advance().status is Status.HEALTHY
    with pytest.raises(StateError, match="not paused"):
        rollout.conductor.promote(rollout.conductor.state())


def test_another_plan_in_the_folder_is_refused(trained: Path, tmp_path: Path) -> None:
    rollout = fresh(trained, tmp_path)
    with pytest.raises(StateError, match="another plan"):
        Rollout(tmp_path, "r", limit=30).conductor.begin()
    with pytest.raises(StateError, match="nothing was rolled back"):
        rollout.conductor.again(rollout.conductor.state())
    with pytest.raises(ConfigError, match="no language of this rollout"):
        rollout.conductor.back(rollout.conductor.state(), Status.UNDONE, "", ["three"])


class Killed(BaseException):
    """The process ends here."""


class Fate:
    """Kills at the nth operation, before it or after it; looks at every alias after each."""

    def __init__(self, rollout: Rollout, at: int | None, *, after: bool) -> None:
        self.rollout, self.at, self.after, self.count = rollout, at, after, 0

    def wrap(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.count += 1
            if self.count == self.at and not self.after:
                raise Killed
            found = operation(*arguments, **options)
            for name, version in self.rollout.champions().items():
                self.rollout.registry.manifest(name, version)
            if self.count == self.at:
                raise Killed
            return found

        return wrapped


def carried_out(trained: Path, place: Path, patch: pytest.MonkeyPatch, at: int | None, *, after: bool) -> Any:
    """Carry a rollout out, killed once; return how many operations there were, the end and the aliases."""
    rollout = fresh(trained, place)
    fate = Fate(rollout, at, after=after)
    with patch.context() as during:
        during.setattr(f"{Conductor.__module__}.write_state", fate.wrap(write_state))
        for name in ("add", "switch", "pull"):
            during.setattr(Registry, name, fate.wrap(getattr(Registry, name)))
        with contextlib.suppress(Killed):
            through(rollout)
    end = through(rollout)
    return fate.count, end.model_dump(exclude={"message", "plan"}), rollout.champions()


def test_a_rollout_that_is_killed_ends_as_one_that_is_not(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations, *whole = carried_out(trained, tmp_path / "whole", monkeypatch, None, after=False)
    assert operations >= 25
    for at in range(1, operations + 1, 4):
        for after in (False, True):
            place = tmp_path / f"{at}-{after}"
            _, *again = carried_out(trained, place, monkeypatch, at, after=after)
            assert again == whole, (at, after)


@pytest.mark.slow
def test_a_rollout_may_be_killed_at_any_operation(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations, *whole = carried_out(trained, tmp_path / "whole", monkeypatch, None, after=False)
    for at in range(1, operations + 1):
        for after in (False, True):
            _, *again = carried_out(trained, tmp_path / f"{at}-{after}", monkeypatch, at, after=after)
            assert again == whole, (at, after)
