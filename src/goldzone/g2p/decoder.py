"""From a model to pronunciations: arrays for the compiled search, and words in and out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goldzone.data.context_kernels import UNKNOWN_SYMBOL
from goldzone.data.letters import letters_of
from goldzone.data.lexicon import Segments
from goldzone.data.samples import candidate_keys, even_cuts
from goldzone.g2p.decode_kernels import decode_words
from goldzone.g2p.model import G2PModel
from goldzone.hashtron.fixed_point import LOG_BITS, bits_per_vote, exp_table

__all__ = ["Decoder", "Pronunciation"]

_WORDS_A_JOB = 512


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """One way to say a word.

    Attributes
    ----------
    segments : Segments
        Phoneme segments.
    log2_probability : float
        Of the letters being said this way; ways that differ in the alignment alone are not added up.
    """

    segments: Segments
    log2_probability: float

    @property
    def text(self) -> str:
        """The segments as one string."""
        return "".join(self.segments)


class Decoder:
    """Runs one model. Holds no state between calls; safe to share between threads."""

    def __init__(self, model: G2PModel) -> None:
        self.model = model
        self._symbols = {letter: index for index, letter in enumerate(model.letters)}
        self._chunks = [tuple(model.segments[index] for index in chunk) for chunk in model.chunks]
        self._silent = self._chunks.index(())
        committee = model.committee
        order = np.argsort(np.array(committee.template_of), kind="stable")
        grouped = np.array(committee.template_of)[order]
        tables = [committee.tables[index] for index in order.tolist()]
        sizes = np.cumsum([0, *(len(table.cells) for table in tables)])
        self._arrays = (
            model.candidates.offsets,
            model.candidates.chunk,
            candidate_keys(model.candidates.chunk),
            np.cumsum([0, *map(len, model.chunks)]).astype(np.int64),
            np.array([index for chunk in model.chunks for index in chunk], dtype=np.int32),
            self._silent,
            model.templates.atoms,
            model.templates.offsets,
            model.templates.reads_choices(),
            np.searchsorted(grouped, np.arange(len(model.templates) + 1)).astype(np.int64),
            np.array([table.salt for table in tables], dtype=np.uint32),
            np.array([table.premodulo for table in tables], dtype=np.uint32),
            sizes[:-1].astype(np.int64),
            np.frombuffer(b"".join(table.cells for table in tables), dtype=np.uint8),
            exp_table(model.temperature, len(tables) + 1),
            bits_per_vote(model.temperature),
        )

    def encode(self, letters: Sequence[str]) -> list[int]:
        """Turn letters into symbols; one never seen counts as its small or base letter, else as unknown."""
        return [self._symbol(letter) for letter in letters]

    def decode(
        self, words: Sequence[Sequence[str]], *, beam: int, n_best: int = 1, threads: int = 1
    ) -> list[list[Pronunciation]]:
        """Say words given as letters, the most probable pronunciation first.

        Parameters
        ----------
        words : sequence of sequences of str
            Letters, as `goldzone.data.letters.letters_of` gives them.
        beam : int
            Partial pronunciations kept; raised to `n_best`.
        n_best : int
            Pronunciations a word, at most; fewer where the search found fewer different ones.
        threads : int
            At least 1; never changes a result.
        """
        encoded = [self.encode(letters) for letters in words]
        offsets = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
        symbol = np.array([s for word in encoded for s in word], dtype=np.int32)
        width = max(beam, n_best)
        found = np.zeros(len(words), dtype=np.int64)
        chunks = np.zeros((width, symbol.size), dtype=np.int32)
        costs = np.zeros((width, len(words)), dtype=np.int64)
        jobs = even_cuts(len(words), max(threads, -(-len(words) // _WORDS_A_JOB))) if words else []
        with ThreadPoolExecutor(threads) as pool:
            for job in [
                pool.submit(
                    decode_words, first, last, offsets, symbol, *self._arrays, width, found, chunks, costs
                )
                for first, last in jobs
            ]:
                job.result()
        return [
            self._ranked(
                chunks[:, offsets[word] : offsets[word + 1]], costs[:, word], int(found[word]), n_best
            )
            for word in range(len(words))
        ]

    def _symbol(self, letter: str) -> int:
        base = unicodedata.normalize("NFD", letter)[:1]
        for known in (letter, letter.lower(), base, base.lower()):
            if known in self._symbols:
                return self._symbols[known]
        return UNKNOWN_SYMBOL

    def _ranked(
        self, chunks: NDArray[np.int32], costs: NDArray[np.int64], found: int, n_best: int
    ) -> list[Pronunciation]:
        ranked: dict[Segments, float] = {}
        for row, cost in zip(chunks[:found].tolist(), costs[:found].tolist(), strict=True):
            segments = tuple(segment for chunk in row for segment in self._chunks[chunk])
            ranked.setdefault(segments, -cost / (1 << LOG_BITS))
            if len(ranked) == n_best:
                break
        return [Pronunciation(segments, probability) for segments, probability in ranked.items()]

    def letters(self, word: str) -> Segments:
        """Take a word apart as the training data was."""
        return letters_of(word, lower=self.model.settings.lower, trim=self.model.settings.trim)
