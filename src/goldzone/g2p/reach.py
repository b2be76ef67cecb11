"""Words out of reach: no path through a model's candidates says them right, however its neurons answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.data.notation import Segments
from goldzone.g2p.lane_kernels import Words
from goldzone.g2p.model import G2PModel
from goldzone.g2p.path_kernels import fill_reachable
from goldzone.g2p.scoring import BORDER
from goldzone.g2p.search_arrays import ChunkArrays, ModelArrays, model_arrays
from goldzone.g2p.search_kernels import Goals

__all__ = ["in_reach"]

_TOGETHER: Final = 4096
"""Pronunciations asked for together: a few megabytes of what their letters can say."""


def in_reach(
    model: G2PModel,
    words: Sequence[Sequence[int]],
    listed: Sequence[Sequence[Segments]],
    *,
    by_segments: bool = False,
) -> NDArray[np.bool_]:
    """Tell of each word whether the model's candidates can say any of its listed pronunciations.

    They are compared as scores compare them: a word that is right is in reach.

    Parameters
    ----------
    model : G2PModel
    words : sequence of sequences of int
        Symbols of letters, as `goldzone.g2p.decoder.Decoder.encode` gives them.
    listed : sequence of sequences of Segments
    by_segments : bool
        Whether the borders of segments count.

    Returns
    -------
    bool[n_words]
    """
    arrays = model_arrays(model)
    # Characters take the place of segments; each border is one too, if it counts.
    border = BORDER if by_segments else ""

    def text_of(segments: Iterable[str]) -> str:
        return "".join(segment + border for segment in segments)

    spelled = [text_of(model.segments[index] for index in chunk) for chunk in model.chunks]
    chunks = ChunkArrays(_offsets(spelled), _characters(spelled), arrays.chunks.silent)
    arrays = arrays._replace(chunks=chunks)
    asked = [
        (number, word, text_of(segments))
        for number, (word, pronunciations) in enumerate(zip(words, listed, strict=True))
        for segments in pronunciations
    ]
    found = np.zeros(len(words), dtype=np.bool_)
    for first in range(0, len(asked), _TOGETHER):
        numbers, spellings, texts = zip(*asked[first : first + _TOGETHER], strict=True)
        found[np.array(numbers)[_can_say(arrays, spellings, texts)]] = True
    return found


def _can_say(
    arrays: ModelArrays, spellings: Sequence[Sequence[int]], texts: Sequence[str]
) -> NDArray[np.bool_]:
    symbol = np.array([letter for spelling in spellings for letter in spelling], dtype=np.int32)
    # Where the same letter stood before is nothing to candidates.
    words = Words(_offsets(spellings), symbol, np.zeros_like(symbol), arrays.classes.letters)
    offsets = _offsets(texts)
    room = np.concatenate(([0], np.cumsum((np.diff(words.offsets) + 1) * (np.diff(offsets) + 1))))
    goals = Goals(offsets, _characters(texts), room[:-1], np.zeros(room[-1], dtype=np.uint8))
    fill_reachable(arrays, words, goals)
    return goals.reachable[goals.room_offsets].astype(np.bool_)


def _offsets(rows: Sequence[Sequence[object]]) -> NDArray[np.int64]:
    return np.cumsum([0, *map(len, rows)]).astype(np.int64)


def _characters(texts: Sequence[str]) -> NDArray[np.int32]:
    return np.array([ord(character) for text in texts for character in text], dtype=np.int32)
