"""Which words of a lexicon a model has not met."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from goldzone.data.lexicon import Lexicon
from goldzone.data.split import split_lexicon, word_keys
from goldzone.errors import DataError
from goldzone.g2p.known_words import read_known_words
from goldzone.g2p.model import G2PModel

__all__ = ["met_words", "part_of"]


def part_of(model: G2PModel, lexicon: Lexicon, part: str) -> Lexicon:
    """Return a part of training's split of a lexicon: "train", "dev" or "test"."""
    chosen: Lexicon = getattr(split_lexicon(lexicon, model.trained_with().data.fractions), part)
    return chosen


def met_words(file: Path, model: G2PModel, lexicon: Lexicon) -> NDArray[np.uint64]:
    """Return the keys of the words that a model has met, or of a lexicon's that it may have met.

    Parameters
    ----------
    file : path
        Of the model; what it has met is told beside it.
    model : G2PModel
    lexicon : Lexicon

    Raises
    ------
    DataError
        It was trained on all words, and does not tell which.
    """
    known = read_known_words(file)
    if known is not None:
        return known
    if "judged" in model.about:
        raise DataError(f"{file}: was trained on all words, and does not tell which; use --part all")
    # A model file alone does not tell which words it has met: a hash tells which it may have.
    return word_keys(part_of(model, lexicon, "train"))
