"""What the models of two arms say of the same words, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.notation import Notation, Segments
from goldzone.data.split import first_by_hash, word_key
from goldzone.errors import DataError
from goldzone.g2p.evaluation import borders_count, say_entries
from goldzone.g2p.held_out import met_words, part_of
from goldzone.g2p.model import G2PModel, read_model
from goldzone.g2p.scoring import count_errors

__all__ = ["Said", "Trained", "say"]

_TRAIN_WORDS: Final = 2000
"""Train words that are said to measure the gap; more would cost more time than they tell."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model file, and what it took to make it."""

    model: Path
    seconds: float | None = None
    """None, as the next, where nobody has told."""
    peak_memory: int | None = None


@dataclass(frozen=True, eq=False)
class Said:
    """What both arms say of some words, by arm, training (seed) and word."""

    entries: tuple[Entry, ...]
    wrong: NDArray[np.int64]
    """int64[2, n_seeds, n_words], as are the next two: 1 where the word is wrong."""
    edits: NDArray[np.int64]
    lengths: NDArray[np.int64]
    """Segments of the nearest listed pronunciation."""
    first_said: tuple[tuple[str, ...], ...]
    """By arm and word: what the first training says, as the lexicon writes it."""
    listed: tuple[str, ...]
    """By word: its pronunciations."""

    @property
    def differences(self) -> NDArray[np.int64]:
        """In how many more trainings the first arm says each word right: int64[n_words]."""
        right = -self.wrong.sum(axis=1)
        return np.asarray(right[0] - right[1])


def say(
    trained: Sequence[Sequence[Trained]], lexicon: Lexicon, *, new: bool = False, threads: int = 1
) -> tuple[Said, Said | None]:
    """Let the models of both arms say held-out words, and words that they have learnt.

    Parameters
    ----------
    trained : sequence of sequences of Trained
        By arm and seed.
    lexicon : Lexicon
        All words of the language.
    new : bool
        Whether all words count that no model has met; otherwise those of the test part alone, which have
        not chosen the best sweep either.
    threads : int

    Returns
    -------
    held_out : Said
    learnt : Said or None
        Of at most 2,000 words that all models have met; None where there is none.

    Raises
    ------
    DataError
        No held-out word is new to all models.
    ModelFormatError
        A model cannot be read.
    """
    models = [[(each.model, read_model(each.model)[0]) for each in arm] for arm in trained]
    held_out, learnt = _shared_parts([model for arm in models for model in arm], lexicon, new=new)
    if not held_out:
        raise DataError(f"{lexicon.name}: has no test word that is new to both arms; try --part new")
    sample = first_by_hash(replace(lexicon, entries=learnt), _TRAIN_WORDS).entries
    return (
        _say(models, held_out, lexicon.notation, threads),
        _say(models, sample, lexicon.notation, threads) if sample else None,
    )


def _shared_parts(
    models: Sequence[tuple[Path, G2PModel]], lexicon: Lexicon, *, new: bool
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Return the held-out words of all models, and the words that all have met."""
    held_out = learnt = lexicon.entries
    for file, model in models:
        met = set(met_words(file, model, lexicon).tolist())
        tested = {entry.word for entry in (lexicon if new else part_of(model, lexicon, "test"))}
        learnt = tuple(entry for entry in learnt if word_key(entry.word) in met)
        held_out = tuple(
            entry for entry in held_out if entry.word in tested and word_key(entry.word) not in met
        )
    return held_out, learnt


def _say(
    arms: Sequence[Sequence[tuple[Path, G2PModel]]],
    entries: tuple[Entry, ...],
    notation: Notation,
    threads: int,
) -> Said:
    listed = [entry.pronunciations for entry in entries]
    # Borders count for both or for neither: the arms are measured alike.
    by_segments = all(borders_count(model, notation) for arm in arms for _, model in arm)
    said: list[list[list[Segments]]] = [
        [
            say_entries(model, entries, beam=model.trained_with().decoding.beam, threads=threads)
            for _, model in arm
        ]
        for arm in arms
    ]
    counts = np.array(
        [[count_errors(guesses, listed, by_segments=by_segments) for guesses in arm] for arm in said]
    )
    wrong, edits, lengths = np.moveaxis(counts, 2, 0)
    return Said(
        entries,
        wrong,
        edits,
        lengths,
        tuple(tuple(map(notation.write, arm[0])) for arm in said),
        tuple(" / ".join(map(notation.write, pronunciations)) for pronunciations in listed),
    )
