from __future__ import annotations

from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import LayerProgressed
from goldzone.training.runs.run_progress import RunProgress
from tests.monitor.scripts import Script, neuron

CONFIG = TrainingConfig.model_validate({"pipeline": {"sweeps": 4, "neurons_per_sweep": 0.5}})


def progress(script: Script) -> RunProgress:
    found = RunProgress(CONFIG)
    for event in script.events:
        found.on_event(event)
    return found


def test_all_is_the_chosen_share_of_each_layer_and_the_final_neuron() -> None:
    assert progress(Script(3, 1)).total == 4 * (2 + 1)


def test_a_sweep_that_skipped_a_layer_or_repeated_neurons_is_done_all_the_same() -> None:
    script = Script(2, 1)
    script.sweep(1, skipped=(1,))
    assert progress(script).done == 2
    script.add(neuron(2, 2, 0))
    script.add(neuron(2, 2, 0))
    script.sweep(2)
    assert progress(script).done == 4


def test_a_pass_counts_by_its_share() -> None:
    script = Script(4, 1)
    script.add(LayerProgressed(sweep=1, layer=1, done=50, total=100, seconds=1.0))
    assert progress(script).done == 1.0  # half of the two neurons that a sweep takes


def test_a_pass_that_cannot_be_counts_nothing() -> None:
    for layer, done, total in ((9, 1, 2), (0, 1, 2), (-1, 1, 2), (1, 1, 0), (1, 3, 2), (1, -1, 2)):
        script = Script(4, 1)
        script.add(LayerProgressed(sweep=1, layer=layer, done=done, total=total, seconds=1.0))
        assert progress(script).done == 0.0
