from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np
import pytest

from goldzone.data.builtin import load_builtin
from goldzone.data.lexicon import Entry, Lexicon, read_lexicon
from goldzone.data.rows import ReadReport
from goldzone.data.settings import LanguageSettings
from goldzone.data.split import Split, first_by_hash
from goldzone.errors import DataError
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.evaluation import evaluate_model
from goldzone.g2p.model import write_model
from goldzone.g2p.prepared_data import fingerprint
from goldzone.g2p.task import PhonemizerTask, TrainedModel, train_model
from goldzone.training.config import TrainingConfig
from goldzone.training.control.phases import change_noise
from goldzone.training.pipeline import Hooks
from goldzone.training.runs.events import Event, NeuronTrained, RunStarted, SweepFinished
from goldzone.training.sums.cache import SumCache

TINY = TrainingConfig.model_validate(
    {"network": {"neurons": 12}, "pipeline": {"sweeps": 2}, "capacity": {"premodulo": 512}}
)
NOTHING = Lexicon("nothing", (), ReadReport())


def lexicon_of(*rows: tuple[str, str]) -> Lexicon:
    """Make a lexicon of words and pronunciations; each character is a letter, and a segment."""
    entries = tuple(Entry(word, tuple(word), (tuple(said),)) for word, said in rows)
    return Lexicon("made up", entries, ReadReport())


class Untouchable:
    """Stands for words that must not be looked at."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise AssertionError(f"{name} of the test words was looked at")


@pytest.fixture(scope="module")
def few(slovak_split: Split[Lexicon]) -> Split[Lexicon]:
    return Split(
        first_by_hash(slovak_split.train, 200), first_by_hash(slovak_split.dev, 40), slovak_split.test
    )


def train(split: Split[Lexicon], config: TrainingConfig = TINY, **options: Any) -> TrainedModel:
    return train_model(PhonemizerTask("few", split, config), **options)


def digest_of(tmp_path: Path, split: Split[Lexicon], config: TrainingConfig = TINY, **options: Any) -> str:
    return write_model(tmp_path / "model", train(split, config, **options).model)


def test_the_model_is_a_function_of_data_and_seed_not_of_threads(tmp_path: Path, few: Split[Lexicon]) -> None:
    digest = digest_of(tmp_path, few)
    assert digest_of(tmp_path, few) == digest
    assert digest_of(tmp_path, few, threads=2) == digest
    assert digest_of(tmp_path, few, threads=5) == digest
    assert digest_of(tmp_path, few, TINY.model_copy(update={"seed": 2})) != digest
    fewer = replace(few, train=first_by_hash(few.train, 199))
    assert digest_of(tmp_path, fewer) != digest


def test_a_model_with_another_seed_has_other_tables(few: Split[Lexicon]) -> None:
    first, second = (train(few, TINY.model_copy(update={"seed": seed})).model for seed in (1, 2))
    assert first.committee.template_of == second.committee.template_of
    assert all(a.salt != b.salt for a, b in zip(first.committee.tables, second.committee.tables, strict=True))


def test_test_words_are_never_looked_at(tmp_path: Path, few: Split[Lexicon]) -> None:
    untouchable = replace(few, test=cast(Lexicon, Untouchable()))
    assert digest_of(tmp_path, untouchable) == digest_of(tmp_path, few)


def test_dev_words_choose_the_sweep_and_teach_nothing(few: Split[Lexicon]) -> None:
    with_dev = train(few)
    without_dev = train(replace(few, dev=NOTHING))
    assert with_dev.outcome.held_out is not None
    assert without_dev.outcome.held_out is None
    assert without_dev.outcome.sweep == 2  # the last
    one_sweep = TINY.model_copy(update={"pipeline": TINY.pipeline.model_copy(update={"sweeps": 1})})
    assert (
        train(few, one_sweep).model.committee == train(replace(few, dev=NOTHING), one_sweep).model.committee
    )


def test_the_model_returned_is_that_of_the_best_sweep(slovak_split: Split[Lexicon]) -> None:
    split = replace(slovak_split, train=first_by_hash(slovak_split.train, 200))
    config = TrainingConfig.model_validate(
        {
            "credit": {"kind": "rank"},
            "network": {"neurons": 30},  # enough that some read earlier choices, and the beam matters
            "pipeline": {"sweeps": 20, "patience": 1},
            "capacity": {"premodulo": 512},
        }
    )
    events: list[Event] = []
    trained = train(split, config, hooks=Hooks(on_event=events.append))
    scores = evaluate_model(trained.model, split.dev.entries, beam=config.decoding.beam)
    assert trained.outcome.held_out is not None
    assert trained.outcome.sweep < sum(isinstance(event, SweepFinished) for event in events)
    assert trained.outcome.held_out.score == scores.word_accuracy
    assert trained.outcome.held_out.metrics["phoneme_error"] == scores.phoneme_error
    metrics = trained.model.about["metrics"]
    assert metrics["dev_word_accuracy"] == round(scores.word_accuracy, 6)
    assert metrics["sweep"] == trained.outcome.sweep


@pytest.mark.parametrize("kind", ["beam", "rank"])
def test_train_words_are_judged_as_users_hear_them(slovak_split: Split[Lexicon], kind: str) -> None:
    split = replace(slovak_split, train=first_by_hash(slovak_split.train, 1200))
    config = TrainingConfig.model_validate(
        {"credit": {"kind": kind}, "network": {"neurons": 20}, "pipeline": {"sweeps": 2}}
    )
    events: list[Event] = []
    trained = train(split, config, hooks=Hooks(on_event=events.append))
    said = first_by_hash(split.train, 1000).entries
    scores = evaluate_model(trained.model, said, beam=config.decoding.beam)
    best = [event for event in events if isinstance(event, SweepFinished)][trained.outcome.sweep - 1]
    assert best.train_score == scores.word_accuracy
    assert trained.model.about["metrics"]["train_word_accuracy"] == round(scores.word_accuracy, 6)
    found = best.metrics
    assert found["train_judged"] == 1000
    assert found["train_low"] < best.train_score < found["train_high"] < found["train_low"] + 0.07
    shuffled = replace(split, train=replace(split.train, entries=split.train.entries[::-1]))
    assert {e.word for e in first_by_hash(shuffled.train, 1000).entries} == {e.word for e in said}


def test_of_graded_neurons_the_last_sweep_is_taken_that_is_not_worse_beyond_doubt(
    slovak_split: Split[Lexicon],
) -> None:
    split = replace(slovak_split, train=first_by_hash(slovak_split.train, 210))
    config = TrainingConfig.model_validate({"network": {"neurons": 30}, "pipeline": {"sweeps": 6}})
    events: list[Event] = []
    trained = train(split, config, hooks=Hooks(on_event=events.append))
    dev = [event.dev_score or 0.0 for event in events if isinstance(event, SweepFinished)]
    doubt = 2 * change_noise(len(split.dev))
    hold = [sweep for sweep, score in enumerate(dev, 1) if score >= max(dev[:sweep]) - doubt]
    assert trained.outcome.sweep == hold[-1]
    assert any(score < max(dev[:sweep]) for sweep, score in enumerate(dev, 1))  # the rule had a say


def test_training_learns(trained: TrainedModel, slovak_split: Split[Lexicon]) -> None:
    scores = evaluate_model(trained.model, slovak_split.test.entries, beam=4)
    assert scores.word_accuracy > 0.5
    assert scores.phoneme_error < 0.15


def test_a_model_tells_what_it_was_trained_with(trained: TrainedModel, slovak_split: Split[Lexicon]) -> None:
    model = trained.model
    assert model.name == "slovak"
    assert model.about["config"]["network"]["neurons"] == len(model.committee.tables)
    assert model.about["data"] == {
        "words": len(slovak_split.train.entries),
        "sha256": fingerprint(slovak_split.train.entries),
    }


def test_fingerprints_tell_data_apart() -> None:
    one, other = lexicon_of(("ab", "xy"), ("b", "z")), lexicon_of(("ab", "xy"), ("b", "y"))
    assert fingerprint(one.entries) == fingerprint(lexicon_of(("ab", "xy"), ("b", "z")).entries)
    assert len({fingerprint(e) for e in (one.entries, other.entries, ())}) == 3
    assert fingerprint(one.entries[::-1]) == fingerprint(one.entries)


@pytest.mark.parametrize("kind", ["beam", "rank"])
def test_the_order_of_rows_duplicates_and_line_ends_change_nothing(tmp_path: Path, kind: str) -> None:
    words = first_by_hash(load_builtin("slovak"), 150)
    rows = [f"{entry.word}\t{''.join(said)}" for entry in words for said in entry.pronunciations]
    rows += [f"{entry.word}\t{''.join(entry.pronunciations[0])}x" for entry in words.entries[:20]]
    config = TINY.model_copy(update={"credit": TINY.credit.model_copy(update={"kind": kind})})
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    digests = set()
    for end, order in (("\n", rows), ("\r\n", rows[::-1]), ("\r", [*shuffled, *rows[:50]])):
        (tmp_path / "words.tsv").write_bytes("".join(row + end for row in order).encode())
        task = PhonemizerTask.of(read_lexicon(tmp_path / "words.tsv"), config)
        digests.add(write_model(tmp_path / "model", train_model(task).model))
    assert len(digests) == 1


def test_events_and_stages_are_told_in_order(few: Split[Lexicon]) -> None:
    events: list[Event] = []
    stages: list[str] = []
    sums = SumCache((12, 1))
    task = PhonemizerTask("few", few, TINY)
    prepared = task.prepare(2, stages.append)
    prepared.close()
    assert stages == ["aligning letters and sounds", "building samples"]
    train_model(task, Hooks(on_event=events.append), data=prepared.data, sums=sums, threads=2)
    started = events[0]
    assert isinstance(started, RunStarted)
    assert started.layers == (12, 1)
    assert started.positions == prepared.data.aligned.letter.size
    assert (started.train_examples, started.dev_examples, started.seed) == (200, 40, 1)
    assert sum(isinstance(event, NeuronTrained) for event in events) == 2 * 13
    assert [event.sweep for event in events if isinstance(event, SweepFinished)] == [1, 2]
    assert len(sums.history(1, 11)) == 2


def test_an_observer_that_fails_ends_the_run(few: Split[Lexicon]) -> None:
    def on_event(event: Event) -> None:
        if isinstance(event, SweepFinished):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(few, hooks=Hooks(on_event=on_event))


def test_words_without_a_silent_letter_make_a_model_too() -> None:
    words = lexicon_of(("ab", "xy"), ("ba", "yx"), ("aa", "xx"), ("bb", "yy"))
    model = train(Split(words, words, NOTHING)).model
    assert model.chunks[-1] == ()
    ((found,),) = Decoder(model).decode([["a", "?", "b"]], beam=2)
    assert found.segments == ("x", "y")


def test_a_word_that_cannot_be_aligned_is_left_out() -> None:
    words = lexicon_of(("ab", "xy"), ("ba", "yx"), ("a", "x" * 30))
    prepared = PhonemizerTask("long", Split(words, NOTHING, NOTHING), TINY).prepare()
    prepared.close()
    assert prepared.details["unalignable"] == 1
    assert "cannot be aligned" in prepared.warnings[0]
    assert prepared.data.aligned.letters == ("a", "b")


@pytest.mark.parametrize("words", [NOTHING, lexicon_of(("a", "x" * 30), ("b", "y" * 30))])
def test_nothing_to_learn_from_is_refused(words: Lexicon) -> None:
    with pytest.raises(DataError, match=r"no word|none of them to be trained on"):
        train(Split(words, NOTHING, NOTHING))


def test_a_lexicon_is_scored_as_the_model_spells() -> None:
    words = lexicon_of(("ab", "xy"), ("b'a", "yzx"), ("a'a", "xzx"), ("bb", "yy"))
    settings = LanguageSettings(lower=True, trim="'")
    model = train_model(PhonemizerTask("spelled", Split(words, NOTHING, NOTHING), TINY, settings)).model
    # Read with other settings, the letters of this word are not those of the model.
    foreign = Entry("'AB'", ("'", "A", "B", "'"), (("x", "y"),))
    assert evaluate_model(model, [foreign], beam=2).word_error == 0


def test_no_word_cannot_be_evaluated(trained: TrainedModel) -> None:
    with pytest.raises(DataError, match="no word to evaluate"):
        evaluate_model(trained.model, [], beam=2)


def test_candidates_are_those_of_the_training_words(few: Split[Lexicon]) -> None:
    model = train(few).model
    said = {segment for entry in few.train for ways in entry.pronunciations for segment in ways}
    assert set(model.segments) == said
    assert int(model.candidates.count.min()) >= 1
    assert np.diff(model.candidates.offsets).max() <= TINY.data.max_candidates
