"""Phonemizers as a task: what a run of any task needs to know of words, candidates and committees."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.rows import ReadReport
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings
from goldzone.data.split import Split, first_by_hash, split_around, word_keys
from goldzone.errors import DataError, StateError
from goldzone.g2p.beam_trainer import STEPS_A_NAT, BeamTrainer
from goldzone.g2p.confidence import best_spread
from goldzone.g2p.evaluation import evaluate_model
from goldzone.g2p.known_words import write_known_words
from goldzone.g2p.lessons import lessons_of
from goldzone.g2p.model import G2PModel, write_model
from goldzone.g2p.prepared_data import PreparedData, fingerprint, network_templates, prepare
from goldzone.g2p.scoring import Scores
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.neuron import AnyNeuron, BitTable, GradedTable, Hashtron
from goldzone.training.config import TrainingConfig
from goldzone.training.control.ladder import for_words
from goldzone.training.control.phases import change_noise
from goldzone.training.learners.committee import CommitteeTrainer, assign_templates
from goldzone.training.pipeline import HeldOut, Hooks, Outcome, Progress
from goldzone.training.runner import train_prepared
from goldzone.training.runs.events import RunStarted
from goldzone.training.shares import Share
from goldzone.training.sums.cache import SumCache
from goldzone.training.sums.carry import carried_over
from goldzone.training.sweeps import train_sweeps
from goldzone.training.task import PartResult

__all__ = ["PhonemizerTask", "PreparedPhonemizer", "TrainedModel", "train_model"]

_STATE_FORMAT: Final = "goldzone-state-5"
"""Part of a state's identity: a change of what training does with the same state changes it."""

_NO_EFFECT: Final = (
    "the sums of the earlier run steer nothing: give capacity.controller law or selection.strategy gold_zone"
)
_LEAST_WORDS: Final = 50
"""Of which some are dev and test words almost surely."""

_DOUBT: Final = 2.0
"""Standard errors of a change that count as none."""

_DEV_WORDS: Final = 2000
"""Dev words evaluated after a sweep; more would cost more time than they tell."""
_SHOWN_WORDS: Final = 1000
"""Train words said after a sweep: their share is exact to three points, and costs little."""


@dataclass(frozen=True, eq=False)
class PhonemizerTask:
    """A phonemizer to be trained (`goldzone.training.task.Task`)."""

    name: str
    """Of the language, for the model's manifest."""
    split: Split[Lexicon]
    """Without dev words the last state is taken."""
    config: TrainingConfig
    settings: LanguageSettings = DEFAULT_SETTINGS
    """How the lexicon's words were read."""
    rows: ReadReport = field(default_factory=ReadReport)
    """What reading the lexicon used and skipped."""
    left_out: int = 0
    """Words of the lexicon that are not trained on, because they are among dev or test words of their own."""
    judged: Mapping[str, Any] | None = None
    """Of a task of all words: what a model came to that had not met those held out."""
    sums_before: SumCache | None = None
    """Sums of an earlier run of the same network, by which selection and capacity begin."""

    @classmethod
    def of(
        cls,
        lexicon: Lexicon,
        config: TrainingConfig,
        *,
        dev: Lexicon | None = None,
        test: Lexicon | None = None,
        settings: LanguageSettings = DEFAULT_SETTINGS,
        limit: int | None = None,
        sums_before: SumCache | None = None,
    ) -> PhonemizerTask:
        """Split a lexicon (`goldzone.data.split.split_around`).

        Parameters
        ----------
        lexicon : Lexicon
        config : TrainingConfig
        dev, test : Lexicon, optional
            Held-out words that were chosen by hand.
        settings : LanguageSettings
        limit : int, optional
            Most train words, the first by hash; of dev and test words that come from the lexicon too, the
            same share is taken.
        sums_before : SumCache, optional
            Of an earlier run of the same network.

        Raises
        ------
        StateError
            The sums are of another network.
        """
        split = split_around(lexicon, dev=dev, test=test, fractions=config.data.fractions)
        own = (True, dev is None, dev is None and test is None)
        parts = (split.train, split.dev, split.test)
        left_out = len(lexicon) - sum(len(part) for part, taken in zip(parts, own, strict=True) if taken)
        if limit is not None and limit < len(split.train):
            share = limit / len(split.train)
            split = Split(
                *(
                    first_by_hash(part, max(1, round(share * len(part)))) if taken else part
                    for part, taken in zip(parts, own, strict=True)
                )
            )
        task = cls(lexicon.name, split, config, settings, lexicon.report, left_out, sums_before=sums_before)
        if sums_before is not None:
            task.initial_sums()  # refused here, before anything is written
        return task

    def of_all_words(self, sweeps: int, judged: Mapping[str, Any]) -> PhonemizerTask:
        """Return the task that learns dev and test words too, in so many sweeps.

        Parameters
        ----------
        sweeps : int
            Those after which the dev words were said best.
        judged : mapping
            What that model came to; the model of all words tells it too.
        """
        pipeline = self.config.pipeline.model_copy(update={"sweeps": sweeps})
        train, dev, test = self.split.train, self.split.dev, self.split.test
        nothing = replace(train, entries=())
        everything = replace(train, entries=(*train.entries, *dev.entries, *test.entries))
        return replace(
            self,
            split=Split(everything, nothing, nothing),
            config=self.config.model_copy(update={"pipeline": pipeline}),
            left_out=0,
            judged=dict(judged),
        )

    @cached_property
    def data_fingerprint(self) -> str:
        """SHA-256 of the train words in hex."""
        return fingerprint(self.split.train.entries)

    @cached_property
    def identity(self) -> str:
        """Names all that a state, and the model that will come of it, depend on."""
        manifest = json.dumps([self.name, asdict(self.settings)]).encode()
        dev = fingerprint(self.split.dev.entries)
        parts = [_STATE_FORMAT, self.config.digest(), self.data_fingerprint, dev]
        if self.sums_before is not None:
            parts.append(hashlib.sha256(self.sums_before.snapshot()).hexdigest())
        return ":".join([*parts, hashlib.sha256(manifest).hexdigest()])

    def initial_sums(self) -> SumCache:
        """Return the sums that training begins with.

        Raises
        ------
        StateError
            Those of an earlier run are of another network.
        """
        if self.sums_before is None:
            return SumCache(self.layer_sizes, identity=self.identity)
        if self.sums_before.layers != self.layer_sizes:
            raise StateError(
                f"sums of an earlier run: are of a network of {self.sums_before.layers} neurons, this one "
                f"has {self.layer_sizes}; give a run of the same templates and neurons"
            )
        return carried_over(self.sums_before, self.identity)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """The context neurons, and the final one."""
        return self.config.context_neurons(), 1

    @property
    def score_name(self) -> str:
        """What the score is called in JSON."""
        return "word_accuracy"

    @property
    def warnings(self) -> Sequence[str]:
        """What reading the lexicon skipped, and what is left to dev and test words."""
        skipped = ((self.rows.summary(),) if self.rows.skipped else ()) + self.rows.notes
        if self.sums_before is not None and not self.config.steered_by_sums:
            skipped += (_NO_EFFECT,)
        if not self.left_out:
            return skipped
        return (*skipped, f"{self.left_out:,} words are among the dev or test words and are not trained on")

    def neurons_of(self, network: Committee) -> Sequence[AnyNeuron]:
        """Return the context neurons and the final one."""
        return *network.tables, network.final

    def network_of(self, neurons: Sequence[AnyNeuron]) -> Committee:
        """Put a committee together.

        Raises
        ------
        StateError
            The neurons are not those of a committee.
        """
        *tables, final = neurons
        kind = GradedTable if self.config.credit.kind == "beam" else BitTable
        context = tuple(table for table in tables if isinstance(table, kind))
        if not isinstance(final, Hashtron) or len(context) != len(tables):
            raise StateError(f"{self.name}: the state holds other neurons than a committee has; use --force")
        template_of = assign_templates(network_templates(self.config), len(context))
        return Committee(tuple(template_of.tolist()), context, final)

    def test_model(self, model: G2PModel, *, threads: int = 1) -> PartResult | None:
        """Judge a model on the test words; None without any."""
        entries = self.split.test.entries
        if not entries:
            return None
        scores = evaluate_model(model, entries, beam=self.config.decoding.beam, threads=threads)
        wrong = scores.word_error_interval
        interval = (1 - wrong.high, 1 - wrong.low)
        return PartResult(scores.words, scores.word_accuracy, interval, scores.to_json())

    def prepare(
        self, threads: int = 1, on_stage: Callable[[str], None] = lambda name: None
    ) -> PreparedPhonemizer:
        """Align the words and build the samples.

        Raises
        ------
        DataError
            No word can be aligned.
        """
        if not self.split.train.entries:
            count = sum(map(len, (self.split.train, self.split.dev, self.split.test)))
            words = "1 word" if count == 1 else f"{count} words"
            raise DataError(
                f"{self.name}: {words}, none of them to be trained on; give at least {_LEAST_WORDS}, "
                "or other data.fractions"
            )
        data = prepare(self.split.train, self.config, threads=threads, on_stage=on_stage)
        return PreparedPhonemizer(self, data, threads)


class PreparedPhonemizer:
    """A phonemizer whose words are aligned (`goldzone.training.task.PreparedTask`).

    Parameters
    ----------
    task : PhonemizerTask
    data : PreparedData
        What `goldzone.g2p.prepared_data.prepare` made of the train part; it may serve several trainings.
    threads : int
        Changes the speed, never the model.
    """

    def __init__(self, task: PhonemizerTask, data: PreparedData, threads: int = 1) -> None:
        self._task = task
        self._threads = threads
        self._config = for_words(task.config, len(task.split.train))
        self._trainer = _make_trainer(data, self._config, threads)
        self._dev = first_by_hash(task.split.dev, _DEV_WORDS).entries
        self._shown = first_by_hash(task.split.train, _SHOWN_WORDS).entries
        self._spread: float | None = None
        self.data = data

    @property
    def started(self) -> RunStarted:
        """The event that begins the run."""
        task, aligned = self._task, self.data.aligned
        return RunStarted(
            run=task.name,
            config_digest=task.config.digest(),
            data_fingerprint=task.data_fingerprint,
            layers=self._trainer.layer_sizes,
            samples=int(np.diff(self.data.candidates.offsets)[aligned.letter].sum()),
            positions=aligned.letter.size,
            train_examples=len(task.split.train.entries),
            dev_examples=len(self._dev),
            seed=task.config.seed,
            direction=task.config.pipeline.direction,
            unit="words",
            identity=task.identity,
            carried_sums=0 if task.sums_before is None else len(task.initial_sums()),
        )

    @property
    def warnings(self) -> Sequence[str]:
        """The pronunciations that cannot be aligned, counted."""
        unalignable = self.data.aligned.unalignable
        return (unalignable.summary(),) if unalignable.count else ()

    @property
    def details(self) -> dict[str, Any]:
        """Rows of the lexicon, pronunciations that cannot be aligned, and a word to try."""
        split = self._task.split
        return {
            "rows": asdict(self._task.rows),
            "unalignable": self.data.aligned.unalignable.count,
            "example": (split.test.entries or split.train.entries)[0].word,
        }

    def restore(self, network: Committee, memory: Mapping[str, bytes]) -> None:
        """Take up the network of a run that is resumed, and what its trainer needs besides."""
        self._trainer.restore(network, memory)

    def train(
        self, hooks: Hooks[Committee], *, sums: SumCache, progress: Progress[Committee] | None = None
    ) -> Outcome[Committee]:
        """Train from where the run stands to its end."""
        task = self._task
        return train_sweeps(self._trainer, self._config, hooks, run=task.name, sums=sums, progress=progress)

    def evaluate(self, network: Committee) -> HeldOut | None:
        """Say the dev words; of networks with as many right, that with the fewest wrong sounds is best.

        Graded neurons are the mean of sweeps, and better with each: one is given up for an earlier one only
        where the dev words speak against it beyond doubt.
        """
        if not self._dev:
            return None
        scores = self._say(network, self._dev)
        metrics = {"word_accuracy": scores.word_accuracy, "phoneme_error": scores.phoneme_error}
        noise = _DOUBT * change_noise(len(self._dev)) if network.graded else 0.0
        return HeldOut(scores.word_accuracy, -scores.phoneme_error, metrics, noise)

    def judge_train(self, network: Committee) -> Share | None:
        """Say up to 1,000 train words, chosen by a hash, as `goldzone phonemize` would."""
        said = self._say(network, self._shown)
        return Share(round(said.word_accuracy * said.words), said.words)

    def _say(self, network: Committee, entries: Sequence[Entry]) -> Scores:
        beam = self._task.config.decoding.beam
        return evaluate_model(self.model(network, {}), entries, beam=beam, threads=self._threads)

    def model(self, network: Committee, metrics: dict[str, Any]) -> G2PModel:
        """Return a model with a network and what it came to."""
        task, aligned = self._task, self.data.aligned
        about = {
            "config": task.config.model_dump(mode="json"),
            "data": {"words": len(task.split.train.entries), "sha256": task.data_fingerprint},
            "metrics": metrics,
        }
        if task.judged is not None:
            about["judged"] = dict(task.judged)
        return G2PModel(
            name=task.name,
            settings=task.settings,
            letters=aligned.letters,
            segments=aligned.segments,
            chunks=self.data.chunks,
            candidates=self.data.candidates,
            classes=self.data.classes,
            templates=self.data.templates,
            committee=network,
            temperature=float(STEPS_A_NAT) if network.graded else task.config.credit.temperature,
            about=about,
            parted_marks=self.data.parted_marks,
            notation=task.split.train.notation,
        )

    def trained_model(self, outcome: Outcome[Committee]) -> G2PModel:
        """Return the model of a run's best state, with the spread that its dev words ask for."""
        held_out = outcome.held_out
        model = self.model(
            outcome.network,
            {
                "sweep": outcome.sweep,
                "train_word_accuracy": round(outcome.train.score, 6),
                "dev_word_accuracy": None if held_out is None else round(held_out.score, 6),
                "dev_phoneme_error": None
                if held_out is None
                else round(held_out.metrics["phoneme_error"], 6),
            },
        )
        if self._spread is None:
            judged, beam = self._task.judged, self._task.config.decoding.beam
            self._spread = judged["spread"] if judged else best_spread(model, self._dev, beam=beam)
        return replace(model, spread=self._spread)

    def write_model(self, outcome: Outcome[Committee], path: Path) -> str:
        """Write the model, and beside it which words it has met; return the model's SHA-256 in hex."""
        write_known_words(path, word_keys(self._task.split.train))
        return write_model(path, self.trained_model(outcome))

    def test(self, outcome: Outcome[Committee]) -> PartResult | None:
        """Say the test words; None without any."""
        return self._task.test_model(self.trained_model(outcome), threads=self._threads)

    def close(self) -> None:
        """End the worker threads."""
        self._trainer.close()


def _make_trainer(data: PreparedData, config: TrainingConfig, threads: int) -> BeamTrainer | CommitteeTrainer:
    if config.credit.kind != "beam":
        return CommitteeTrainer(data.samples, data.templates, config, threads=threads)
    return BeamTrainer(data.language, lessons_of(data.aligned), data.samples, config, threads=threads)


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model, how its training went, and its sums."""

    model: G2PModel
    outcome: Outcome[Committee]
    sums: SumCache


def train_model(
    task: PhonemizerTask,
    hooks: Hooks[Committee] | None = None,
    *,
    data: PreparedData | None = None,
    sums: SumCache | None = None,
    threads: int = 1,
) -> TrainedModel:
    """Train without a run folder: the best state on the dev part, the test part not looked at.

    Parameters
    ----------
    task : PhonemizerTask
    hooks : Hooks, optional
        Its `evaluate` and `judge_train` are the task's own, whatever is given.
    data : PreparedData, optional
        Of the train part, where it is used for several trainings.
    sums : SumCache, optional
        Filled as training goes.
    threads : int
        Changes the speed, never the model.

    Raises
    ------
    DataError
        No word can be aligned.
    """
    prepared = PreparedPhonemizer(task, data, threads) if data else task.prepare(threads)
    sums = sums or task.initial_sums()
    try:
        hooks = replace(hooks or Hooks(), evaluate=prepared.evaluate, judge_train=prepared.judge_train)
        outcome = train_prepared(prepared, hooks, sums)
    finally:
        prepared.close()
    return TrainedModel(prepared.trained_model(outcome), outcome, sums)
