"""What training a neuron, and judging a network, gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from goldzone.training.shares import Share

__all__ = ["TrainMetrics", "TrainedNeuron"]


@dataclass(frozen=True, slots=True)
class TrainedNeuron:
    """What training one neuron gave."""

    total: int
    """S, the sum of the neuron's boolean outputs: the samples that it answers with yes, a one or a grade
    above 0."""
    samples: int
    """N."""
    agreement: float
    """Label-agreement margin of the votes, in 0 .. 1."""
    changed: int
    """Cells whose answer changed."""


@dataclass(frozen=True, slots=True)
class TrainMetrics:
    """How a network does on its training examples."""

    score: float
    """Share of examples (words, samples) right as a whole, in [0, 1]."""
    loss: float
    """In bits a position."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """What else the trainer measures, by name."""

    def judged(self, share: Share | None) -> TrainMetrics:
        """Return the same with a share of some examples as the score, and its number and interval."""
        if share is None:
            return self
        low, high = share.interval
        known = {"judged": float(share.count), "low": low, "high": high}
        return replace(self, score=share.value, metrics={**self.metrics, **known})
