"""What each letter may say: the chunks seen at it in training, the most frequent first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goldzone.data.alignment import AlignedLexicon

__all__ = ["CandidateTable", "build_candidates", "gold_candidates"]


@dataclass(frozen=True, eq=False)
class CandidateTable:
    """The candidates of each letter.

    Letters and chunks are those of the `AlignedLexicon` that the table was built from. All arrays are
    read-only.
    """

    offsets: NDArray[np.int64]
    """int64[n_letters + 1]: letter k has the candidates ``offsets[k]`` to before ``offsets[k + 1]``; at least
    one."""
    chunk: NDArray[np.int32]
    """int32[n_candidates]: index into the lexicon's `chunks`; within a letter the most frequent first,
    equally frequent ones by chunk."""
    count: NDArray[np.int64]
    """int64[n_candidates]: positions at which the letter is said so."""

    def __post_init__(self) -> None:
        for array in (self.offsets, self.chunk, self.count):
            array.setflags(write=False)


def build_candidates(
    aligned: AlignedLexicon, *, max_candidates: int = 24, min_count: int = 2, min_share: float = 0.0
) -> CandidateTable:
    """Collect the candidates of each letter.

    Parameters
    ----------
    aligned : AlignedLexicon
        Training words only: a candidate learnt from others is no held-out result.
    max_candidates : int
        Candidates a letter may have; at least 1.
    min_count : int
        Leave out chunks seen less often at the letter; its most frequent one stays in any case.
    min_share : float
        Leave out chunks seen at a smaller share of the letter's positions; 0 to 1.
    """
    n_chunks = len(aligned.chunks)
    pairs, counts = np.unique(aligned.letter.astype(np.int64) * n_chunks + aligned.chunk, return_counts=True)
    letter, chunk = np.divmod(pairs, n_chunks)
    order = np.lexsort((chunk, -counts, letter))
    firsts = np.searchsorted(letter, np.arange(len(aligned.letters)))
    rank = np.empty(pairs.size, np.int64)
    rank[order] = np.arange(pairs.size) - firsts[letter]  # letters ascend in both orders

    least = np.maximum(min_count, min_share * np.bincount(aligned.letter, minlength=len(aligned.letters)))
    frequent = (counts >= least[letter]) | (rank == 0)
    kept = order[(rank[order] < max_candidates) & frequent[order]]
    offsets = np.searchsorted(letter[kept], np.arange(len(aligned.letters) + 1)).astype(np.int64)
    return CandidateTable(offsets, chunk[kept].astype(np.int32), counts[kept].astype(np.int64))


def gold_candidates(aligned: AlignedLexicon, table: CandidateTable) -> NDArray[np.int32]:
    """Find which candidate each position took.

    Returns
    -------
    int32[n_positions]
        Rank of the aligned chunk among the letter's candidates, from 0; -1 where it is not among them.
    """
    n_chunks = len(aligned.chunks)
    letter = np.repeat(np.arange(table.offsets.size - 1), np.diff(table.offsets))
    rank = np.full(len(aligned.letters) * n_chunks, -1, dtype=np.int32)
    rank[letter * n_chunks + table.chunk] = np.arange(table.chunk.size) - table.offsets[letter]
    gold: NDArray[np.int32] = rank[aligned.letter.astype(np.int64) * n_chunks + aligned.chunk]
    return gold
