from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goldzone.data.lexicon import Lexicon
from goldzone.data.split import Split
from goldzone.errors import ConfigError, DataError, ModelFormatError
from goldzone.g2p.evaluation import evaluate_model
from goldzone.g2p.phonemizer import Phonemizer
from goldzone.hashtron.presets import context_committee
from goldzone.hashtron.weights import read_weights
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import Event, RunStarted
from tests.g2p.small_models import small_model


@pytest.fixture
def lexicon_file(tmp_path: Path) -> Path:
    path = tmp_path / "toy.tsv"
    rows = [f"{a}{b}{c}\t{a.upper()}{b}{c.upper()}" for a in "bdg" for b in "aeiou" for c in "mn"]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


QUICK = TrainingConfig.model_validate({"network": {"neurons": 56}, "pipeline": {"sweeps": 1}})


def test_a_phonemizer_is_trained_on_a_file_and_says_words_it_has_not_seen(lexicon_file: Path) -> None:
    events: list[Event] = []
    phonemizer = Phonemizer.train(lexicon_file, config=QUICK, on_event=events.append)
    assert isinstance(events[0], RunStarted)
    assert phonemizer.model.name == "toy"
    assert phonemizer("bamen") == "BaMeN"


def test_a_phonemizer_is_trained_on_a_lexicon_as_well(
    slovak: Lexicon, quick_config: TrainingConfig, phonemizer: Phonemizer
) -> None:
    same = Phonemizer.train(slovak, config=quick_config, all_words=False, threads=2)
    assert same.model.committee == phonemizer.model.committee


def test_a_missing_lexicon_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        Phonemizer.train(tmp_path / "nothing.tsv")


def test_saved_and_loaded_it_says_the_same(tmp_path: Path, phonemizer: Phonemizer, slovak: Lexicon) -> None:
    words = [entry.word for entry in slovak.entries[:200]]
    digest = phonemizer.save(tmp_path / "model.goldzone")
    loaded = Phonemizer.load(str(tmp_path / "model.goldzone"))
    assert loaded.phonemize(words, n_best=3) == phonemizer.phonemize(words, n_best=3)
    assert loaded.save(tmp_path / "again.goldzone") == digest


def test_the_model_of_a_run_folder_is_loaded(tmp_path: Path, phonemizer: Phonemizer) -> None:
    (tmp_path / "run" / "model").mkdir(parents=True)
    phonemizer.save(tmp_path / "run" / "model" / "model.goldzone")
    assert Phonemizer.load(tmp_path / "run")("voda") == phonemizer("voda")


def test_a_folder_without_a_model_is_refused_by_the_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"model\.goldzone: cannot be read"):
        Phonemizer.load(tmp_path)


def test_calling_is_the_first_of_n_best_is_phonemizing(phonemizer: Phonemizer) -> None:
    ranked = phonemizer.n_best("slovo", 4)
    assert len(ranked) == 4
    assert phonemizer("slovo") == ranked[0].text
    assert phonemizer.phonemize(iter(["voda", "slovo"]), n_best=4)[1] == ranked
    assert phonemizer.phonemize([]) == []


def test_the_beam_is_the_training_s_unless_given(phonemizer: Phonemizer, slovak: Lexicon) -> None:
    words = [entry.word for entry in slovak.entries[:300]]
    assert phonemizer.phonemize(words, beam=4) == phonemizer.phonemize(words)
    config = TrainingConfig.model_validate({"decoding": {"beam": 1}}).model_dump(mode="json")
    narrow = Phonemizer(replace(phonemizer.model, about={"config": config}))
    assert narrow.phonemize(words) == phonemizer.phonemize(words, beam=1)
    assert phonemizer.phonemize(words, beam=1) != phonemizer.phonemize(words, beam=4)


@pytest.mark.parametrize(
    "ask",
    [
        lambda p: p.phonemize(["voda"], n_best=0),
        lambda p: p.phonemize(["voda"], beam=0),
        lambda p: p.phonemize(["voda"], threads=0),
        lambda p: p.phonemize("voda"),
    ],
)
def test_senseless_requests_are_refused(phonemizer: Phonemizer, ask: Callable[[Phonemizer], Any]) -> None:
    with pytest.raises(ConfigError):
        ask(phonemizer)


def test_evaluation_is_that_of_the_model(phonemizer: Phonemizer, slovak_split: Split[Lexicon]) -> None:
    expected = evaluate_model(phonemizer.model, slovak_split.test.entries, beam=4)
    assert phonemizer.evaluate(slovak_split.test, threads=2) == expected


def test_a_model_with_an_impossible_beam_is_refused() -> None:
    model = replace(small_model(np.random.default_rng(1)), about={"config": {"decoding": {"beam": 65}}})
    with pytest.raises(ModelFormatError, match=r"about\.config: decoding\.beam: 65 should be less than"):
        Phonemizer(model)


def test_exported_weights_compute_the_same_network(tmp_path: Path) -> None:
    model = small_model(np.random.default_rng(3))
    path = tmp_path / "small.json.zlib"
    Phonemizer(model).export_weights(path)
    n_neurons = len(model.committee.tables)
    network = read_weights(path, context_committee(n_neurons))
    features = np.random.default_rng(4).integers(2**32, size=(2000, n_neurons), dtype=np.uint32)
    expected = model.committee.network()
    assert (network.infer(features) == expected.infer(features)).all()
    assert (network.trace(features)[0].bits == expected.trace(features)[0].bits).all()
    for neuron, table in enumerate(model.committee.tables):
        assert (network.trace(features)[0].bits[:, neuron] == table.evaluate(features[:, neuron])).all()


def test_weights_of_a_trained_model_are_exported_whole(tmp_path: Path, phonemizer: Phonemizer) -> None:
    path = tmp_path / "slovak.json.zlib"
    phonemizer.export_weights(path)
    committee = phonemizer.model.committee
    expected = committee.network()
    network = read_weights(path, expected.architecture)
    seen = np.random.default_rng(4).integers(2**32, size=(10_000, len(committee.tables)), dtype=np.uint32)
    features = seen[:, committee.columns()]
    assert (network.trace(features)[0].bits == expected.trace(features)[0].bits).all()
    assert (network.infer(features) == expected.infer(features)).all()


def test_weights_go_to_a_file_of_a_known_suffix(tmp_path: Path, phonemizer: Phonemizer) -> None:
    with pytest.raises(ModelFormatError, match="unknown suffix"):
        phonemizer.export_weights(tmp_path / "slovak.json")


def test_a_built_in_sample_is_trained_by_its_name(quick_config: TrainingConfig) -> None:
    from goldzone.data.builtin import load_builtin

    by_name = Phonemizer.train("slovak", config=quick_config)
    assert by_name("voda") == Phonemizer.train(load_builtin("slovak"), config=quick_config)("voda")
