from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator

from goldzone.data.lexicon import Entry, Lexicon, canonical
from goldzone.data.rows import ReadReport
from goldzone.data.settings import DEFAULT_SETTINGS
from goldzone.errors import StateError
from goldzone.g2p.beam_trainer import BeamTrainer
from goldzone.g2p.lessons import lessons_of
from goldzone.g2p.model import G2PModel
from goldzone.g2p.prepared_data import PreparedData, prepare
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.kernels import HIGHEST
from goldzone.hashtron.neuron import GradedTable, Hashtron
from goldzone.training.config import TrainingConfig
from goldzone.training.learners.committee import CONTEXT_LAYER, FINAL_LAYER
from goldzone.training.streams import stream
from tests.g2p.small_models import TEMPLATES
from tests.g2p.test_path_kernels import lessons_of_words
from tests.naive.beam_training import NaiveBeam
from tests.naive.committee import naive_features
from tests.naive.graded import NaiveGraded, naive_answered, naive_weighed
from tests.naive.hashtron_filter import naive_hash
from tests.naive.hashtron_network import naive_bit
from tests.naive.paths import NaiveWord
from tests.training.learners.test_graded_kernels import check_cells

SOUNDS = {"a": ["x", "y"], "b": ["y", "xz", ""], "c": ["z", "zx"], "d": ["x"]}
"""What each letter says, where it is up to chance."""


def small_lexicon(random: Generator, n_words: int) -> Lexicon:
    """Make up words of one to four letters, with one or two pronunciations."""
    every = ["".join(letters) for size in range(1, 5) for letters in product("abcd", repeat=size)]
    entries = []
    for word in random.permutation(every)[:n_words].tolist():
        sayings = {
            tuple("".join(random.choice(SOUNDS[letter]) for letter in word)): None
            for _ in range(random.integers(1, 3))
        }
        entries.append(Entry(word, tuple(word), tuple(said for said in sayings if said) or (("y",),)))
    return Lexicon("small", tuple(entries), ReadReport())


def config_of(random: Generator, **beam: Any) -> TrainingConfig:
    templates = random.choice(TEMPLATES, size=random.integers(1, 5), replace=False).tolist()
    return TrainingConfig.model_validate(
        {
            "seed": int(random.integers(1000)),
            "network": {"templates": templates, "neurons": len(templates) + int(random.integers(2))},
            "capacity": {"premodulo": int(random.choice([4, 64])), "floor": 2},
            "data": {"max_candidates": int(random.choice([2, 4]))},
            "beam": beam,
        }
    )


@contextmanager
def trainer(data: PreparedData, config: TrainingConfig, threads: int = 1) -> Iterator[BeamTrainer]:
    training = BeamTrainer(data.language, lessons_of(data.aligned), data.samples, config, threads=threads)
    try:
        yield training
    finally:
        training.close()


def twin_of(
    lexicon: Lexicon, data: PreparedData, config: TrainingConfig, template_of: tuple[int, ...]
) -> NaiveBeam:
    letters, segments = data.aligned.letters, data.aligned.segments
    salts = [int(stream(config.seed, "salt", 1, j, count=1)[0]) for j in range(len(template_of))]
    untrained = tuple(GradedTable.from_grades(salt, [0]) for salt in salts)
    return NaiveBeam(
        model=G2PModel(
            name="small",
            settings=DEFAULT_SETTINGS,
            letters=letters,
            segments=segments,
            chunks=data.chunks,
            candidates=data.candidates,
            classes=data.classes,
            templates=data.templates,
            committee=Committee(template_of, untrained, Hashtron()),
            temperature=10.0,
            about={},
        ),
        template_of=template_of,
        neurons=[NaiveGraded(salt, config.capacity.premodulo) for salt in salts],
        words=[
            NaiveWord(
                tuple(letters.index(letter) for letter in entry.letters),
                tuple(tuple(map(segments.index, said)) for said in entry.pronunciations),
            )
            for entry in canonical(lexicon.entries)
        ],
        settings=config.beam,
        seed=config.seed,
    )


def check_sweep(training: BeamTrainer, twin: NaiveBeam, data: PreparedData, wanted: dict[int, int]) -> None:
    """Train a sweep of both, and compare all that can be seen of them."""
    sweep, samples = len(twin.kept) + 1, data.samples
    before = twin.mean() if twin.kept else [[0] * neuron.premodulo for neuron in twin.neurons]
    training.start_sweep(sweep)
    trained = training.train_together(CONTEXT_LAYER, wanted)
    twin.sweep(sweep, wanted)
    check_cells(training._neurons.cells, twin.neurons)
    after = twin.mean()
    assert [table.grades().tolist() for table in training.network().graded_tables] == after

    features = {j: naive_features(samples, template) for j, template in enumerate(twin.template_of)}
    assert training._score.tolist() == naive_weighed(dict(enumerate(twin.neurons)), features)
    for j, found in zip(wanted, trained, strict=True):
        assert (found.total, found.samples) == (
            naive_answered(twin.neurons[j], features[j]),
            samples.n_samples,
        )
        assert found.agreement == twin.neurons[j].agreement()
        same_size = len(before[j]) == len(after[j])
        changed = sum(old != new for old, new in zip(before[j], after[j], strict=False))
        assert found.changed == (changed if same_size else max(len(before[j]), len(after[j])))

    n_words, metrics = len(twin.words), training.metrics()
    passed_over = n_words - len(twin.credits)
    assert metrics.score == metrics.metrics["right_when_met"]
    assert metrics.loss * sum(len(word.symbols) for word in twin.words) == pytest.approx(
        sum(credit.loss for credit in twin.credits) / 2**16
    )
    assert metrics.metrics == {
        "right_when_met": (sum(credit.right for credit in twin.credits) + passed_over) / n_words,
        "lost": sum(credit.lost for credit in twin.credits) / n_words,
        "unreachable": sum(not credit.reachable for credit in twin.credits) / n_words,
    }


@settings(max_examples=20)
@given(
    seed=st.integers(0, 2**32 - 1),
    width=st.integers(1, 4),
    batch=st.sampled_from([1, 3, 64]),
    threads=st.integers(1, 3),
    reach=st.sampled_from([0.1, 3.0, 100.0]),
    revisited=st.sampled_from([0.25, 1.0]),
)
def test_a_sweep_is_that_of_the_naive_batches(
    seed: int, width: int, batch: int, threads: int, reach: float, revisited: float
) -> None:
    random = np.random.default_rng(seed)
    config = config_of(
        random,
        width=width,
        batch=batch,
        reach=reach,
        revisited=revisited,
        evidence=[0.1, 0.5],
        rate=2.0,
        averaged=2,
        margin=float(random.choice([0.0, 1.0])),
    )
    lexicon = small_lexicon(random, 8)
    data = prepare(lexicon, config)
    with trainer(data, config, threads) as training:
        twin = twin_of(lexicon, data, config, training.network().template_of)
        rungs = dict.fromkeys(range(len(twin.neurons)), config.capacity.premodulo)
        check_sweep(training, twin, data, rungs)
        chosen = random.permutation(len(rungs))[: random.integers(1, len(rungs) + 1)].tolist()
        check_sweep(training, twin, data, {j: int(random.choice([2, 4, 16])) for j in chosen})
        check_sweep(training, twin, data, {j: neuron.premodulo for j, neuron in enumerate(twin.neurons)})


@pytest.mark.parametrize("threads", [1, 2])
def test_there_is_room_for_all_votes_where_every_choice_of_every_word_is_another(threads: int) -> None:
    """One neuron of each kind of template: with two threads, the first casts the votes of both."""
    sayings = (("abc", "xxx"), ("bca", "xxx"), ("cab", "yyy"))
    entries = tuple(Entry(word, tuple(word), (tuple(said),)) for word, said in sayings)
    lexicon = Lexicon("small", entries, ReadReport())
    config = TrainingConfig.model_validate(
        {
            "network": {"templates": ["L-1..1", "L-1..1 C1"]},
            "capacity": {"premodulo": 1 << 16},
            "beam": {"width": 1, "batch": 2},
        }
    )
    data = prepare(lexicon, config)
    words = [NaiveWord((0, 1, 2), ((1, 1, 1),)), NaiveWord((2, 1, 0), ((1, 1, 1),))]
    training = BeamTrainer(data.language, lessons_of_words(words), data.samples, config, threads=threads)
    try:
        twin = twin_of(lexicon, data, config, training.network().template_of)
        twin.words = words
        check_sweep(training, twin, data, {0: 1 << 16, 1: 1 << 16})
    finally:
        training.close()
    assert all(len(neuron.sums) == 12 for neuron in twin.neurons)


@given(seed=st.integers(0, 2**32 - 1), premodulo=st.sampled_from([2, 5, 1000]))
def test_the_final_neuron_says_yes_where_right_candidates_outweigh_the_wrong_ones(
    seed: int, premodulo: int
) -> None:
    random = np.random.default_rng(seed)
    config = config_of(random)
    data = prepare(small_lexicon(random, 12), config)
    samples = data.samples
    with trainer(data, config) as training:
        n_scores = 2 * HIGHEST * training.layer_sizes[0] + 1
        scores = random.integers(n_scores, size=samples.n_samples).astype(np.int32)
        training._score = scores
        trained = training.train(FINAL_LAYER, 0, premodulo)
        final = training.network().final
    ((salt, maximum),) = final.program
    votes: dict[int, int] = {}
    for position, gold in enumerate(samples.gold.tolist()):
        start, stop = samples.sample_offsets[position : position + 2].tolist()
        for sample in range(start, stop if gold >= 0 else start):
            cell = naive_hash(int(scores[sample]), salt, maximum)
            weight = int(samples.weight[position]) * (1 if sample - start == gold else -1)
            votes[cell] = votes.get(cell, 0) + weight
    answers = [naive_bit(final, score) for score in range(n_scores)]
    for score, answer in enumerate(answers):
        if votes.get(naive_hash(score, salt, maximum), 0):
            assert answer == (votes[naive_hash(score, salt, maximum)] > 0)
    assert (trained.total, trained.samples) == (sum(answers[s] for s in scores.tolist()), scores.size)


def test_a_neuron_is_trained_with_its_layer() -> None:
    random = np.random.default_rng(1)
    config = config_of(random)
    data = prepare(small_lexicon(random, 8), config)
    with trainer(data, config) as training:
        with pytest.raises(StateError, match=r"^layer 1: its neurons learn together; call train_together$"):
            training.train(CONTEXT_LAYER, 0, 4)
        with pytest.raises(StateError, match=r"^layer 2: is trained alone; call train$"):
            training.train_together(FINAL_LAYER, {0: 4})
