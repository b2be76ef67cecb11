"""How one neuron of a network learns, and where it can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from goldzone.errors import ConfigError
from goldzone.hashtron.architecture import Architecture

__all__ = ["FORWARD_RULES", "MARGIN_RULES", "LearningRules", "check_rules"]


@dataclass(frozen=True, slots=True)
class LearningRules:
    """How one neuron of a network learns.

    Raises
    ------
    ConfigError
        The temperature is out of range.
    """

    credit: Literal["margin", "hard"] = "margin"
    """Votes by evidence (`goldzone.deep.soft_credit`), or only where the output turns
    (`goldzone.deep.hard_tally`)."""
    temperature: float = 3.0
    """T of margin credit, in bits of evidence; 0.1 to 100."""
    unvoted: Literal["keep", "forget"] = "keep"
    """What becomes of a value whose votes cancel or are missing: it keeps the answer that most of its samples
    get now (0 if undecided), or is left out of the filter and answers at random, as in the reference."""
    accept: Literal["always", "not_worse"] = "always"
    """Whether a change stays that makes more training samples wrong."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.temperature <= 100:
            raise ConfigError(f"credit.temperature: {self.temperature} bits is out of range; give 0.1 to 100")


MARGIN_RULES: Final = LearningRules()
"""Votes by evidence; unvoted values keep their answers."""

FORWARD_RULES: Final = LearningRules(credit="hard", unvoted="forget")
"""The reference's: hard tally, every change accepted, unvoted values forgotten."""


def check_rules(rules: LearningRules, architecture: Architecture) -> None:
    """Refuse rules that an architecture cannot be trained by.

    Raises
    ------
    ConfigError
        Margin credit for a network whose output bits are not its last neurons' answers.
    """
    if rules.credit == "margin" and not _answers_are_outputs(architecture):
        raise ConfigError(
            "margin credit needs output bits that are the last neurons' answers; this network combines "
            'them, use credit "hard"'
        )


def _answers_are_outputs(architecture: Architecture) -> bool:
    """Tell whether output bit j is the answer of the last layer's neuron j, for all answers."""
    combiner, width = architecture.stages[-1].combiner, architecture.n_outputs
    if combiner is None:
        return True
    words = np.arange(1 << width)
    bits = ((words >> np.arange(width)[:, None]) & 1).astype(np.uint8)
    return bool(np.array_equal(combiner.features_by_row(bits, width), bits))
