from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import goldzone
from goldzone.deep.classifier import NetworkClassifier
from goldzone.deep.model import architecture_of, read_network
from goldzone.deep.samples import EncodedSamples, as_samples
from goldzone.deep.task import NetworkTask, evaluate_network
from goldzone.errors import ConfigError, DataError, ModelFormatError, StateError
from goldzone.hashtron.hashing import LARGEST
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import Hashtron
from goldzone.hashtron.presets import windowed_committee
from goldzone.storage.container import read_container, write_container
from goldzone.training.config import TrainingConfig
from goldzone.training.settings import CreditSettings

COMMITTEE = "windowed_committee:12,6"
WARM = TrainingConfig.model_validate(
    {"credit": {"kind": "margin", "temperature": 8}, "pipeline": {"sweeps": 8, "patience": 4}}
)


def thirds(seed: int, count: int = 1500) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Twelve columns of which the first alone tells the label; two thirds are 0."""
    inputs = np.random.default_rng(seed).integers(0, 30, (count, 12))
    return inputs, (inputs[:, 0] % 3 == 0).astype(np.int64)


@pytest.fixture(scope="module")
def fitted() -> NetworkClassifier:
    return NetworkClassifier(COMMITTEE, config=WARM, seed=3).fit(*thirds(1))


def test_it_learns_what_holds_for_samples_that_it_has_not_seen(fitted: NetworkClassifier) -> None:
    inputs, outputs = thirds(2)
    assert fitted.score(inputs, outputs) > 0.95  # always 0 would be 0.67
    predicted = fitted.predict(inputs)
    assert predicted.dtype == np.uint16
    assert (predicted == outputs).mean() == fitted.score(inputs, outputs)


def test_the_forward_pipeline_learns_by_heart() -> None:
    generator = np.random.default_rng(5)
    inputs, outputs = generator.integers(0, LARGEST, (300, 12)), generator.integers(0, 2, 300)
    config = TrainingConfig.model_validate(
        {
            "data": {"fractions": [1, 0, 0]},
            "capacity": {"controller": "none"},
            "pipeline": {"sweeps": 20, "patience": 20},
        }
    )
    classifier = NetworkClassifier("windowed_committee:12", pipeline="forward", config=config)
    assert classifier.fit(inputs, outputs).score(inputs, outputs) > 0.85


def test_several_output_bits_make_one_label() -> None:
    inputs = np.arange(600).reshape(-1, 1)
    config = TrainingConfig.model_validate({"data": {"fractions": [1, 0, 0]}, "pipeline": {"sweeps": 2}})
    outputs = inputs[:, 0] % 32
    assert NetworkClassifier("mnist", config=config).fit(inputs, outputs).score(inputs, outputs) > 0.9


@pytest.mark.parametrize("pipeline", ["backward", "forward"])
def test_a_model_is_a_function_of_data_configuration_and_seed(pipeline: str, tmp_path: Path) -> None:
    def digest(**options: Any) -> str:
        classifier = NetworkClassifier(COMMITTEE, pipeline=pipeline, **options)
        return classifier.fit(*thirds(1, 400)).save(tmp_path / "model.goldzone")

    assert digest() == digest(threads=3) == digest(config=TrainingConfig(seed=7), seed=1)
    assert digest() != digest(seed=2)


def test_a_saved_model_tells_its_architecture(fitted: NetworkClassifier, tmp_path: Path) -> None:
    path = tmp_path / "thirds.goldzone"
    digest = fitted.save(path)
    loaded = NetworkClassifier.load(path, threads=2)
    assert loaded.model.network == fitted.model.network
    assert (loaded.preset, loaded.pipeline, loaded.threads) == (COMMITTEE, "backward", 2)
    assert loaded.save(path) == digest == read_network(path)[1]
    inputs, outputs = thirds(3, 300)
    assert loaded.score(inputs, outputs) == fitted.score(inputs, outputs)
    again = loaded.fit(*thirds(1))
    assert again.model.network == fitted.model.network  # the configuration came along


def test_a_damaged_model_is_refused(fitted: NetworkClassifier, tmp_path: Path, model_file: Path) -> None:
    path = tmp_path / "thirds.goldzone"
    fitted.save(path)
    container = read_container(path)
    content, members = container.content, container.members
    for field, value, problem in [
        ("kind", "tree", "manifest: kind: 'tree' should be 'network'"),
        ("pipeline", "sideways", "manifest: pipeline: 'sideways' should be"),
        ("preset", "isalnum", "architecture needs 1 neurons; got 19"),
        ("preset", "brain", "unknown architecture 'brain'"),
        ("config", {"seed": -1}, "manifest: config.seed: -1 should be"),
    ]:
        write_container(path, {**content, field: value}, members)
        with pytest.raises(ModelFormatError, match=problem) as caught:
            read_network(path)
        assert str(caught.value).startswith(f"{path}: ")
    write_container(path, content, {"neurons": members["neurons"][:-1]})
    with pytest.raises(ModelFormatError, match="neurons: is damaged"):
        read_network(path)
    with pytest.raises(ModelFormatError, match="is not a model of a network"):
        NetworkClassifier.load(model_file)


def test_before_anything_is_learnt_it_says_so() -> None:
    with pytest.raises(StateError, match="has learnt nothing; call fit"):
        NetworkClassifier("isalnum").predict([[1]])


def test_it_stands_beside_the_phonemizer() -> None:
    assert goldzone.NetworkClassifier is NetworkClassifier
    assert "NetworkClassifier" in goldzone.__all__


@pytest.mark.parametrize(
    ("preset", "options", "problem"),
    [
        ("brain", {}, "preset 'brain': unknown architecture"),
        ("windowed_committee", {}, r"does not take the arguments \(\); a committee is written windowed_comm"),
        ("windowed_committee:12,x", {}, "'12,x' are no integers"),
        ("windowed_committee:12,5", {}, "does not divide"),
        ("isalnum:3", {}, "does not take"),
        (COMMITTEE, {"pipeline": "sideways"}, "pipeline 'sideways' is unknown"),
        (COMMITTEE, {"pipeline": "forward", "config": {"capacity": {"controller": "law"}}}, "has no 'law'"),
        (COMMITTEE, {"config": {"credit": {"temperature": 200}}}, "credit.temperature: 200"),
    ],
)
def test_what_cannot_be_trained_is_refused(preset: str, options: dict[str, Any], problem: str) -> None:
    if "config" in options:
        options = options | {"config": TrainingConfig.model_validate(options["config"])}
    with pytest.raises(ConfigError, match=problem):
        NetworkClassifier(preset, **options).fit(*thirds(1, 50))


def test_samples_that_do_not_fit_the_network_are_refused(fitted: NetworkClassifier) -> None:
    inputs, outputs = thirds(1, 50)
    with pytest.raises(DataError, match=r"samples have 11 inputs; .* takes 12, or 1 for all"):
        NetworkClassifier(COMMITTEE).fit(inputs[:, 1:], outputs)
    with pytest.raises(DataError, match=r"label 2 is too large; .* has 1 output bits, give labels in 0\.\.1"):
        NetworkClassifier(COMMITTEE).fit(inputs, outputs + 1)
    with pytest.raises(DataError, match="12"):
        fitted.predict(inputs[:, 1:])
    one = as_samples([[1]], [1])
    config = TrainingConfig.model_validate({"data": {"fractions": [1e-9, 0, 1 - 1e-9]}})
    with pytest.raises(DataError, match="none of 1 samples is for training"):
        NetworkTask.of("one", one, config, preset="isalnum")


def test_credit_follows_the_pipeline_unless_the_configuration_says_it() -> None:
    samples = as_samples(*thirds(1, 50))

    def rules(pipeline: str, kind: str) -> tuple[str, str]:
        config = TrainingConfig(credit=CreditSettings.model_validate({"kind": kind}))
        task = NetworkTask.of("thirds", samples, config, preset=COMMITTEE, pipeline=pipeline)
        assert task.config.credit.kind == task.rules.credit
        return task.rules.credit, task.rules.unvoted

    assert rules("backward", "rank") == rules("backward", "margin") == ("margin", "keep")
    assert rules("forward", "rank") == rules("forward", "hard") == ("hard", "forget")
    assert rules("forward", "margin") == ("margin", "keep")
    assert rules("backward", "hard") == ("hard", "keep")


def test_a_limit_takes_fewer_train_samples_and_leaves_the_others() -> None:
    samples = as_samples(*thirds(1))
    tasks = [
        NetworkTask.of("thirds", samples, TrainingConfig(), preset=COMMITTEE, limit=limit)
        for limit in (None, 100)
    ]
    assert [len(task.split.train) for task in tasks] == [len(tasks[0].split.train), 100]
    assert len(tasks[0].split.test) == len(tasks[1].split.test)
    assert tasks[0].identity != tasks[1].identity


def test_a_state_of_another_network_is_refused() -> None:
    task = NetworkTask.of("thirds", as_samples(*thirds(1, 50)), TrainingConfig(), preset=COMMITTEE)
    with pytest.raises(StateError, match="thirds: the state is of another network"):
        task.network_of([Hashtron()])
    assert task.architecture == windowed_committee(12, (6,)) == architecture_of(COMMITTEE)


def test_a_result_tells_labels_apart() -> None:
    # The only neuron answers the lowest bit of its input.
    network = Network(architecture_of("isalnum"), (Hashtron(),))
    result = evaluate_network(network, as_samples([[1], [1], [3], [2]], [1, 1, 0, 0]))
    assert result is not None
    assert (result.examples, result.score) == (4, 0.75)
    assert result.metrics == {"balanced_accuracy": 0.75, "majority": 0.5}
    uneven = evaluate_network(network, as_samples([[1], [3], [5], [1]], [1, 1, 1, 0]))
    assert uneven is not None
    assert uneven.metrics == {"balanced_accuracy": 0.5, "majority": 0.75}
    assert result.interval == pytest.approx((0.30064, 0.95441), abs=1e-5)  # Wilson's, of 3 in 4
    nothing = EncodedSamples(np.zeros((0, 1), np.uint32), np.zeros(0, np.uint16))
    assert evaluate_network(network, nothing) is None
