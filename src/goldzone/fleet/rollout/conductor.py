"""Carries out a rollout: each operation can be repeated, and the state is written after it.

So a rollout that is killed goes on where it was, and the registry's aliases, which move at one moment, stand
for a whole model at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from goldzone.errors import ConfigError, StateError
from goldzone.fleet.compare.analysis import compare_language
from goldzone.fleet.compare.arms import Arm, with_settings
from goldzone.fleet.compare.evidence import mean_test
from goldzone.fleet.compare.judging import Trained, say
from goldzone.fleet.compare.plan import arm_jobs, find_sources
from goldzone.fleet.compare.verdict import Verdict, decide
from goldzone.fleet.jobs import LanguageJob
from goldzone.fleet.registry.registry import Registry
from goldzone.fleet.rollout.plan import Plan, in_order, taken
from goldzone.fleet.rollout.state import (
    PAUSE,
    STATE,
    Language,
    Stage,
    State,
    Status,
    read_state,
    write_state,
)
from goldzone.fleet.word_source import WordSource
from goldzone.storage.files import write_atomically
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.event_log import last_event
from goldzone.training.runs.events import RunFinished
from goldzone.training.runs.model_files import judged_model_file
from goldzone.training.runs.run_parts import EVENTS

__all__ = ["CHALLENGER", "CHAMPION", "Conductor", "TrainAll", "ask_to_pause"]

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
_FEW: Final = 2

TrainAll = Callable[[Sequence[LanguageJob]], dict[str, str]]
"""Trains, and returns what failed: a reason by language."""
Check = Callable[[Path], Mapping[str, str]]
"""Returns the criteria that a run fails, with what was measured."""


class Conductor:
    """One rollout at work.

    Parameters
    ----------
    plan : Plan
    folder : Path
        Holds the state and the runs.
    train, check : callable
    now : callable
        Seconds since 1970.
    threads : int
    on_change : callable
        Gets each state that was written.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        train: TrainAll,
        check: Check,
        *,
        now: Callable[[], float] = time.time,
        threads: int = 1,
        on_change: Callable[[State], None] = lambda state: None,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._train = train
        self._check = check
        self._now = now
        self._threads = threads
        self._on_change = on_change
        self._wanted = folder / PAUSE
        self._registry = Registry(plan.registry)
        base = TrainingConfig()
        self._arms = {
            name: Arm(name, with_settings(base, text, name))
            for name, text in (("stable", plan.stable), ("canary", plan.canary))
        }

    @cached_property
    def _sources(self) -> dict[str, WordSource]:
        """The lexicons, looked for when they are needed: the way back needs none."""
        dataset = Path(self._plan.dataset) if self._plan.dataset else None
        return {source.name: source for source in find_sources(self._plan.languages, dataset)}

    def begin(self) -> State:
        """Write the first state, unless there is one of the same plan.

        Raises
        ------
        StateError
            The folder holds the rollout of another plan.
        """
        path = self._folder / STATE
        if path.is_file():
            state = read_state(path)
            if state.plan != self._plan.digest:
                raise StateError(f"{self._folder}: holds the rollout of another plan; choose another folder")
            return state
        self._folder.mkdir(parents=True, exist_ok=True)
        rows = {name: source.count_rows() for name, source in self._sources.items()}
        return self._write(State(plan=self._plan.digest, order=tuple(in_order(rows, self._plan.staging))))

    def state(self) -> State:
        """Return where the rollout stands."""
        return read_state(self._folder / STATE)

    def advance(self) -> State:
        """Go on until a pause, a failed analysis, or the end."""
        state = self.state()
        while state.status in {Status.PROGRESSING, Status.PAUSED}:
            if state.step >= len(self._plan.steps):
                return self._write(_with(state, status=Status.HEALTHY, message="all steps are done"))
            step = self._plan.steps[state.step]
            if self._wanted.is_file():
                self._wanted.unlink()
                return self._write(_with(state, status=Status.PAUSED, until=None, message="paused by hand"))
            if state.status is Status.PAUSED and step.pause is None:
                return state  # by hand
            if step.pause is not None:
                if state.status is Status.PROGRESSING:
                    seconds = step.pause.seconds
                    until = None if seconds is None else self._now() + seconds
                    state = self._write(_with(state, status=Status.PAUSED, until=until, message=step.title))
                if state.until is None or self._now() < state.until:
                    return state
            elif step.set_weight is not None:
                state = self._shift(state, taken(state.order, step.set_weight, self._plan.staging))
            elif (problem := self._analyse(state)) is not None:
                return self.back(state, Status.DEGRADED, f"analysis failed: {problem}")
            state = self._write(
                _with(state, status=Status.PROGRESSING, step=state.step + 1, until=None, message=step.title)
            )
        return state

    def promote(self, state: State) -> State:
        """Leave a pause.

        Raises
        ------
        StateError
            There is none.
        """
        if state.status is not Status.PAUSED:
            raise StateError(f"{self._folder}: is {state.status}, not paused; nothing to promote")
        is_step = self._plan.steps[state.step].pause is not None  # else it was paused by hand
        return self._write(
            _with(
                state,
                status=Status.PROGRESSING,
                step=state.step + is_step,
                until=None,
                message="promoted",
            )
        )

    def back(self, state: State, status: Status, why: str, languages: Sequence[str] | None = None) -> State:
        """Let aliases stand for what they stood for before the rollout: of all languages, or of some.

        Raises
        ------
        ConfigError
            A language is none of the rollout's.
        """
        for name in languages or ():
            if name not in state.order:
                raise ConfigError(f"{name}: is no language of this rollout")
        if languages is None:  # first: who is killed on the way back must not go forward again
            state = self._write(_with(state, status=status, until=None, message=why))
        for name in languages or state.order:
            found = state.of(name)
            if found.stage in {Stage.PROMOTED, Stage.JUDGED} and found.before is not None:
                if self._champion(name) == found.version:  # what somebody put there since stays
                    self._stand_for(name, found.before, why)
                state = self._write(state.having(name, found.model_copy(update={"stage": Stage.BACK})))
        return state

    def again(self, state: State) -> State:
        """Begin again after a way back: what was judged good is taken over, what was held is judged again.

        Raises
        ------
        StateError
            Nothing was rolled back.
        """
        if state.status not in {Status.DEGRADED, Status.UNDONE} and not state.count(Stage.BACK):
            raise StateError(f"{self._folder}: is {state.status}, and nothing was rolled back")
        self._wanted.unlink(missing_ok=True)  # that was asked of what is over
        kept = {
            name: each.model_copy(update={"stage": Stage.JUDGED}) if each.stage is Stage.BACK else each
            for name, each in state.languages.items()
            if each.stage is not Stage.HELD
        }
        return self._write(
            _with(
                state,
                status=Status.PROGRESSING,
                step=0,
                until=None,
                languages=kept,
                message="begun again",
            )
        )

    def _shift(self, state: State, names: Sequence[str]) -> State:
        """Take languages over, those that pass their gates."""
        for name in names:
            found = state.of(name)
            if found.stage is Stage.JUDGED:
                state = self._promote(state, name, found)
        todo = [name for name in names if state.of(name).stage is Stage.WAITING]
        if not todo:
            return state
        failed = self._train(self._jobs("canary", todo))
        without = [name for name in todo if self._champion(name) is None]
        failed |= self._train(self._jobs("stable", without)) if without else {}
        for name in todo:
            found = state.of(name)
            if name in failed:
                held = Language(stage=Stage.HELD, reasons=(failed[name],))
                state = self._write(state.having(name, held))
                continue
            if found.stage is Stage.WAITING:
                found = self._judge(name)
                state = self._write(state.having(name, found))
            if found.stage is Stage.JUDGED:
                state = self._promote(state, name, found)
        return state

    def _jobs(self, arm: str, names: Sequence[str]) -> list[LanguageJob]:
        sources = [self._sources[name] for name in names]
        return arm_jobs(self._arms[arm], sources, self._folder / "runs", seed=0, limit=self._plan.limit)

    def _run(self, arm: str, name: str) -> Path:
        (job,) = self._jobs(arm, [name])
        return Path(job.run)

    def _champion(self, name: str) -> str | None:
        """Return the version that users have; None of a language that the registry does not know."""
        if name not in self._registry.languages():
            return None
        aliases = self._registry.state(name).aliases
        return aliases[CHAMPION][-1] if aliases.get(CHAMPION) else None

    def _judge(self, name: str) -> Language:
        """Add both models to the registry, and hold the new one against its gates."""
        plan, canary = self._plan, self._run("canary", name)
        before = self._champion(name)
        if before is None:
            _, before = self._registry.add(self._run("stable", name), language=name, why=plan.name)
            self._stand_for(name, before, "as it was before")
        _, version = self._registry.add(canary, language=name, why=plan.name)
        self._registry.switch(name, CHALLENGER, version, why="to be judged", plan=plan.name)
        champion = self._folder / "champions" / before / name.replace("/", "_")
        if not champion.is_dir():
            self._registry.pull(f"{name}@{before}", champion)
        trained = [[Trained(judged_model_file(folder))] for folder in (canary, champion)]
        lexicon = self._sources[name].read()
        held_out, learnt = say(trained, lexicon, threads=self._threads)
        found = compare_language(name, trained, held_out, learnt, margin=plan.gates.margin).comparison
        failed = self._check(canary)
        reasons = [f"{name}: {failed[name]}" for name in plan.gates.criteria if name in failed]
        if found.verdict is Verdict.FAILED:
            reasons.append(f"words right: {found.word_accuracy.value:+.1%} against {before}")
        if found.arms[0].bytes > plan.gates.most_bytes * found.arms[1].bytes:
            reasons.append(f"bytes: {found.arms[0].bytes:,.0f}, the champion has {found.arms[1].bytes:,.0f}")
        took, usual = (_seconds(folder) for folder in (canary, champion))
        if took and usual and took > plan.gates.most_seconds * max(1.0, usual):
            reasons.append(f"time: {took:.1f} s, the champion took {usual:.1f} s")
        return Language(
            stage=Stage.HELD if reasons else Stage.JUDGED,
            before=before,
            version=version,
            difference=found.word_accuracy.value,
            reasons=tuple(reasons),
        )

    def _promote(self, state: State, name: str, found: Language) -> State:
        if found.version is not None:
            self._stand_for(name, found.version, "promoted")
        return self._write(state.having(name, found.model_copy(update={"stage": Stage.PROMOTED})))

    def _stand_for(self, name: str, version: str, why: str) -> None:
        """Move the champion, unless it stands there already: the operation may be repeated."""
        if self._champion(name) != version:
            self._registry.switch(name, CHAMPION, version, why=why, plan=self._plan.name)

    def _analyse(self, state: State) -> str | None:
        """Say why the rollout must not go on; None if it may."""
        gates = self._plan.gates
        judged = [found for found in state.languages.values() if found.stage is not Stage.WAITING]
        held = sum(found.stage is Stage.HELD for found in judged)
        if judged and held > gates.most_held * len(judged):
            return f"{held} of {len(judged)} languages fail their gates"
        differences = [found.difference for found in judged if found.difference is not None]
        if len(differences) > _FEW:
            interval, p = mean_test(differences, null=-gates.margin)
            if decide(interval, p, margin=gates.margin) is Verdict.FAILED:
                mean = sum(differences) / len(differences)
                return f"{mean:+.1%} of the words right over {len(differences)} languages"
        return None

    def _write(self, state: State) -> State:
        write_state(self._folder / STATE, state)
        self._on_change(state)
        return state


def ask_to_pause(folder: Path, state: State) -> None:
    """Let whoever conducts a rollout stop before its next step; for another process than that one.

    Raises
    ------
    StateError
        It has come to its end.
    """
    if state.status not in {Status.PROGRESSING, Status.PAUSED}:
        raise StateError(f"{folder}: is {state.status}; there is nothing to pause")
    write_atomically(folder / PAUSE, b"", error=StateError)


def _with(state: State, **fields: object) -> State:
    return state.model_copy(update=fields)


def _seconds(run: Path) -> float | None:
    """Return how long a run's training took, where its log tells."""
    log = run / EVENTS
    finished = last_event(log) if log.is_file() else None
    return finished.seconds if isinstance(finished, RunFinished) else None
