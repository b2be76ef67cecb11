"""One learning problem for different learners: the candidate that the letter at each position takes.

All get the same positions of the same words. goldzone reads them as its samples, one for each candidate;
trees and Tsetlin machines read the atoms that goldzone's templates are made of, as columns of small numbers.
Words held out for judging are aligned together with the training words, so that all learners have the same
right answers; candidates come from the training words alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.speed.measure import Setting
from benchmarks.speed.words import load_words
from goldzone.data.alignment import AlignedLexicon, align
from goldzone.data.candidates import CandidateTable, build_candidates
from goldzone.data.lexicon import Entry
from goldzone.data.samples import Samples, word_samples
from goldzone.data.sound_classes import SoundClasses, sound_classes
from goldzone.data.split import first_by_hash, split_lexicon
from goldzone.data.templates import DEFAULT_TEMPLATES, Templates, parse_templates

__all__ = ["ATOMS", "Chooser", "Problem", "build_problem", "choice_accuracy", "word_accuracy"]

LANGUAGE = "french"

ATOMS = (
    *(f"L{offset}" for offset in range(-4, 5)),
    *(f"C{back}" for back in range(1, 7)),
    *(f"S{back}" for back in range(1, 5)),
    *("same", "start4", "end6"),
)
"""What the built-in templates are made of, but for `said`, whose values hardly recur."""

Chooser = Callable[[Samples, NDArray[np.int32], NDArray[np.int64]], NDArray[np.int64]]
"""From samples, the same positions as atoms (int32[n_positions, n_atoms]), and the positions that are asked
(int64[n_asked]), to the candidate that each takes (int64[n_asked])."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Training positions and held-out ones.

    Attributes
    ----------
    train, held_out : AlignedLexicon
        Of the same alphabets and chunks.
    entries : tuple of Entry
        The words of `held_out`.
    candidates : CandidateTable
    templates : Templates
        goldzone's.
    threads : int
    """

    train: AlignedLexicon
    held_out: AlignedLexicon
    entries: tuple[Entry, ...]
    candidates: CandidateTable
    templates: Templates
    threads: int

    @cached_property
    def train_samples(self) -> Samples:
        """Samples as goldzone trains on them."""
        return self.samples(self.train)

    @cached_property
    def held_out_samples(self) -> Samples:
        """Held-out samples after the true earlier choices."""
        return self.samples(self.held_out)

    @cached_property
    def train_atoms(self) -> NDArray[np.int32]:
        """Numbers of the values of each atom: int32[n_positions, n_atoms]."""
        return self.atoms(self.train)

    @cached_property
    def held_out_atoms(self) -> NDArray[np.int32]:
        """Held-out positions after the true earlier choices; -1 for a value that training never saw."""
        return self.atoms(self.held_out)

    def samples(self, aligned: AlignedLexicon) -> Samples:
        """Return the samples of words after the choices that they carry."""
        return self._samples(aligned, self.templates)

    def atoms(self, aligned: AlignedLexicon) -> NDArray[np.int32]:
        """Return the atoms of words after the choices that they carry."""
        columns = self._columns(aligned)
        numbered = np.empty(columns.shape[::-1], dtype=np.int32)
        for atom, (column, values) in enumerate(zip(columns, self._values, strict=True)):
            found = np.minimum(np.searchsorted(values, column), values.size - 1)
            numbered[:, atom] = np.where(values[found] == column, found, -1)
        return numbered

    @cached_property
    def _values(self) -> list[NDArray[np.uint32]]:
        return [np.unique(column) for column in self._columns(self.train)]

    def _columns(self, aligned: AlignedLexicon) -> NDArray[np.uint32]:
        return self._samples(aligned, parse_templates(ATOMS)).context

    @cached_property
    def classes(self) -> SoundClasses:
        """Learnt from the train words: held-out words are seen as a model would see them."""
        return sound_classes(self.train)

    def _samples(self, aligned: AlignedLexicon, templates: Templates) -> Samples:
        return word_samples(aligned, self.classes, self.candidates, templates, threads=self.threads)


def build_problem(setting: Setting, train_words: int, held_out_words: int) -> Problem:
    """Take words of French, or of the built-in Slovak, for training and for judging; align them.

    Held-out words with a letter that training never saw are left out: no learner has candidates for it.
    """
    split = split_lexicon(load_words(setting, LANGUAGE))
    train = first_by_hash(split.train, train_words).entries
    held_out = first_by_hash(split.dev, held_out_words).entries
    seen = {letter for entry in train for letter in entry.letters}
    known = tuple(entry for entry in held_out if seen.issuperset(entry.letters))
    aligned = align((*train, *known), threads=setting.threads)
    ours = _sequences(aligned, 0, len(train))
    return Problem(
        ours,
        _sequences(aligned, len(train), len(train) + len(known)),
        known,
        build_candidates(ours),
        parse_templates(DEFAULT_TEMPLATES),
        setting.threads,
    )


def choice_accuracy(choose: Chooser, problem: Problem) -> float:
    """Return the share of held-out positions that take the right candidate after the true earlier choices."""
    samples = problem.held_out_samples
    chosen = choose(samples, problem.held_out_atoms, np.arange(samples.n_positions))
    return float(np.mean(chosen == samples.gold))


def word_accuracy(choose: Chooser, problem: Problem) -> float:
    """Return the share of held-out words said right, letter by letter, after the learner's own choices."""
    aligned, candidates = problem.held_out, problem.candidates
    lengths = np.diff(aligned.offsets)
    chunk = np.zeros_like(aligned.chunk)
    for letter in range(int(lengths.max())):
        so_far = replace(aligned, chunk=chunk)
        asked = aligned.offsets[:-1][lengths > letter] + letter
        chosen = choose(problem.samples(so_far), problem.atoms(so_far), asked)
        chunk[asked] = candidates.chunk[candidates.offsets[aligned.letter[asked]] + chosen]
    right = {
        entry
        for entry, (first, last) in zip(aligned.entry.tolist(), pairwise(aligned.offsets), strict=True)
        if tuple(segment for step in chunk[first:last] for segment in aligned.chunks[step])
        in problem.entries[entry].pronunciations
    }
    return len(right) / len(problem.entries)


def _sequences(aligned: AlignedLexicon, first: int, last: int) -> AlignedLexicon:
    """Take the sequences of some entries."""
    start, stop = np.searchsorted(aligned.entry, (first, last))
    offsets = aligned.offsets[start : stop + 1]
    positions = slice(offsets[0], offsets[-1])
    return replace(
        aligned,
        offsets=offsets - offsets[0],
        letter=aligned.letter[positions],
        chunk=aligned.chunk[positions],
        entry=aligned.entry[start:stop] - first,
    )
