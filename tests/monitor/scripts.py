"""Logs written by hand: the events of a run whose every number a test chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from goldzone.training.runs.events import (
    Event,
    LayerSkipped,
    LayerTrained,
    NeuronTrained,
    RunFinished,
    RunStarted,
    SelectionMade,
    SweepFinished,
    SweepStarted,
)

SAMPLES = 100_000


def run_started(layers: tuple[int, ...], dev_words: int = 1_000_000) -> RunStarted:
    return RunStarted(
        run="r",
        config_digest="",
        data_fingerprint="",
        layers=layers,
        samples=SAMPLES,
        positions=1,
        train_examples=1,
        dev_examples=dev_words,
        seed=1,
    )


def run_finished() -> RunFinished:
    return RunFinished(reason="", best_sweep=1, dev_score=None, model_digest=None, seconds=1.0)


def selection(sweep: int, layer: int) -> SelectionMade:
    return SelectionMade(
        sweep=sweep, layer=layer, strategy="fixed", neurons=1, chosen=1, pairs=0, gold_zone=0, reason=""
    )


def neuron(
    sweep: int,
    layer: int,
    position: int,
    *,
    total: int = 1,
    margin: float = 0.5,
    premodulo: int = 100,
    changed: int = 5,
) -> NeuronTrained:
    return NeuronTrained(
        sweep=sweep,
        layer=layer,
        position=position,
        order=position,
        total=total,
        premodulo=premodulo,
        sum=-round(margin * SAMPLES),
        samples=SAMPLES,
        agreement=None,
        regime=None,
        reason="",
        seconds=1.0,
        changed=changed,
    )


def sweep_finished(sweep: int, train: float | None = None, dev: float | None = None) -> SweepFinished:
    return SweepFinished(
        sweep=sweep,
        train_score=train,
        dev_score=dev,
        loss=None,
        best=False,
        seconds=1.0,
    )


class Script:
    """Events with sequence numbers and times; the run starts at 1000 s."""

    def __init__(self, *layers: int, dev_words: int = 1_000_000) -> None:
        self.layers = layers
        self.events: list[Event] = []
        self.time = 1000.0
        self.add(run_started(layers, dev_words))

    def add(self, event: Event, seconds: float = 0.0) -> None:
        """Append an event some seconds after the one before."""
        self.time += seconds
        self.events.append(replace(event, sequence=len(self.events), time=self.time))

    def sweep(
        self,
        sweep: int,
        *,
        train: float | None = None,
        dev: float | None = None,
        margins: Mapping[int, Sequence[float]] | None = None,
        premodulos: Mapping[int, Sequence[int]] | None = None,
        changed: Mapping[int, int] | None = None,
        seconds: Mapping[int, float] | None = None,
        skipped: tuple[int, ...] = (),
    ) -> None:
        """Append a whole sweep; what differs from the defaults is given by layer (and position)."""
        self.add(SweepStarted(sweep=sweep))
        for layer in range(len(self.layers), 0, -1):
            if layer in skipped:
                self.add(LayerSkipped(sweep=sweep, layer=layer, reason="no gain"))
                continue
            size = self.layers[layer - 1]
            of_layer = (margins or {}).get(layer, [0.5] * size)
            for_layer = (premodulos or {}).get(layer, [100] * size)
            for position in range(size):
                event = neuron(
                    sweep,
                    layer,
                    position,
                    total=size,
                    margin=of_layer[position],
                    premodulo=for_layer[position],
                    changed=(changed or {}).get(layer, 5),
                )
                self.add(event, (seconds or {}).get(layer, 0.0))
            self.add(LayerTrained(sweep=sweep, layer=layer, neurons=size))
        self.add(sweep_finished(sweep, train, dev))
