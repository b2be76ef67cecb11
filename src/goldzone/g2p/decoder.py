"""From a model to pronunciations: arrays for the compiled search, and words in and out."""

from __future__ import annotations

import math
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.data.atom_kernels import UNKNOWN_SYMBOL
from goldzone.data.letters import letters_of
from goldzone.data.marks import part_marks
from goldzone.data.notation import Segments
from goldzone.data.samples import even_cuts
from goldzone.g2p.decode_kernels import Found, decode_words
from goldzone.g2p.model import G2PModel
from goldzone.g2p.search_arrays import model_arrays
from goldzone.g2p.spelling import Spelling
from goldzone.hashtron.fixed_point import EXP_BITS, LOG_BITS, exp_table, fixed_log2

__all__ = ["FARTHEST", "Decoder", "Pronunciation"]

FARTHEST: Final = 512
"""Steps of score beyond which a pronunciation counts as this far behind."""

_LANES_A_JOB: Final = 1024
"""Partial pronunciations searched together: enough to fill loops, few enough for the second-level cache."""


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """One way to say a word."""

    segments: Segments
    """Phoneme segments."""
    log2_probability: float
    """Of the word being said this way, among the ways that the search found (a model of bit tables: of the
    letters, one after the other); ways that differ in the alignment alone are not added up. A letter that the
    model never saw counts as if it said each of the model's chunks as probably."""
    by_letter: tuple[Segments, ...] = ()
    """What each letter says."""
    separator: str = ""
    """What stands between segments where they are written."""

    @property
    def probability(self) -> float:
        """The probability itself."""
        return math.exp2(self.log2_probability)

    @property
    def text(self) -> str:
        """The segments as the model's lexicon wrote them."""
        return self.separator.join(self.segments)


class Decoder:
    """Runs one model; safe to share between threads."""

    def __init__(self, model: G2PModel) -> None:
        self.model = model
        self._symbols = _Symbols({letter: index for index, letter in enumerate(model.letters)})
        self._chunks = [tuple(model.segments[index] for index in chunk) for chunk in model.chunks]
        self._spelling = Spelling(model.letters, lower=model.settings.lower, sounding=self._sounding())
        self._arrays = model_arrays(model)
        wide = model.temperature * model.spread
        self._exponentials = exp_table(wide, FARTHEST if model.committee.graded else 1)
        self._bits_unknown = math.log2(len(model.chunks))

    def encode(self, letters: Sequence[str]) -> list[int]:
        """Turn letters into symbols; one never seen counts as its small or base letter, else as unknown."""
        return [self._symbols[letter] for letter in letters]

    def decode(
        self, words: Sequence[Sequence[str]], *, beam: int, n_best: int = 1, threads: int = 1
    ) -> list[list[Pronunciation]]:
        """Say words given as letters, the most probable pronunciation first.

        Parameters
        ----------
        words : sequence of sequences of str
            Letters, as `letters` gives them.
        beam : int
            Partial pronunciations kept; raised to `n_best`.
        n_best : int
            Pronunciations a word, at most; fewer where the search found fewer different ones.
        threads : int
            At least 1; never changes a result.
        """
        spelled = [array("i", map(self._symbols.__getitem__, letters)).tobytes() for letters in words]
        # Each spelling once, in an order of their own.
        distinct = sorted(set(spelled))
        width = max(beam, n_best)
        n_jobs = max(min(threads, len(distinct)), -(-len(distinct) * width // _LANES_A_JOB))
        jobs = [distinct[first:last] for first, last in even_cuts(len(distinct), n_jobs)] if distinct else []

        def say(job: list[bytes]) -> list[list[Pronunciation]]:
            return self._say_together(job, width, n_best)

        if min(threads, len(jobs)) < 2:
            said = list(map(say, jobs))
        else:
            with ThreadPoolExecutor(min(threads, len(jobs))) as pool:
                said = list(pool.map(say, jobs))
        answers = dict(zip(distinct, chain.from_iterable(said), strict=True))
        return [answers[spelling].copy() for spelling in spelled]

    def letters(self, word: str) -> Segments:
        """Take a word apart as the training data was, in the model's own letters where it has them.

        Signs at the ends are left out (`goldzone.g2p.spelling`).
        """
        settings = self.model.settings
        letters = letters_of(self._spelling.of(word), lower=settings.lower, trim=settings.trim)
        return part_marks(letters, self.model.parted_marks)

    def unknown(self, letters: Sequence[str]) -> tuple[str, ...]:
        """Return those of a word's letters that the model has never seen, nor a relative of theirs."""
        return tuple(letter for letter in letters if self._symbols[letter] == UNKNOWN_SYMBOL)

    def steps_behind(self, words: Sequence[Sequence[str]], beam: int) -> list[NDArray[np.int64]]:
        """Return by how many steps of score each pronunciation that the search keeps is behind the best one.

        Parameters
        ----------
        words : sequence of sequences of str
            Letters, as `letters` gives them.
        beam : int

        Returns
        -------
        list of int64[n_found]
            For each word; the first is 0.
        """
        symbol = np.array([self._symbols[letter] for word in words for letter in word], dtype=np.int32)
        offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
        found = decode_words(self._arrays, offsets, symbol, beam, 1)
        step = self._arrays.softmax.bits_per_vote
        behind = (found.cost - found.cost[0]) // step
        return [behind[:count, word] for word, count in enumerate(found.n_found.tolist())]

    def _sounding(self) -> Iterator[str]:
        """Go through the letters whose most frequent candidate is not silence."""
        candidates = self.model.candidates
        for letter, (first, last) in zip(self.model.letters, pairwise(candidates.offsets), strict=True):
            most = int(candidates.chunk[first + int(np.argmax(candidates.count[first:last]))])
            if self._chunks[most]:
                yield letter

    def _say_together(self, spelled: Sequence[bytes], beam: int, n_best: int) -> list[list[Pronunciation]]:
        """Say words given as bytes of int32 symbols."""
        # Writable, as training has it: for an array that is not the search would be compiled again.
        symbol = np.frombuffer(bytearray().join(spelled), dtype=np.int32)
        offsets = np.cumsum([0, *map(len, spelled)], dtype=np.int64) // symbol.itemsize
        # Pronunciations that differ in the alignment alone are one: to list several, look at all of them.
        n_ranks = 1 if n_best == 1 else beam
        found = decode_words(self._arrays, offsets, symbol, beam, n_ranks)
        if self.model.committee.graded:
            self._make_probabilities(found)
        rows, edges = found.chunk.tolist(), offsets.tolist()
        before = np.concatenate(([0], np.cumsum(symbol == UNKNOWN_SYMBOL)))
        unknown = np.diff(before[offsets]).tolist()
        return [
            self._ranked(
                [row[first:last] for row in rows[:count]], cost, n_best, self._bits_unknown * letters
            )
            for first, last, count, cost, letters in zip(
                edges[:-1], edges[1:], found.n_found.tolist(), found.cost.T.tolist(), unknown, strict=True
            )
        ]

    def _make_probabilities(self, found: Found) -> None:
        """Compare the pronunciations of a word with one another: scores of graded neurons say no more."""
        step, exponentials = self._arrays.softmax.bits_per_vote, self._exponentials
        for word, count in enumerate(found.n_found.tolist()):
            behind = (found.cost[:count, word] - found.cost[0, word]) // step
            total = int(exponentials[np.minimum(behind, exponentials.size - 1)].sum())
            bits = (behind * step / self.model.spread).astype(np.int64)
            found.cost[:count, word] = bits + int(fixed_log2(total)) - (EXP_BITS << LOG_BITS)

    def _ranked(
        self, rows: list[list[int]], costs: list[int], n_best: int, bits_unknown: float
    ) -> list[Pronunciation]:
        """Spell out chunks, the cheapest first; of those that are written alike the first counts."""
        ranked: dict[str, Pronunciation] = {}
        separator = self.model.notation.separator
        for row, cost in zip(rows, costs, strict=False):
            by_letter = tuple(map(self._chunks.__getitem__, row))
            segments = tuple(chain.from_iterable(by_letter))
            written = separator.join(segments)
            if written not in ranked:
                probability = -cost / (1 << LOG_BITS) - bits_unknown
                ranked[written] = Pronunciation(segments, probability, by_letter, separator)
                if len(ranked) == n_best:
                    break
        return list(ranked.values())


class _Symbols(dict[str, int]):
    """Symbols of letters, of those never seen too."""

    def __missing__(self, letter: str) -> int:
        base = unicodedata.normalize("NFD", letter)[:1]
        for relative in (letter.lower(), base, base.lower()):
            if relative in self:
                return self[relative]
        return UNKNOWN_SYMBOL
