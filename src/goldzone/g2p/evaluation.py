"""A phonemizer judged on words with known pronunciations."""

from __future__ import annotations

from collections.abc import Sequence

from goldzone.data.lexicon import Entry
from goldzone.errors import DataError
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.model import G2PModel
from goldzone.g2p.scoring import Scores, score_words

__all__ = ["evaluate_model"]


def evaluate_model(model: G2PModel, entries: Sequence[Entry], *, beam: int, threads: int = 1) -> Scores:
    """Say every word and score it against its listed pronunciations; no word is left out.

    Raises
    ------
    DataError
        There is no word.
    """
    if not entries:
        raise DataError("there is no word to evaluate; give a lexicon with at least one")
    decoder = Decoder(model)
    # Spelled as the model spells, whatever the lexicon was read with.
    words = [decoder.letters(entry.word) for entry in entries]
    answers = decoder.decode(words, beam=beam, threads=threads)
    guesses = [found[0].segments for found in answers]
    return score_words(guesses, [entry.pronunciations for entry in entries])
