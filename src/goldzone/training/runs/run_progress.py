"""How much of a run is done, by its events: what a progress bar shows."""

from __future__ import annotations

import math
from typing import Final

from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import Event, LayerProgressed, NeuronTrained, RunStarted, SweepFinished

__all__ = ["RunProgress"]

_UNKNOWN: Final = 1
"""Neurons in all before a run has started."""


class RunProgress:
    """Counts the trained neurons of all sweeps; of a pass in which many learn, the share that is done.

    Parameters
    ----------
    config : TrainingConfig
        Of the run.
    """

    def __init__(self, config: TrainingConfig) -> None:
        self._sweeps = config.pipeline.sweeps
        self._share = config.pipeline.neurons_per_sweep
        self._layers: tuple[int, ...] = ()
        self._trained = 0
        self._in_pass = 0.0

    @property
    def total(self) -> int:
        """Neurons to be trained, in all sweeps."""
        return self._sweeps * sum(self._layers) or _UNKNOWN

    @property
    def done(self) -> float:
        """Neurons that are trained, and as many as the present pass is worth so far."""
        return self._trained + self._in_pass

    def on_event(self, event: Event) -> None:
        """Take an event of the run, of before a resumption too."""
        match event:
            case RunStarted(layers=(*hidden, final)):
                # What a sweep takes of each layer; the final neuron is always among them.
                self._layers = (*(math.ceil(self._share * size) for size in hidden), final)
            case LayerProgressed(layer=layer, done=done, total=total):
                known = 1 <= layer <= len(self._layers) and 0 <= done <= total and total > 0
                self._in_pass = self._layers[layer - 1] * done / total if known else 0.0
            case NeuronTrained():
                self._trained += 1
                self._in_pass = max(0.0, self._in_pass - 1)  # what a pass has trained is told at its end
            case SweepFinished(sweep=sweep):  # layers that it skipped, or trained twice, are no matter now
                self._trained, self._in_pass = sweep * sum(self._layers), 0.0
            case _:
                pass
