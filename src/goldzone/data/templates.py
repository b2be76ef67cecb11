"""Context templates: what a context neuron looks at, written as data.

A template is a line of atoms separated by blanks. The feature of a neuron is a hash of the candidate and of
all atoms of its template, so one neuron learns which candidates go with which contexts.

==========  =====================================================================================
``L-2``     the letter two to the left; ``L0`` the letter itself, ``L1`` the next one
``C1``      the chunk that was chosen for the previous letter; ``C2`` the one before that
``S1``      the last phoneme segment said so far; ``S2`` the one before (silent letters do not count)
``same``    the chunk chosen at the last earlier occurrence of this letter in the word
``said``    all segments said so far
``start4``  the number of letters before this one, counted up to 4
``end6``    the number of letters from this one to the end, counted up to 6
``len6``    the number of letters of the word, counted up to 6
``V-1``     whether the letter before is a vowel letter
``prevv``   the nearest vowel letter to the left, ``nextv`` to the right
``lcons``   the letters back to that vowel letter, ``rcons`` those on to it
``nvl2``    groups of vowel letters to the left, counted up to 2; ``nvr3`` to the right
``suf3``    the last 3 letters of the word
``rest5``   this letter and those after it, 5 at most
``nvs3``    vowels said so far, counted up to 3
``lastv``   the last vowel said
``cstr``    what was said since that vowel
``vowels``  all vowels said so far
``acc``     whether an accented segment was said
``acc3``    the vowels said since the last accented segment, counted up to 3
==========  =====================================================================================

``L-2..1``, ``C1..3``, ``S1..2`` and ``V-1..1`` are short for a run of atoms. Vowels and accents are those of
`goldzone.data.sound_classes`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from goldzone.errors import ConfigError

__all__ = [
    "DEFAULT_TEMPLATES",
    "MAX_DISTANCE",
    "SENTENCE_TEMPLATES",
    "TEMPLATE_GROUPS",
    "Templates",
    "parse_templates",
]

LETTER, CHUNK, SEGMENT, SAME, SAID, START, END = range(7)
LENGTH, LETTER_CLASS, PREVIOUS_VOWEL, NEXT_VOWEL, LEFT_CONSONANTS, RIGHT_CONSONANTS = range(7, 13)
VOWELS_LEFT, VOWELS_RIGHT, SUFFIX, REST = range(13, 17)
VOWELS_SAID, LAST_VOWEL, CONSONANTS_SAID, ALL_VOWELS, ACCENT_SAID, SINCE_ACCENT = range(17, 23)
"""Kinds of atom, as the kernels know them."""

_CHOICES: Final = (CHUNK, SEGMENT, SAME, SAID, *range(VOWELS_SAID, SINCE_ACCENT + 1))
"""What depends on earlier choices."""

MAX_DISTANCE: Final = 15
"""The farthest letter, chunk or segment that an atom may name; keeps look-ups within fixed buffers."""

MAX_ATOMS: Final = 16

_ATOM = re.compile(r"(?P<kind>[LCSV])(?P<first>-?[0-9]{1,4})(?:\.\.(?P<last>-?[0-9]{1,4}))?")
_WORD = re.compile(r"(?P<kind>[a-z]+)(?P<cap>[0-9]{1,4})?")
_WINDOWED: Final = {"L": LETTER, "C": CHUNK, "S": SEGMENT, "V": LETTER_CLASS}
_COUNTED: Final = {
    "start": START,
    "end": END,
    "len": LENGTH,
    "nvl": VOWELS_LEFT,
    "nvr": VOWELS_RIGHT,
    "suf": SUFFIX,
    "rest": REST,
    "nvs": VOWELS_SAID,
    "acc": SINCE_ACCENT,
}
_BARE: Final = {
    "same": SAME,
    "said": SAID,
    "prevv": PREVIOUS_VOWEL,
    "nextv": NEXT_VOWEL,
    "lcons": LEFT_CONSONANTS,
    "rcons": RIGHT_CONSONANTS,
    "lastv": LAST_VOWEL,
    "cstr": CONSONANTS_SAID,
    "vowels": ALL_VOWELS,
    "acc": ACCENT_SAID,
}

TEMPLATE_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "letters": (
        *("L0", "L-1..0", "L0..1", "L-1..1", "L-2..0", "L0..2", "L-2..1", "L-1..2", "L-2..2"),
        *("L-3..0", "L0..3", "L-3..1", "L-1..3", "L0..4", "L-4..0"),
    ),
    "letters and segments": (
        *("L0 S1", "L0..1 S1", "L-1..1 S1", "L0..2 S1"),
        *("L0 S1..2", "L0..1 S1..2", "L-1..1 S1..2", "L0..2 S1..2", "L0 S1..3", "L0..1 S1..3", "L0 S1..4"),
    ),
    # Joint n-grams.
    "letters and chunks": (
        *("L-1..0 C1", "L-1..1 C1", "L-2..0 C1"),
        *("L-1..0 C1..2", "L-1..1 C1..2", "L-2..0 C1..2", "L-1..0 C1..3"),
    ),
    # Phonotactics.
    "segments": ("S1", "S1..2", "S1..3", "S1..4"),
    # One earlier choice at a time. They carry a notation, stress or vowel harmony through the word.
    "earlier choices": (
        *("L0 L-2 C2", "L0 L-3 C3", "L0 L-4 C4", "L0 L-5 C5", "L0 L-6 C6"),
        *("L0 C1", "L0 C2", "L0 C3", "L0 C4", "L0 S2", "L0 S3", "L0 S4"),
        *("L0 same", "L-1..1 same", "L0..1 same S1", "L0 said", "L0..1 said"),
    ),
    "edges": ("L0..2 end6", "L-2..0 start4", "L0 end4 S1..2"),
    "gaps": (
        *("L0 L2", "L0 L3", "L-2 L0", "L-3 L0", "L-2 L0 L2", "L-1..0 L2", "L-2 L0..1", "L0..1 L3"),
        *("L0 L2..3", "L-3..-2 L0", "L-1..1 L3", "L-3 L-1..1"),
    ),
    "vowels around": (
        *(
            "L0 nextv",
            "L0 prevv",
            "L0 prevv nextv",
            "L-1..1 nextv",
            "L0 lastv",
            "L0 lastv nextv",
            "L-1..1 lastv",
        ),
        *(
            "L0 rcons",
            "L0 lcons",
            "L0 lcons rcons",
            "L0 rcons nextv",
            "L0 cstr",
            "L0 lastv cstr",
            "lastv cstr",
        ),
    ),
    "syllables": (
        *("L0 nvs3", "L0 nvr3", "L0 nvs3 nvr3", "L0..1 nvr2", "L0..1 nvs2", "L-1..1 nvr2", "L0 rcons nvr2"),
        *("L0 nvs1 nvr1 rcons", "L0 vowels", "L0 vowels nvr3"),
    ),
    "endings": (
        *("L0 suf1", "L0 suf2", "L0 suf3", "L0 suf4", "L0 nvr4 suf2", "L0 nvr4 suf3", "L0 end9 suf2"),
        *("L0 end9 suf3", "L0 nvs3 nvr3 suf2", "L0 rest5", "L0 rest7", "L-1 rest4", "L-1 rest6"),
    ),
    "accent": (
        *("L0 acc", "acc nvr3", "L0 acc nvr3", "L0 acc nvr3 nvs2", "L0 acc nvr3 suf1", "L0 acc nvr4 suf2"),
        *(
            "L0 acc nvr4 suf3",
            "L0 acc nvr4 suf4",
            "L0..1 acc",
            "L-1..1 acc",
            "L-1..1 acc nvr3",
            "L0 acc rcons",
        ),
        *("L0 acc rest5", "L0 acc start4 suf2", "L0 acc3", "L0..1 acc2", "L0 acc2 nvr3", "L0 acc3 suf3"),
    ),
    "vowel or not": (
        *("L0 V-1..1", "L0 V-2..2", "L0 V1..3", "L0 V-3..-1", "L-1..1 V-2 V2", "V-2..2"),
        *("L0..1 V-2..-1 V2..3", "S1 V0..2"),
    ),
    "next letters": ("L1", "L-1", "L1 S1", "L1 S1..2", "L1 C1", "C1..2", "C1..3", "L0 C1..2", "L0..1 C1..2"),
    "long": (
        *("L-3..2", "L-2..3", "L-4..1", "L-1..4", "L0..5", "L0..3 S1", "L0..4 S1", "L-2..2 S1"),
        *("L-2..1 S1..2", "L-1..2 C1", "L0..3 C1..2", "L0..2 C1..3"),
    ),
}
"""The built-in set for words, by what the templates look at; at most six letters and choices a template."""

DEFAULT_TEMPLATES: Final = tuple(text for group in TEMPLATE_GROUPS.values() for text in group)

SENTENCE_TEMPLATES: Final[tuple[str, ...]] = (
    *("L0", "L0 L-1", "L0 L1", "L-1..1", "L0 L-2", "L0 L2", "L0 L-3", "L0 L3", "L-2..0", "L0..2"),
    *("L0 start4", "L0 end4"),
)
"""The built-in set for homographs, where a "letter" is a word of the sentence."""


@dataclass(frozen=True, eq=False)
class Templates:
    """Parsed templates, ready for the kernels.

    Attributes
    ----------
    texts : tuple of str
        As written.
    atoms : int32[n_atoms, 2]
        Kind and argument of each atom, all templates end to end.
    offsets : int64[n_templates + 1]
        Where each template's atoms start in `atoms`.
    """

    texts: tuple[str, ...]
    atoms: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self.texts)

    def reads_choices(self) -> NDArray[np.bool_]:
        """Tell which templates depend on earlier choices (chunks, segments): bool[n_templates]."""
        chosen = np.isin(self.atoms[:, 0], _CHOICES)
        counts = np.concatenate(([0], np.cumsum(chosen)))
        return np.asarray(counts[self.offsets[1:]] > counts[self.offsets[:-1]])


def parse_templates(texts: Sequence[str]) -> Templates:
    """Parse templates.

    Raises
    ------
    ConfigError
        A template has an unknown atom, none, too many, or reaches too far; or two templates are alike.
    """
    parsed = [_atoms(number, text) for number, text in enumerate(texts)]
    if not parsed:
        raise ConfigError("templates: the list is empty; give at least one, such as 'L-1..1'")
    seen: dict[frozenset[tuple[int, int]], int] = {}
    for number, atoms in enumerate(parsed):
        first = seen.setdefault(frozenset(atoms), number)
        if first != number:
            raise ConfigError(
                f"templates[{number}]: {texts[number]!r} says the same as {texts[first]!r}; drop one"
            )
    offsets = np.cumsum([0, *map(len, parsed)]).astype(np.int64)
    flat = [atom for atoms in parsed for atom in atoms]
    return Templates(tuple(texts), np.array(flat, dtype=np.int32), offsets)


def _atoms(number: int, text: str) -> list[tuple[int, int]]:
    atoms = [atom for word in text.split() for atom in _expand(number, text, word)]
    if not 1 <= len(atoms) <= MAX_ATOMS:
        raise ConfigError(f"templates[{number}]: {text!r} has {len(atoms)} atoms; give 1 to {MAX_ATOMS}")
    if len(set(atoms)) != len(atoms):
        raise ConfigError(f"templates[{number}]: {text!r} names an atom twice; name each once")
    return atoms


def _expand(number: int, text: str, word: str) -> list[tuple[int, int]]:
    if match := _ATOM.fullmatch(word):
        kind, first = match["kind"], int(match["first"])
        last = first if match["last"] is None else int(match["last"])
        lowest = -MAX_DISTANCE if kind in "LV" else 1
        if not lowest <= first <= last <= MAX_DISTANCE:
            raise ConfigError(
                f"templates[{number}]: {word!r} in {text!r} is out of range; "
                f"{kind} goes from {lowest} to {MAX_DISTANCE}, the lower number first"
            )
        return [(_WINDOWED[kind], distance) for distance in range(first, last + 1)]
    if match := _WORD.fullmatch(word):
        name, cap = match["kind"], match["cap"]
        if name in _BARE and cap is None:
            return [(_BARE[name], 0)]
        if name in _COUNTED and cap is not None and 1 <= int(cap) <= MAX_DISTANCE:
            return [(_COUNTED[name], int(cap))]
    raise ConfigError(
        f"templates[{number}]: {word!r} in {text!r} is no atom; "
        "use L-2, L0..1, C1, S1..2, same, said, start4 or end6, or another that goldzone.data.templates lists"
    )
