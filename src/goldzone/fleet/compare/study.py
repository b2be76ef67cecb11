"""A comparison from its plan to its report: what is trained, what is there, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from goldzone.errors import ConfigError, GoldzoneError
from goldzone.fleet.compare.analysis import (
    LEAST_PAIRS,
    compare_language,
    compare_languages,
    compare_pairs,
    figures,
    word_changes,
)
from goldzone.fleet.compare.arms import Arm
from goldzone.fleet.compare.judging import Said, Trained, say
from goldzone.fleet.compare.plan import Pair, arm_jobs, find_model, find_sources, pair_languages
from goldzone.fleet.compare.results import LanguageComparison, OneArm, Report, WordChange
from goldzone.fleet.jobs import LanguageJob
from goldzone.fleet.results import FleetSummary
from goldzone.fleet.word_source import WordSource
from goldzone.training.runs.model_files import judged_model_file

__all__ = ["Study"]

_Found: TypeAlias = "tuple[list[list[Trained]], Said, Said | None]"


@dataclass(frozen=True)
class Study:
    """A comparison; `planned` makes one.

    What `batches` tells is to be trained, each batch is given to `take`, then `judge` makes the report.
    """

    arms: tuple[Arm, Arm]
    sources: Sequence[WordSource]
    out: Path
    seeds: int
    limit: int | None = None
    force: bool = False
    pairs: Sequence[Pair] = ()
    """Where each arm is given half of the languages."""
    _trained: dict[tuple[int, str], list[Trained]] = field(default_factory=dict)
    """By arm and language: a model a seed."""
    _failures: dict[str, str] = field(default_factory=dict)

    @classmethod
    def planned(
        cls,
        arms: tuple[Arm, Arm],
        languages: Sequence[str],
        dataset: Path | None,
        out: Path,
        *,
        seeds: int = 1,
        limit: int | None = None,
        force: bool = False,
        stratified: bool = False,
    ) -> Study:
        """Find words and models.

        Parameters
        ----------
        arms : pair of Arm
        languages : sequence of str
            As for `find_sources`.
        dataset : path, optional
        out : path
            The folder of the runs.
        seeds : int
            Trainings of each arm.
        limit : int, optional
            Most words that are trained on.
        force : bool
            Replace runs that are there.
        stratified : bool
            Train each language with one arm only, half of them with each.

        Raises
        ------
        DataError
            The words are not there.
        ConfigError
            The options do not go together.
        StateError
            A model is not there.
        """
        sources = find_sources(languages, dataset)
        there = [arm for arm in arms if arm.config is None]
        if there and seeds > 1:
            raise ConfigError(f"--seeds: {there[0].name} is trained already; leave --seeds out")
        pairs: list[Pair] = []
        if stratified:
            if there or seeds > 1:
                raise ConfigError("--stratified: is for arms that are trained, once each")
            pairs, left = pair_languages({each.name: each.count_rows() for each in sources})
            if len(pairs) < LEAST_PAIRS:
                raise ConfigError(
                    f"--stratified: {len(sources)} languages cannot show anything; "
                    f"give {2 * LEAST_PAIRS} or more, or train both arms on each"
                )
            sources = [each for each in sources if each.name != left]
        study = cls(arms, sources, out, seeds, limit, force, pairs)
        for number, arm in enumerate(arms):
            if arm.config is None:
                for source in sources:
                    model = find_model(arm, source.name, alone=len(sources) == 1)
                    study._trained[number, source.name] = [Trained(model)]
        return study

    def batches(self) -> Iterator[tuple[int, str, list[LanguageJob]]]:
        """Return what is to be trained: arm, what to call it, and jobs whose languages are distinct."""
        for number, arm in enumerate(self.arms):
            for seed in range(self.seeds if arm.config else 0):
                sources = [each for each in self.sources if number in self._arms_of(each.name)]
                jobs = arm_jobs(arm, sources, self.out, seed=seed, limit=self.limit, force=self.force)
                yield number, f"{arm.name}, training {seed + 1} of {self.seeds}", jobs

    def take(self, arm: int, found: FleetSummary) -> None:
        """Take what became of a batch."""
        for result in found.results:
            model = judged_model_file(result.run)
            self._trained.setdefault((arm, result.name), []).append(
                Trained(model, result.seconds, result.peak_memory)
            )
        for failure in found.failures:
            self._failures.setdefault(failure.name, f"{self.arms[arm].name}: {failure.message}")

    def judge(
        self, *, margin: float = 0.0, new: bool = False, threads: int = 1
    ) -> tuple[Report, dict[str, list[WordChange]]]:
        """Compare all languages whose models are there.

        Parameters
        ----------
        margin : float
            By how much less word accuracy counts as no worse.
        new : bool
            As for `say`.
        threads : int

        Returns
        -------
        report : Report
        changes : dict
            By language, the words that one arm says right more often.
        """
        said = {}
        for source in self.sources:
            trained = [self._trained.get((arm, source.name), []) for arm in self._arms_of(source.name)]
            if source.name in self._failures:
                continue
            try:
                said[source.name] = trained, *say(trained, source.read(), new=new, threads=threads)
            except GoldzoneError as error:
                self._failures[source.name] = str(error)
        if self.pairs:
            return self._judge_halves(said, margin), {}
        measured = [
            compare_language(name, trained, held_out, learnt, margin=margin)
            for name, (trained, held_out, learnt) in said.items()
        ]
        report = self._report(margin, None)
        if measured:
            languages, overall = compare_languages(measured, margin=margin)
            report = replace(report, languages=languages, overall=overall)
        return report, {name: word_changes(held_out) for name, (_, held_out, _) in said.items()}

    def _judge_halves(self, said: Mapping[str, _Found], margin: float) -> Report:
        found = {
            name: (held_out.wrong.shape[-1], figures(0, trained[0], held_out, learnt))
            for name, (trained, held_out, learnt) in said.items()
        }
        halves = tuple(
            OneArm(name, self.arms[self._arms_of(name)[0]].name, *found[name]) for name in sorted(found)
        )
        whole = [pair for pair in self.pairs if pair.first in found and pair.second in found]
        overall = compare_pairs(whole, found, margin=margin) if len(whole) >= LEAST_PAIRS else None
        return replace(self._report(margin, overall), halves=halves)

    def _report(self, margin: float, overall: LanguageComparison | None) -> Report:
        first, second = self.arms
        return Report(
            arms=(first.name, second.name), margin=margin, overall=overall, failures=dict(self._failures)
        )

    def _arms_of(self, language: str) -> Sequence[int]:
        """Return the arms that a language is trained with."""
        if not self.pairs:
            return 0, 1
        return (0,) if any(pair.first == language for pair in self.pairs) else (1,)
