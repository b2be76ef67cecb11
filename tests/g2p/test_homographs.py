from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from goldzone.data.homographs import (
    HomographSample,
    Sentence,
    homograph_samples,
    homograph_table,
)
from goldzone.errors import DataError, ModelFormatError
from goldzone.g2p.homograph_contexts import N_KINDS, N_NEURONS, NEURON_OF, contexts_of, keys_of
from goldzone.g2p.homograph_model import HomographModel, read_homographs, write_homographs
from goldzone.g2p.homograph_trainer import train_homographs
from goldzone.g2p.homographs_judged import judge_homographs
from goldzone.hashtron.neuron import GradedTable
from goldzone.storage.container import read_container, write_container
from tests.naive.hashtron_filter import WORD

METAL, GUIDE = ("l", "ˈɛ", "d"), ("l", "ˈiː", "d")
METALS, GUIDES = ["tin", "zinc", "iron", "copper", "silver"], ["must", "can", "will", "should", "may"]


def sentence(before: str, reading: tuple[str, ...], after: str) -> Sentence:
    return Sentence(("they", before, "lead", after), (None, None, reading, None))


def samples(afters: Sequence[str]) -> tuple[HomographSample, ...]:
    """Of sentences in which the word before tells the reading."""
    sentences = [
        sentence(before, reading, after)
        for befores, reading in ((METALS, METAL), (GUIDES, GUIDE))
        for before in befores
        for after in afters
    ]
    return homograph_samples(sentences, homograph_table(sentences))


@pytest.fixture(scope="module")
def model() -> HomographModel:
    return train_homographs(samples(("pipes", "there", "now")))


def test_the_sentence_tells_the_reading(model: HomographModel) -> None:
    for befores, reading in ((METALS, METAL), (GUIDES, GUIDE)):
        for before in befores:
            choices = model.choose(["They", before.upper(), "Lead", "soon"], 2)
            assert choices[0].reading == reading
            assert choices[0].probability > 0.8
            assert sum(choice.probability for choice in choices) == pytest.approx(1)
    assert model.choose(["they", "tin"], 1) == []


def test_the_same_seed_gives_the_same_bytes(model: HomographModel, tmp_path: Path) -> None:
    first = write_homographs(tmp_path / "a", model)
    again = train_homographs(samples(("pipes", "there", "now")))
    assert write_homographs(tmp_path / "b", again) == first
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    other = train_homographs(samples(("pipes", "there", "now")), seed=2)
    assert write_homographs(tmp_path / "c", other) != first


def test_a_model_is_read_as_it_was_written(model: HomographModel, tmp_path: Path) -> None:
    write_homographs(tmp_path / "m", model)
    read = read_homographs(tmp_path / "m")
    assert (dict(read.readings), read.tables, read.about) == (
        dict(model.readings),
        model.tables,
        model.about,
    )


@pytest.mark.parametrize(
    ("content", "members", "problem"),
    [
        ({"kind": "g2p-committee"}, {}, "holds no homographs"),
        ({"salts": 3}, {}, "other parts"),
        ({"salts": [1]}, {}, "does not describe"),
        ({"premodulos": [0] * N_NEURONS}, {}, "does not describe"),
        ({"salts": [True] * N_NEURONS}, {}, "does not describe"),
        ({}, {"tables.grades": b""}, "do not match"),
        ({}, {"more": b""}, "other parts"),
        ({}, {"readings.tsv": b"lead\tl \xcb\x88\xc9\x9b d\n"}, "not several readings"),
        ({}, {"readings.tsv": b"\xff"}, "not UTF-8"),
    ],
)
def test_what_is_no_model_is_refused(
    model: HomographModel, tmp_path: Path, content: dict[str, object], members: dict[str, bytes], problem: str
) -> None:
    write_homographs(tmp_path / "m", model)
    whole = read_container(tmp_path / "m")
    write_container(tmp_path / "m", whole.content | content, whole.members | members)
    with pytest.raises(ModelFormatError, match=problem):
        read_homographs(tmp_path / "m")


def test_words_without_a_choice_cannot_be_learnt() -> None:
    single = [sentence("tin", METAL, "pipes")]
    with pytest.raises(DataError, match="no word has two readings"):
        train_homographs(homograph_samples(single, homograph_table(single)))


def test_the_comparison_with_the_commonest_reading() -> None:
    """Of four samples the model has three right, of which the commonest reading has two, and one more."""
    tables = tuple(GradedTable.from_grades(1 + number, [0]) for number in range(N_NEURONS))
    silent = HomographModel({"lead": (METAL, GUIDE)}, tables, {})  # takes the first of its own readings
    candidates = (METAL, GUIDE)
    judged = judge_homographs(
        silent,
        [
            HomographSample(("lead",), 0, METAL, candidates),
            HomographSample(("lead",), 0, METAL, candidates),
            HomographSample(("lead",), 0, METAL, candidates[::-1]),
            HomographSample(("lead",), 0, GUIDE, candidates[::-1]),
            HomographSample(("lead",), 0, GUIDE, candidates[:1]),  # no choice: not judged
        ],
    )
    assert (judged.samples, judged.right, judged.majority) == (4, 0.75, 0.75)
    # Differences 0, 0, 1, -1: their variance is a half.
    assert judged.gain_error == pytest.approx(1.96 * math.sqrt(0.5 / 4))
    assert judged.wrong == (("lead", 1),)


def test_a_reading_s_score_is_the_sum_of_its_features_grades(model: HomographModel) -> None:
    words, position = ["they", "tin", "lead", "now"], 2
    context = contexts_of(words, position).tolist()
    each = len(context) // N_KINDS
    scores = {}
    for reading in model.readings["lead"]:
        keys = keys_of("lead", reading)
        scores[reading] = sum(
            int(model.tables[neuron].evaluate([context[slot] + keys[slot // each] & WORD])[0])
            for slot, neuron in enumerate(NEURON_OF)
        )
    best, other = model.choose(words, position)
    assert best.reading == max(scores, key=lambda reading: scores[reading])
    odds = math.exp((scores[best.reading] - scores[other.reading]) / 10)
    assert best.probability / other.probability == pytest.approx(odds)


def test_what_is_seen_depends_on_places_and_not_on_the_word_itself() -> None:
    one, two = contexts_of(["a", "x", "b"], 1), contexts_of(["a", "y", "b"], 1)
    assert np.array_equal(one, two)
    assert not np.array_equal(one, contexts_of(["b", "x", "a"], 1))
    assert len(one) == len(NEURON_OF)
    assert max(NEURON_OF) == N_NEURONS - 1
