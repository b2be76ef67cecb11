from __future__ import annotations

import numpy as np
import pytest

from goldzone.data.templates import (
    ACCENT_SAID,
    ALL_VOWELS,
    CHUNK,
    CONSONANTS_SAID,
    DEFAULT_TEMPLATES,
    END,
    LAST_VOWEL,
    LEFT_CONSONANTS,
    LENGTH,
    LETTER,
    LETTER_CLASS,
    MAX_ATOMS,
    MAX_DISTANCE,
    NEXT_VOWEL,
    PREVIOUS_VOWEL,
    REST,
    RIGHT_CONSONANTS,
    SAID,
    SAME,
    SEGMENT,
    SENTENCE_TEMPLATES,
    SINCE_ACCENT,
    START,
    SUFFIX,
    TEMPLATE_GROUPS,
    VOWELS_LEFT,
    VOWELS_RIGHT,
    VOWELS_SAID,
    parse_templates,
)
from goldzone.errors import ConfigError
from tests.naive.contexts import naive_expand


@pytest.mark.parametrize(
    ("text", "atoms"),
    [
        ("L0", [(LETTER, 0)]),
        ("L-2", [(LETTER, -2)]),
        ("L15", [(LETTER, 15)]),
        ("L-15", [(LETTER, -15)]),
        ("L-1..1", [(LETTER, -1), (LETTER, 0), (LETTER, 1)]),
        ("L2..2", [(LETTER, 2)]),
        ("C1", [(CHUNK, 1)]),
        ("C1..3", [(CHUNK, 1), (CHUNK, 2), (CHUNK, 3)]),
        ("S2", [(SEGMENT, 2)]),
        ("S14..15", [(SEGMENT, 14), (SEGMENT, 15)]),
        ("same", [(SAME, 0)]),
        ("said", [(SAID, 0)]),
        ("start4", [(START, 4)]),
        ("end15", [(END, 15)]),
        ("  L0   S1\tsame ", [(LETTER, 0), (SEGMENT, 1), (SAME, 0)]),
        ("S1 L0", [(SEGMENT, 1), (LETTER, 0)]),
    ],
)
def test_a_template_is_its_atoms_in_order(text: str, atoms: list[tuple[int, int]]) -> None:
    templates = parse_templates([text])
    assert templates.texts == (text,)
    assert list(map(tuple, templates.atoms.tolist())) == atoms
    assert templates.offsets.tolist() == [0, len(atoms)]


def test_templates_lie_end_to_end() -> None:
    templates = parse_templates(["L-1..0", "same", "C1 S1 L0"])
    assert len(templates) == 3
    assert templates.offsets.tolist() == [0, 2, 3, 6]
    assert templates.atoms.shape == (6, 2)
    assert [str(array.dtype) for array in (templates.atoms, templates.offsets)] == ["int32", "int64"]
    assert templates.atoms[2].tolist() == [SAME, 0]


def test_a_template_may_have_as_many_atoms_as_the_limit() -> None:
    assert parse_templates(["L0..15"]).offsets.tolist() == [0, MAX_ATOMS]
    assert parse_templates([f"L-{MAX_DISTANCE}"]).atoms.tolist() == [[LETTER, -MAX_DISTANCE]]


OUT_OF_RANGE_L = "out of range; L goes from -15 to 15, the lower number first"
NO_ATOM = "is no atom; use L-2, L0..1, C1, S1..2, same, said, start4 or end6"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' has 0 atoms; give 1 to 16"),
        (" \t ", "has 0 atoms; give 1 to 16"),
        ("L-8..8", "'L-8..8' has 17 atoms; give 1 to 16"),
        ("L0 L0", "'L0 L0' names an atom twice; name each once"),
        ("L-1..1 L1", "names an atom twice; name each once"),
        ("L16", f"'L16' in 'L16' is {OUT_OF_RANGE_L}"),
        ("S1 L-16", f"'L-16' in 'S1 L-16' is {OUT_OF_RANGE_L}"),
        ("L1..0", f"'L1..0' in 'L1..0' is {OUT_OF_RANGE_L}"),
        ("L0..16", OUT_OF_RANGE_L),
        ("C0", "'C0' in 'C0' is out of range; C goes from 1 to 15, the lower number first"),
        ("C-1", "C goes from 1 to 15"),
        ("S0..2", "S goes from 1 to 15"),
        ("S16", "S goes from 1 to 15"),
        ("V16", "V goes from -15 to 15"),
        ("nextv2", NO_ATOM),
        ("nvs", NO_ATOM),
        ("X1", f"'X1' in 'X1' {NO_ATOM}"),
        ("L0 l1", f"'l1' in 'L0 l1' {NO_ATOM}"),
        ("L", NO_ATOM),
        ("L+1", NO_ATOM),
        ("L1..", NO_ATOM),
        ("L0..1..2", NO_ATOM),
        ("L0,S1", NO_ATOM),
        ("same1", NO_ATOM),
        ("said2", NO_ATOM),
        ("start", NO_ATOM),
        ("start0", NO_ATOM),
        ("end16", NO_ATOM),
        ("end-1", NO_ATOM),
        ("L\u0661", NO_ATOM),  # a digit, but not one of ours
        ("L" + "9" * 5000, NO_ATOM),  # more digits than Python reads
        ("end" + "9" * 5000, NO_ATOM),
    ],
)
def test_an_unreadable_template_is_named_in_one_line(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_templates(["L0 same", text])
    message = str(caught.value)
    assert message.startswith("templates[1]: ")
    assert problem in message
    assert "\n" not in message


def test_two_templates_of_the_same_atoms_are_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_templates(["same", "L0..1", "L0 L1"])
    assert str(caught.value) == "templates[2]: 'L0 L1' says the same as 'L0..1'; drop one"


def test_two_templates_of_the_same_atoms_in_another_order_are_an_error() -> None:
    with pytest.raises(ConfigError, match=r"templates\[1\]: 'C1 L0' says the same as 'L0 C1'; drop one"):
        parse_templates(["L0 C1", "C1 L0"])


def test_no_template_at_all_is_an_error() -> None:
    with pytest.raises(ConfigError, match="templates: the list is empty; give at least one, such as"):
        parse_templates([])


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("L-2..2", False),
        ("start4 end4", False),
        ("L0 C1", True),
        ("S1", True),
        ("L0 same", True),
        ("said L0", True),
        ("len4 V0..1 prevv nextv lcons rcons nvl2 nvr2 suf3 rest4", False),
        *((f"L0 {text}", True) for text in ("nvs2", "lastv", "cstr", "vowels", "acc", "acc2")),
    ],
)
def test_letters_and_positions_are_known_before_any_choice(text: str, reads: bool) -> None:
    # Neighbours of both sorts, so that a template is not taken for the one beside it.
    templates = parse_templates(["L-3", text, "C7"])
    assert templates.reads_choices().tolist() == [False, reads, True]


KINDS = {
    "L": LETTER,
    "C": CHUNK,
    "S": SEGMENT,
    "same": SAME,
    "said": SAID,
    "start": START,
    "end": END,
    "len": LENGTH,
    "V": LETTER_CLASS,
    "prevv": PREVIOUS_VOWEL,
    "nextv": NEXT_VOWEL,
    "lcons": LEFT_CONSONANTS,
    "rcons": RIGHT_CONSONANTS,
    "nvl": VOWELS_LEFT,
    "nvr": VOWELS_RIGHT,
    "suf": SUFFIX,
    "rest": REST,
    "nvs": VOWELS_SAID,
    "lastv": LAST_VOWEL,
    "cstr": CONSONANTS_SAID,
    "vowels": ALL_VOWELS,
    "accent": ACCENT_SAID,
    "acc": SINCE_ACCENT,
}


def test_the_groups_are_the_built_in_set() -> None:
    assert [text for group in TEMPLATE_GROUPS.values() for text in group] == list(DEFAULT_TEMPLATES)


@pytest.mark.parametrize("texts", [DEFAULT_TEMPLATES, SENTENCE_TEMPLATES])
def test_the_built_in_sets_parse_to_what_they_say(texts: tuple[str, ...]) -> None:
    templates = parse_templates(texts)
    chosen = {CHUNK, SEGMENT, SAME, SAID, *range(VOWELS_SAID, SINCE_ACCENT + 1)}
    for number, text in enumerate(texts):
        expected = [
            (KINDS[name if name != "acc" or argument else "accent"], argument)
            for name, argument in naive_expand(text)
        ]
        start, stop = templates.offsets[number : number + 2]
        assert list(map(tuple, templates.atoms[start:stop].tolist())) == expected
        assert templates.reads_choices()[number] == any(kind in chosen for kind, _ in expected)


def test_sentences_read_no_earlier_choices() -> None:
    assert not parse_templates(SENTENCE_TEMPLATES).reads_choices().any()
    assert parse_templates(DEFAULT_TEMPLATES).reads_choices().any()
    assert np.diff(parse_templates(DEFAULT_TEMPLATES).offsets).max() == 6
