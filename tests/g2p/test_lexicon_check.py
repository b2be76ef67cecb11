"""What differs in the borders of segments alone is another pronunciation only where borders are written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from goldzone.data.lexicon import Entry
from goldzone.data.notation import Notation, Segments
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.evaluation import diagnose_model, evaluate_model
from goldzone.g2p.lexicon_check import _suspects
from goldzone.g2p.model import G2PModel
from tests.g2p.small_models import small_model


@pytest.fixture
def joined() -> G2PModel:
    return small_model(np.random.default_rng(11), graded=True)


def entries(model: G2PModel, *, whole: bool) -> list[Entry]:
    """List what the model says of a few words: segment by segment, or as one segment."""
    decoder = Decoder(model)
    words = ["".join(model.letters[i] for i in (a, b, a)) for a in (0, 1) for b in (0, 1)]
    best = [said[0].segments for said in decoder.decode(list(map(decoder.letters, words)), beam=8)]
    kept = [(word, said) for word, said in zip(words, best, strict=True) if len(said) > 1]
    assert kept
    return [Entry(word, tuple(word), (_whole(said) if whole else said,)) for word, said in kept]


def _whole(said: Segments) -> Segments:
    return ("".join(said),)


def test_borders_count_where_they_are_written(joined: G2PModel) -> None:
    spaced = replace(joined, notation=Notation("spaced"))
    for model, share in ((joined, 0.0), (spaced, 1.0)):
        cut_otherwise = entries(model, whole=True)
        assert evaluate_model(model, cut_otherwise, beam=8).word_error == share
        assert diagnose_model(model, cut_otherwise, beam=8).scores.word_error == share
        assert len(_suspects(model, cut_otherwise, 1)) == share * len(cut_otherwise)
        assert evaluate_model(model, entries(model, whole=False), beam=8).word_error == 0
        assert _suspects(model, entries(model, whole=False), 1) == []


def test_borders_that_only_the_model_writes_do_not_count(joined: G2PModel) -> None:
    spaced = replace(joined, notation=Notation("spaced"))
    cut_otherwise = entries(spaced, whole=True)
    assert evaluate_model(spaced, cut_otherwise, beam=8, notation=Notation("joined")).word_error == 0
