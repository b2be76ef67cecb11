"""Entries of a lexicon that look wrong: each word is judged by a model that has not learnt it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.notation import Segments
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings
from goldzone.data.split import Split, split_in_parts
from goldzone.errors import DataError
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.error_kinds import Edit, KindRule, nearest_edits
from goldzone.g2p.model import G2PModel
from goldzone.g2p.scoring import is_listed
from goldzone.g2p.task import PhonemizerTask, train_model
from goldzone.hashtron.committee import Committee
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks

__all__ = ["Suspect", "Watched", "check_lexicon"]

Watched: TypeAlias = AbstractContextManager[Hooks[Committee]]
"""What a training is surrounded by, and its hooks."""

_SEARCHED: Final = 64
"""Pronunciations of a word among which the listed one is looked for: more than for saying it."""
_FLOOR: Final = 2.0**-10
"""The least probability that a listed pronunciation counts as."""
_RARER: Final = 4.0
"""So much rarer is an entry with one error more: a slip is one sound; a foreign word differs in many."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """An entry that looks wrong."""

    word: str
    listed: tuple[Segments, ...]
    expected: Segments
    """What a model says that has not learnt the word."""
    probability: float
    """Of the expected pronunciation."""
    odds: float
    """How many times as probable the expected pronunciation is as the listed one."""
    edits: tuple[Edit, ...]
    """From the expected pronunciation to the nearest listed one."""

    @property
    def suspicion(self) -> float:
        """What entries are ranked by: the odds, for entries that one slip explains."""
        return self.odds * _RARER ** -max(0, len(self.edits) - 1)

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values."""
        return {
            "word": self.word,
            "listed": [list(said) for said in self.listed],
            "expected": list(self.expected),
            "probability": round(self.probability, 4),
            "odds": round(self.odds, 1),
            "edits": [list(edit) for edit in self.edits],
        }


def check_lexicon(
    lexicon: Lexicon,
    config: TrainingConfig,
    *,
    parts: int = 3,
    settings: LanguageSettings = DEFAULT_SETTINGS,
    threads: int = 1,
    watched: Callable[[int], Watched] = lambda part: nullcontext(Hooks()),
) -> list[Suspect]:
    """Train a model on all parts but one, for each part, and rank the words of the part that look wrong.

    Parameters
    ----------
    lexicon : Lexicon
    config : TrainingConfig
    parts : int
        At least 2; more parts learn more words and take longer.
    settings : LanguageSettings
    threads : int
        Changes the speed, never the result.
    watched : callable
        Gives what surrounds each training, by its part from 0.

    Returns
    -------
    list of Suspect
        Words of which the models expect another pronunciation than those listed, the most suspicious first.

    Raises
    ------
    DataError
        There are fewer words than parts, or none can be aligned.
    """
    if len(lexicon) < parts:
        raise DataError(f"{lexicon.name}: words: {len(lexicon)}, too few for {parts} parts; give more")
    found: list[Suspect] = []
    nothing = replace(lexicon, entries=())
    for number, part in enumerate(split_in_parts(lexicon, parts)):
        others = {entry.word for entry in part}
        train = replace(lexicon, entries=tuple(e for e in lexicon.entries if e.word not in others))
        task = PhonemizerTask(lexicon.name, Split(train, nothing, nothing), config, settings)
        with watched(number) as hooks:
            model = train_model(task, hooks, threads=threads).model
        found += _suspects(model, part.entries, threads)
    return sorted(found, key=lambda suspect: (-suspect.suspicion, -suspect.probability, suspect.word))


def _suspects(model: G2PModel, entries: Sequence[Entry], threads: int) -> list[Suspect]:
    """Find the words that are expected otherwise; borders of segments count where the lexicon has them."""
    decoder = Decoder(model)
    words = [decoder.letters(entry.word) for entry in entries]
    answers = decoder.decode(words, beam=_SEARCHED, n_best=_SEARCHED, threads=threads)
    rule = KindRule(model.settings.stress_marks, model.settings.length_marks)
    by_segments = model.notation.shares_borders(model.notation)
    found = []
    for entry, said in zip(entries, answers, strict=True):
        best, listed = said[0], entry.pronunciations
        if is_listed(best.segments, listed, by_segments=by_segments):
            continue
        of_listed = [
            each.probability for each in said if is_listed(each.segments, listed, by_segments=by_segments)
        ]
        odds = best.probability / max([_FLOOR, *of_listed])
        edits = tuple(nearest_edits(best.segments, entry.pronunciations, rule))
        found.append(Suspect(entry.word, entry.pronunciations, best.segments, best.probability, odds, edits))
    return found
