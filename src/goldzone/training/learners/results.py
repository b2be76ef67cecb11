"""What training a neuron, and judging a network, gives."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TrainMetrics", "TrainedNeuron"]


@dataclass(frozen=True, slots=True)
class TrainedNeuron:
    """What training one neuron gave.

    Attributes
    ----------
    total : int
        S, the sum of the neuron's answers over the samples as +1 and -1.
    samples : int
        N.
    agreement : float
        Label-agreement margin of the votes, in 0 .. 1.
    changed : int
        Cells whose answer changed.
    """

    total: int
    samples: int
    agreement: float
    changed: int


@dataclass(frozen=True, slots=True)
class TrainMetrics:
    """Accuracy on the training samples when every earlier choice is right, and loss in bits a position."""

    word_accuracy: float
    position_accuracy: float
    loss: float
