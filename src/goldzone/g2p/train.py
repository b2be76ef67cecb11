"""From a split lexicon to a trained model: alignment, candidates, samples, backward pipeline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from goldzone.data.alignment import AlignedLexicon, align
from goldzone.data.candidates import CandidateTable, build_candidates
from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.samples import Samples, word_samples
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings
from goldzone.data.split import Split, first_by_hash
from goldzone.data.templates import DEFAULT_TEMPLATES, Templates, parse_templates
from goldzone.errors import DataError
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.model import G2PModel
from goldzone.g2p.scoring import Scores, score_words
from goldzone.hashtron.committee import Committee
from goldzone.training.checkpoint import Restored
from goldzone.training.config import TrainingConfig
from goldzone.training.learners.committee import CommitteeTrainer
from goldzone.training.pipeline import Checkpointer, HeldOut, Outcome
from goldzone.training.runs.events import Event, RunStarted
from goldzone.training.sums.cache import SumCache
from goldzone.training.sweeps import train_sweeps

__all__ = ["PreparedData", "TrainedModel", "evaluate_model", "fingerprint", "prepare", "train_model"]

_DEV_WORDS = 2000
"""Dev words judged after a sweep; more would cost more time than they tell."""


@dataclass(frozen=True, eq=False)
class PreparedData:
    """What the train part is made into before training: a function of words and data settings."""

    aligned: AlignedLexicon
    candidates: CandidateTable
    templates: Templates
    samples: Samples


@dataclass(frozen=True)
class TrainedModel:
    """A model and how its training went; `dev_words` is how many words chose the best sweep."""

    model: G2PModel
    outcome: Outcome[Committee]
    aligned: AlignedLexicon
    dev_words: int
    sums: SumCache


def fingerprint(entries: Sequence[Entry]) -> str:
    """Return the SHA-256 of words and pronunciations in order: the identity of training data."""
    digest = hashlib.sha256()
    encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
    for entry in entries:
        row = (entry.word, entry.letters, entry.pronunciations)
        digest.update(encode(row).encode() + b"\n")
    return digest.hexdigest()


def evaluate_model(model: G2PModel, entries: Sequence[Entry], *, beam: int, threads: int = 1) -> Scores:
    """Say every word and score it against its listed pronunciations; no word is left out."""
    if not entries:
        raise DataError("there is no word to evaluate; give a lexicon with at least one")
    decoder = Decoder(model)
    # Spelled as the model spells, whatever the lexicon was read with.
    words = [decoder.letters(entry.word) for entry in entries]
    answers = decoder.decode(words, beam=beam, threads=threads)
    guesses = [found[0].segments for found in answers]
    return score_words(guesses, [entry.pronunciations for entry in entries])


def prepare(
    train: Lexicon,
    config: TrainingConfig,
    *,
    threads: int = 1,
    report: Callable[[str], None] = lambda stage: None,
) -> PreparedData:
    """Align the words, list the candidates and build the samples.

    Parameters
    ----------
    train : Lexicon
    config : TrainingConfig
        Its sections `data` and `network.templates` are read.
    threads : int
    report : callable
        Gets the name of each stage ("align", "samples").

    Raises
    ------
    DataError
        No word can be aligned.
    """
    report("align")
    aligned = align(train.entries, threads=threads)
    candidates = build_candidates(
        aligned,
        max_candidates=config.data.max_candidates,
        min_count=config.data.min_count,
        min_share=config.data.min_share,
    )
    report("samples")
    templates = parse_templates(config.network.templates or DEFAULT_TEMPLATES)
    samples = word_samples(aligned, candidates, templates, threads=threads)
    return PreparedData(aligned, candidates, templates, samples)


def train_model(
    split: Split[Lexicon],
    config: TrainingConfig,
    *,
    name: str,
    settings: LanguageSettings = DEFAULT_SETTINGS,
    prepared: PreparedData | None = None,
    sums: SumCache | None = None,
    threads: int = 1,
    on_event: Callable[[Event], None] = lambda event: None,
    report: Callable[[str], None] = lambda stage: None,
    keep: Checkpointer[Committee] | None = None,
    restored: Restored[Committee] | None = None,
    check_interrupt: Callable[[], None] = lambda: None,
) -> TrainedModel:
    """Train a committee on the train part and choose its best state on the dev part.

    Parameters
    ----------
    split : Split of Lexicon
        The test part is not looked at. Without dev words the last state is taken.
    config : TrainingConfig
    name : str
        Of the language, for the model's manifest.
    settings : LanguageSettings
        How the lexicon's words were read.
    prepared : PreparedData, optional
        What `prepare` made of the train part, where it is used for several trainings.
    sums : SumCache, optional
        Filled as training goes.
    threads : int
        Changes the speed, never the model.
    on_event : callable
        Gets every event.
    report : callable
        Gets the name of each stage before the first sweep ("align", "samples").
    keep : Checkpointer, optional
        Gets all that is needed to go on after a crash.
    restored : Restored, optional
        Go on from here; its sum cache takes the place of `sums`.
    check_interrupt : callable
        Called between neurons; what it raises ends the training.

    Raises
    ------
    DataError
        No word can be aligned.
    """
    made = prepared or prepare(split.train, config, threads=threads, report=report)
    samples = made.samples
    trainer = CommitteeTrainer(samples, made.templates, config, threads=threads)
    about: dict[str, Any] = {
        "config": config.model_dump(mode="json"),
        "data": {"words": len(split.train.entries), "sha256": fingerprint(split.train.entries)},
    }
    draft = _Draft(name, settings, made, config.credit.temperature, about)
    dev = first_by_hash(split.dev, _DEV_WORDS).entries

    def evaluate() -> HeldOut | None:
        if not dev:
            return None
        model = draft.with_committee(trainer.network(), {})
        scores = evaluate_model(model, dev, beam=config.decoding.beam, threads=threads)
        return HeldOut(scores.word_accuracy, scores.phoneme_error)

    sums = restored.sums if restored else sums or SumCache(trainer.layer_sizes)
    try:
        if restored:
            trainer.restore(restored.network)
        else:
            on_event(
                RunStarted(
                    run=name,
                    config_digest=config.digest(),
                    data_fingerprint=about["data"]["sha256"],
                    layers=trainer.layer_sizes,
                    samples=samples.n_samples,
                    positions=samples.n_positions,
                    train_words=len(split.train.entries),
                    dev_words=len(dev),
                    seed=config.seed,
                    direction=config.pipeline.direction,
                )
            )
        outcome = train_sweeps(
            trainer,
            config,
            run=name,
            sums=sums,
            evaluate=evaluate,
            on_event=on_event,
            keep=keep,
            progress=restored.progress if restored else None,
            check_interrupt=check_interrupt,
        )
    finally:
        trainer.close()
    metrics = {
        "sweep": outcome.sweep,
        "train_word_accuracy": round(outcome.train.word_accuracy, 6),
        "dev_word_accuracy": None if outcome.held_out is None else round(outcome.held_out.word_accuracy, 6),
        "dev_phoneme_error": None if outcome.held_out is None else round(outcome.held_out.phoneme_error, 6),
    }
    return TrainedModel(draft.with_committee(outcome.network, metrics), outcome, made.aligned, len(dev), sums)


@dataclass(frozen=True)
class _Draft:
    """A model without its network."""

    name: str
    settings: LanguageSettings
    made: PreparedData
    temperature: float
    about: dict[str, Any]

    def with_committee(self, committee: Committee, metrics: dict[str, Any]) -> G2PModel:
        aligned = self.made.aligned
        number = {segment: index for index, segment in enumerate(aligned.segments)}
        # Unknown letters say nothing, so the empty chunk must be there even where no known letter is silent.
        chunks = aligned.chunks if () in aligned.chunks else (*aligned.chunks, ())
        return G2PModel(
            name=self.name,
            settings=self.settings,
            letters=aligned.letters,
            segments=aligned.segments,
            chunks=tuple(tuple(number[segment] for segment in chunk) for chunk in chunks),
            candidates=self.made.candidates,
            templates=self.made.templates,
            committee=committee,
            temperature=self.temperature,
            about={**self.about, "metrics": metrics},
        )
