"""Words of a text that a dictionary lacks, ready to be added to it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from goldzone.data.letters import normalise_word
from goldzone.errors import DataError
from goldzone.g2p.answers import Answer
from goldzone.g2p.decoder import Pronunciation
from goldzone.g2p.phonemizer import Phonemizer
from goldzone.g2p.running_text import tokens

__all__ = ["NewWords", "most_of_the_mass", "new_words", "refuse_foreign_phones", "words_of"]

_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class NewWords:
    """What became of the words of a text."""

    answers: tuple[Answer, ...]
    """New words, the most frequent first."""
    known: int
    """Distinct words that the dictionary has."""
    unsayable: tuple[str, ...]
    """New words with letters that the model has never seen; they are not among the answers."""


def words_of(lines: Iterable[str], *, lower: bool) -> Counter[str]:
    """Count the words of a text: those with a letter."""
    counts: Counter[str] = Counter()
    for line in lines:
        for token in tokens(line):
            if token.is_word and any(unicodedata.category(c)[0] == "L" for c in token.word):
                word = normalise_word(token.word)
                counts[word.lower() if lower else word] += 1
    return counts


def new_words(
    counts: Counter[str],
    known: Iterable[str],
    phonemizer: Phonemizer,
    *,
    n_best: int = 1,
    mass: float = 1.0,
    threads: int = 1,
) -> NewWords:
    """Say the words that are not known.

    Parameters
    ----------
    counts : Counter of str
        How often each word occurs (`words_of`).
    known : iterable of str
        Words that a dictionary has; they are compared in small letters if the model reads them so.
    phonemizer : Phonemizer
    n_best : int
        Pronunciations a word, at most.
    mass : float
        Pronunciations are listed until their probabilities add up to this.
    threads : int
    """
    lower = phonemizer.model.settings.lower
    have = {word.lower() if lower else word for word in map(normalise_word, known)}
    wanted = sorted(counts.keys() - have, key=lambda word: (-counts[word], word))
    answers = phonemizer.answer(wanted, n_best=n_best, threads=threads)
    return NewWords(
        tuple(most_of_the_mass(answer, mass) for answer in answers if not answer.unknown),
        len(counts) - len(wanted),
        tuple(answer.word for answer in answers if answer.unknown),
    )


def most_of_the_mass(answer: Answer, mass: float) -> Answer:
    """Leave out the pronunciations beyond those whose probabilities add up to a mass; one always stays."""
    kept: list[Pronunciation] = []
    total = 0.0
    for said in answer.pronunciations:
        if kept and total >= mass:
            break
        kept.append(said)
        total += said.probability
    return replace(answer, pronunciations=tuple(kept))


def refuse_foreign_phones(answers: Sequence[Answer], phones: Iterable[str], name: str) -> None:
    """Refuse words with phones that a list does not have.

    Raises
    ------
    DataError
        There are some: the message names the phones, and how many words have them.
    """
    allowed = set(phones)
    foreign: Counter[str] = Counter()
    for answer in answers:
        foreign.update({p for said in answer.pronunciations for p in said.segments if p not in allowed})
    if foreign:
        listed = ", ".join(f"{phone} ({count:,} words)" for phone, count in foreign.most_common(_SHOWN))
        raise DataError(
            f"{name}: lacks {len(foreign):,} phones that the model says: {listed}; "
            "train on a lexicon that is written with its phones"
        )
