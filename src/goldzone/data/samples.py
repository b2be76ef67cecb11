"""Samples: every candidate of every position, as columns of integers.

A *sequence* is a word with one of its pronunciations (or a sentence). Its *positions* are its letters (of a
sentence, the marked word alone); every candidate of a position is one *sample*. The feature that a context
neuron reads for a sample is

    feature = context value of the position + key of the candidate    (mod 2^32)

The context value hashes the neuron's template at the position. It is the same for all candidates, so it is
stored once a position: 4 bytes per (position, template), where a column of dense codes would take 4 per
(sample, template).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from goldzone.data.alignment import AlignedLexicon
from goldzone.data.atom_kernels import UNKNOWN_SYMBOL
from goldzone.data.candidates import CandidateTable, gold_candidates
from goldzone.data.context_kernels import SpokenWords, fill_contexts
from goldzone.data.homographs import HomographSample
from goldzone.data.sound_classes import SoundClasses, no_classes
from goldzone.data.templates import Templates
from goldzone.errors import DataError
from goldzone.hashtron.hashing import LARGEST, hash_values, string_hash

__all__ = [
    "WORD_WEIGHT",
    "Samples",
    "candidate_keys",
    "even_cuts",
    "sentence_samples",
    "sentence_vocabulary",
    "word_samples",
]

WORD_WEIGHT = 12
"""Weight of a word: shared by its pronunciations, so that twelve divides by 2, 3, 4 and 6."""

_KEY_SALT = 0x60D2


@dataclass(frozen=True, eq=False)
class Samples:
    """What a committee trains on.

    Attributes
    ----------
    offsets : int64[n_sequences + 1]
        Where each sequence's positions start.
    symbol : int32[n_positions]
        Letter at each position (of a homograph: its list of candidates).
    context : uint32[n_templates, n_positions]
        Context value of each template.
    candidate_offsets, candidate_key : int64[n_symbols + 1], uint32[n_candidates]
        Keys of each symbol's candidates.
    sample_offsets : int64[n_positions + 1]
        Where each position's samples start.
    gold : int32[n_positions]
        The right one among the candidates, or -1 when it is not listed.
    weight : int32[n_positions]
    """

    offsets: NDArray[np.int64]
    symbol: NDArray[np.int32]
    context: NDArray[np.uint32]
    candidate_offsets: NDArray[np.int64]
    candidate_key: NDArray[np.uint32]
    sample_offsets: NDArray[np.int64]
    gold: NDArray[np.int32]
    weight: NDArray[np.int32]

    @property
    def n_sequences(self) -> int:
        """Number of sequences."""
        return int(self.offsets.size) - 1

    @property
    def n_positions(self) -> int:
        """Number of positions."""
        return int(self.symbol.size)

    @property
    def n_samples(self) -> int:
        """Number of samples, N."""
        return int(self.sample_offsets[-1])

    @property
    def n_templates(self) -> int:
        """Number of context columns."""
        return int(self.context.shape[0])


def candidate_keys(chunks: NDArray[np.int32]) -> NDArray[np.uint32]:
    """Spread chunk numbers over 32 bits, so that adding one to a context value gives a new hash."""
    return hash_values(chunks.astype(np.uint32), _KEY_SALT, LARGEST)


def even_cuts(total: int, parts: int) -> list[tuple[int, int]]:
    """Cut ``0 .. total`` into ranges of nearly equal length, none of them empty."""
    edges = np.linspace(0, total, max(1, min(parts, total)) + 1).astype(int).tolist()
    return list(pairwise(edges))


def word_samples(
    aligned: AlignedLexicon,
    classes: SoundClasses,
    candidates: CandidateTable,
    templates: Templates,
    *,
    threads: int = 1,
) -> Samples:
    """Build the samples of an aligned lexicon; `classes` are those of its letters and segments.

    Raises
    ------
    DataError
        Nothing could be aligned.
    """
    if aligned.letter.size == 0:
        raise DataError(
            f"no word could be aligned ({aligned.unalignable.count} were tried); check the lexicon"
        )
    chunk_offsets = np.cumsum([0, *map(len, aligned.chunks)]).astype(np.int64)
    number = {segment: index for index, segment in enumerate(aligned.segments)}
    chunk_segments = np.array([number[s] for chunk in aligned.chunks for s in chunk], dtype=np.int32)
    words = SpokenWords(
        aligned.offsets, aligned.letter, aligned.chunk, chunk_offsets, chunk_segments, classes
    )
    pronunciations = np.bincount(aligned.entry)[aligned.entry]
    per_sequence = np.maximum(1, WORD_WEIGHT // pronunciations).astype(np.int32)
    counts = np.diff(candidates.offsets)
    return Samples(
        offsets=aligned.offsets,
        symbol=aligned.letter,
        context=_contexts(words, templates, threads),
        candidate_offsets=candidates.offsets,
        candidate_key=candidate_keys(candidates.chunk),
        sample_offsets=np.concatenate(([0], np.cumsum(counts[aligned.letter]))).astype(np.int64),
        gold=gold_candidates(aligned, candidates),
        weight=np.repeat(per_sequence, np.diff(aligned.offsets)),
    )


def sentence_samples(
    samples: Sequence[HomographSample], vocabulary: Sequence[str], templates: Templates, *, threads: int = 1
) -> Samples:
    """Build the samples of homographs: one sequence a sentence, choices at its marked word alone.

    Parameters
    ----------
    samples : sequence of HomographSample
    vocabulary : sequence of str
        Words in small letters that training has seen; others count as unknown. See `sentence_vocabulary`.
    templates : Templates
        Without earlier choices: a sentence has one.

    Raises
    ------
    DataError
        There is no sample, none has a candidate, or a template reads earlier choices.
    """
    if not samples:
        raise DataError("no sentence marks a homograph; give sentence<TAB>pronunciations rows")
    if not any(sample.candidates for sample in samples):
        raise DataError("no homograph has a candidate; lower min_count or give more sentences")
    if templates.reads_choices().any():
        raise DataError("a sentence template reads earlier choices (C, S, same, said); use L, start and end")
    known = {word: index for index, word in enumerate(vocabulary)}
    offsets = np.cumsum([0, *(len(sample.words) for sample in samples)]).astype(np.int64)
    symbol = np.array(
        [known.get(word.lower(), UNKNOWN_SYMBOL) for sample in samples for word in sample.words],
        dtype=np.int32,
    )
    marked = offsets[:-1] + np.array([sample.position for sample in samples])
    silent = np.zeros_like(symbol), np.zeros(2, np.int64), np.zeros(0, np.int32), no_classes(len(known), 0)
    context = _contexts(SpokenWords(offsets, symbol, *silent), templates, threads)[:, marked]
    lists = {
        options: number for number, options in enumerate({sample.candidates: None for sample in samples})
    }
    own = np.array([lists[sample.candidates] for sample in samples], dtype=np.int32)
    # A key comes from the pronunciation alone: held-out sentences, with fewer homographs, must find the same.
    keys = [string_hash(_KEY_SALT, " ".join(candidate)) for options in lists for candidate in options]
    candidate_offsets = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    counts = np.diff(candidate_offsets)[own]
    gold = [s.candidates.index(s.right) if s.right in s.candidates else -1 for s in samples]
    return Samples(
        offsets=np.arange(len(samples) + 1, dtype=np.int64),
        symbol=own,
        context=np.ascontiguousarray(context),
        candidate_offsets=candidate_offsets,
        candidate_key=np.array(keys, dtype=np.uint32),
        sample_offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        gold=np.array(gold, dtype=np.int32),
        weight=np.full(len(samples), WORD_WEIGHT, dtype=np.int32),
    )


def sentence_vocabulary(samples: Iterable[HomographSample]) -> tuple[str, ...]:
    """List the words of training sentences, in small letters and sorted."""
    return tuple(sorted({word.lower() for sample in samples for word in sample.words}))


def _contexts(words: SpokenWords, templates: Templates, threads: int) -> NDArray[np.uint32]:
    context = np.empty((len(templates), words.symbol.size), dtype=np.uint32)
    columns = words, templates.atoms, templates.offsets, context
    with ThreadPoolExecutor(threads) as pool:
        cuts = even_cuts(words.offsets.size - 1, threads)
        for job in [pool.submit(fill_contexts, first, last, *columns) for first, last in cuts]:
            job.result()
    return context
