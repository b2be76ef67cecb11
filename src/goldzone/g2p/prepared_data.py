"""What a lexicon's train part is made into before training: alignment, candidates, samples."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from goldzone.data.alignment import AlignedLexicon
from goldzone.data.candidates import CandidateTable, build_candidates
from goldzone.data.lexicon import Entry, Lexicon, canonical
from goldzone.data.marks import align_parted
from goldzone.data.ragged import take_rows
from goldzone.data.samples import Samples, word_samples
from goldzone.data.sound_classes import SoundClasses, sound_classes
from goldzone.data.templates import DEFAULT_TEMPLATES, Templates, parse_templates
from goldzone.g2p.search_arrays import LanguageArrays
from goldzone.training.config import TrainingConfig

_COUNTED: Final = 1 << 14
"""Positions at which sums are counted, at most: enough for shares exact to a few thousandths."""

__all__ = ["PreparedData", "fingerprint", "network_templates", "prepare", "sampled_words"]


@dataclass(frozen=True, eq=False)
class PreparedData:
    """A function of the train words, the data settings and the templates."""

    aligned: AlignedLexicon
    parted_marks: str
    """Marks that its letters were parted from (`goldzone.data.marks`)."""
    classes: SoundClasses
    candidates: CandidateTable
    templates: Templates
    samples: Samples
    """With beam credit those of some words only, at which sums are counted."""

    @property
    def language(self) -> LanguageArrays:
        """What the search needs, besides a network."""
        return LanguageArrays(self.candidates, self.chunks, self.classes, self.templates)

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """Segments of each chunk, by number; the empty one is among them.

        Unknown letters say nothing, so it must be there even where no known letter is silent.
        """
        aligned = self.aligned
        number = {segment: index for index, segment in enumerate(aligned.segments)}
        chunks = aligned.chunks if () in aligned.chunks else (*aligned.chunks, ())
        return tuple(tuple(number[segment] for segment in chunk) for chunk in chunks)


def fingerprint(entries: Sequence[Entry]) -> str:
    """Return the SHA-256 of words and pronunciations, in whatever order: the identity of training data."""
    digest = hashlib.sha256()
    encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
    for entry in canonical(entries):
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
    """Align the words, list the candidates and build the samples; the order of the words changes nothing.

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
    aligned, parted_marks = align_parted(canonical(train.entries), threads=threads)
    candidates = build_candidates(
        aligned,
        max_candidates=config.data.max_candidates,
        min_count=config.data.min_count,
        min_share=config.data.min_share,
    )
    on_stage("building samples")
    templates = network_templates(config)
    classes = sound_classes(aligned)
    counted = sampled_words(aligned, _COUNTED) if config.credit.kind == "beam" else aligned
    samples = word_samples(counted, classes, candidates, templates, threads=threads)
    return PreparedData(aligned, parted_marks, classes, candidates, templates, samples)


def sampled_words(aligned: AlignedLexicon, positions: int) -> AlignedLexicon:
    """Take every n-th sequence, so that so many positions are left at most (but for a single sequence)."""
    stride = -(-int(aligned.offsets[-1]) // positions)
    if stride <= 1:
        return aligned
    chosen = np.arange(0, aligned.n_sequences, stride)
    offsets, position = take_rows(aligned.offsets, chosen)
    letter, chunk = aligned.letter[position], aligned.chunk[position]
    return replace(aligned, offsets=offsets, letter=letter, chunk=chunk, entry=aligned.entry[chosen])
