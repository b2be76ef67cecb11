from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from goldzone.data.lexicon import Entry, Lexicon
from goldzone.data.split import Split
from goldzone.g2p.confidence import best_spread, reliability
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.evaluation import diagnose_model
from goldzone.g2p.task import TrainedModel
from tests.g2p.small_models import small_model


def brier(trained: TrainedModel, entries: tuple[Entry, ...], spread: float) -> float:
    """The mean squared distance between probability and truth, from the answers themselves."""
    decoder = Decoder(replace(trained.model, spread=spread))
    said = decoder.decode([decoder.letters(entry.word) for entry in entries], beam=4)
    return sum(
        (found[0].probability - (found[0].segments in entry.pronunciations)) ** 2
        for found, entry in zip(said, entries, strict=True)
    )


def test_the_spread_is_that_of_least_brier_score(trained: TrainedModel, slovak_split: Split[Lexicon]) -> None:
    entries = slovak_split.dev.entries
    spread = best_spread(trained.model, entries, beam=4)
    scores = {other: brier(trained, entries, other) for other in (0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)}
    assert brier(trained, entries, spread) <= min(scores.values()) + 1e-3
    assert best_spread(replace(trained.model, spread=3.0), entries, beam=4) == spread


def test_a_wider_spread_makes_less_sure_and_changes_no_answer(
    trained: TrainedModel, slovak_split: Split[Lexicon]
) -> None:
    words = [entry.letters for entry in slovak_split.test.entries]
    narrow, wide = (
        Decoder(replace(trained.model, spread=spread)).decode(words, beam=4) for spread in (1.0, 2.0)
    )
    for (before,), (after,) in zip(narrow, wide, strict=True):
        assert before.segments == after.segments
        assert after.log2_probability <= before.log2_probability + 1e-4


def test_where_little_is_known_the_usual_spread_is_taken(
    trained: TrainedModel, slovak_split: Split[Lexicon]
) -> None:
    assert best_spread(trained.model, slovak_split.dev.entries[:50], beam=4) == 1.25
    bits = small_model(np.random.default_rng(1), graded=False)
    assert best_spread(bits, slovak_split.dev.entries, beam=4) == 1.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_bins_hold_every_word_once(found: list[tuple[float, bool]]) -> None:
    sure, right = (np.array(each) for each in zip(*found, strict=True))
    bins = reliability(sure.astype(np.float64), right)
    assert sum(each.words for each in bins) == len(found)
    assert np.isclose(sum(each.words * each.right for each in bins), right.sum())
    assert all(each.low <= each.expected <= each.high for each in bins)


def test_a_diagnosis_tells_how_sure_the_model_was(
    trained: TrainedModel, slovak_split: Split[Lexicon]
) -> None:
    found = diagnose_model(trained.model, slovak_split.test.entries, beam=4)
    assert sum(each.words for each in found.confidence) == found.scores.words
    right = sum(each.words * each.right for each in found.confidence) / found.scores.words
    assert np.isclose(right, found.scores.word_accuracy)
    assert 0 < found.expected < 1
