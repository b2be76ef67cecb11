"""What a lexicon's train part is made into before training: alignment, candidates, samples."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from goldzone.data.alignment import AlignedLexicon, align
from goldzone.data.candidates import CandidateTable, build_candidates
from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.samples import Samples, word_samples
from goldzone.data.sound_classes import SoundClasses, sound_classes
from goldzone.data.templates import DEFAULT_TEMPLATES, Templates, parse_templates
from goldzone.training.config import TrainingConfig

__all__ = ["PreparedData", "fingerprint", "network_templates", "prepare"]


@dataclass(frozen=True, eq=False)
class PreparedData:
    """A function of the train words, the data settings and the templates."""

    aligned: AlignedLexicon
    classes: SoundClasses
    candidates: CandidateTable
    templates: Templates
    samples: Samples


def fingerprint(entries: Sequence[Entry]) -> str:
    """Return the SHA-256 of words and pronunciations in order: the identity of training data."""
    digest = hashlib.sha256()
    encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
    for entry in entries:
        row = (entry.word, entry.letters, entry.pronunciations)
        digest.update(encode(row).encode() + b"\n")
    return digest.hexdigest()


def network_templates(config: TrainingConfig) -> Templates:
    """Return the configured templates, or the built-in set."""
    return parse_templates(config.network.templates or DEFAULT_TEMPLATES)


def prepare(
    train: Lexicon,
    config: TrainingConfig,
    *,
    threads: int = 1,
    on_stage: Callable[[str], None] = lambda name: None,
) -> PreparedData:
    """Align the words, list the candidates and build the samples.

    Parameters
    ----------
    train : Lexicon
    config : TrainingConfig
        Its sections `data` and `network.templates` are read.
    threads : int
    on_stage : callable
        Gets the name of each stage.

    Raises
    ------
    DataError
        No word can be aligned.
    """
    on_stage("aligning letters and sounds")
    aligned = align(train.entries, threads=threads)
    candidates = build_candidates(
        aligned,
        max_candidates=config.data.max_candidates,
        min_count=config.data.min_count,
        min_share=config.data.min_share,
    )
    on_stage("building samples")
    templates = network_templates(config)
    classes = sound_classes(aligned)
    samples = word_samples(aligned, classes, candidates, templates, threads=threads)
    return PreparedData(aligned, classes, candidates, templates, samples)
