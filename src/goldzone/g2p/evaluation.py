"""A phonemizer judged on words with known pronunciations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from goldzone.data.lexicon import Entry
from goldzone.data.notation import JOINED, Notation, Segments
from goldzone.errors import DataError
from goldzone.g2p.breakdown import SaidWord, by_length, by_letter, surest_errors
from goldzone.g2p.confidence import Bin, reliability
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.error_kinds import Errors, KindRule, find_errors
from goldzone.g2p.model import G2PModel
from goldzone.g2p.reach import in_reach
from goldzone.g2p.scoring import Scores, score_words

__all__ = ["Diagnosis", "borders_count", "diagnose_model", "diagnose_said", "evaluate_model", "say_entries"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Scores, and what stands between them and all words right."""

    scores: Scores
    out_of_reach: tuple[Entry, ...]
    """Words of which the candidates can say no listed pronunciation, in their order."""
    errors: Errors
    said: tuple[SaidWord, ...] = ()
    """Each word with what was said of it."""
    confidence: tuple[Bin, ...] = ()
    """How sure the model was, and how often it was right; nothing of predictions that do not tell."""
    notation: Notation = JOINED
    """How pronunciations are written."""

    @property
    def expected(self) -> float:
        """The share of the words that the model expects to be right."""
        return sum(each.words * each.expected for each in self.confidence) / max(1, self.scores.words)

    @property
    def share_out_of_reach(self) -> float:
        """Share of all words."""
        return len(self.out_of_reach) / self.scores.words

    def to_json(self, *, examples: int, confusions: int) -> dict[str, Any]:
        """Return all as JSON values; of words out of reach or wrong, and of confusions, so many."""
        write = self.notation.write
        return {
            **self.scores.to_json(),
            "out_of_reach": {
                "words": len(self.out_of_reach),
                "share": self.share_out_of_reach,
                "examples": [
                    {"word": entry.word, "should_be": [*map(self.notation.write, entry.pronunciations)]}
                    for entry in self.out_of_reach[:examples]
                ],
            },
            "confidence": {"expected": self.expected, "bins": [each._asdict() for each in self.confidence]},
            **self.errors.to_json(confusions=confusions),
            "by_length": [each.to_json() for each in by_length(self.said)],
            "by_letter": [each.to_json() for each in by_letter(self.said)],
            "surest_errors": [
                {
                    "word": each.word,
                    "said": write(each.said),
                    "should_be": [*map(write, each.listed)],
                    "probability": each.probability,
                }
                for each in surest_errors(self.said)[:examples]
            ],
        }


def evaluate_model(
    model: G2PModel,
    entries: Sequence[Entry],
    *,
    beam: int,
    notation: Notation | None = None,
    threads: int = 1,
) -> Scores:
    """Say every word and score it against its listed pronunciations; no word is left out.

    The borders of segments count where the model and the entries separate them (`notation`, by default the
    model's).

    Raises
    ------
    DataError
        There is no word.
    """
    guesses = say_entries(model, entries, beam=beam, threads=threads)
    listed = [entry.pronunciations for entry in entries]
    return score_words(guesses, listed, by_segments=borders_count(model, notation))


def say_entries(model: G2PModel, entries: Sequence[Entry], *, beam: int, threads: int = 1) -> list[Segments]:
    """Return the best pronunciation of each word.

    Raises
    ------
    DataError
        There is no word.
    """
    decoder = Decoder(model)
    words = _spelled(decoder, entries)
    return [found[0].segments for found in decoder.decode(words, beam=beam, threads=threads)]


def diagnose_model(
    model: G2PModel,
    entries: Sequence[Entry],
    *,
    beam: int,
    notation: Notation | None = None,
    threads: int = 1,
) -> Diagnosis:
    """Score as `evaluate_model` does, and tell what is wrong with the words that are not right.

    Raises
    ------
    DataError
        There is no word.
    """
    decoder = Decoder(model)
    words = _spelled(decoder, entries)
    found = [best[0] for best in decoder.decode(words, beam=beam, threads=threads)]
    listed = [entry.pronunciations for entry in entries]
    by_segments = borders_count(model, notation)
    said = tuple(
        SaidWord.judged(entry, letters, best.segments, by_segments=by_segments, probability=best.probability)
        for entry, letters, best in zip(entries, words, found, strict=True)
    )
    reached = in_reach(model, list(map(decoder.encode, words)), listed, by_segments=by_segments)
    rule = KindRule(model.settings.stress_marks, model.settings.length_marks)
    sure = np.array([best.probability for best in found])
    return replace(
        diagnose_said(said, rule, notation=model.notation, by_segments=by_segments),
        out_of_reach=tuple(entry for entry, can in zip(entries, reached.tolist(), strict=True) if not can),
        confidence=tuple(reliability(sure, np.array([each.right for each in said]))),
    )


def diagnose_said(
    said: Sequence[SaidWord],
    rule: KindRule | None = None,
    *,
    notation: Notation = JOINED,
    by_segments: bool = False,
) -> Diagnosis:
    """Score what was said, by whomever: without what only the model could tell.

    Raises
    ------
    DataError
        There is no word.
    """
    guesses, listed = [each.said for each in said], [each.listed for each in said]
    return Diagnosis(
        scores=score_words(guesses, listed, by_segments=by_segments),
        out_of_reach=(),
        errors=find_errors([each.word for each in said], guesses, listed, rule, by_segments=by_segments),
        said=tuple(said),
        notation=notation,
    )


def borders_count(model: G2PModel, notation: Notation | None) -> bool:
    """Tell whether the borders of segments are known on both sides."""
    return model.notation.shares_borders(notation or model.notation)


def _spelled(decoder: Decoder, entries: Sequence[Entry]) -> list[Segments]:
    """Take words apart as the model spells, whatever the lexicon was read with."""
    if not entries:
        raise DataError("there is no word to evaluate; give a lexicon with at least one")
    return [decoder.letters(entry.word) for entry in entries]
