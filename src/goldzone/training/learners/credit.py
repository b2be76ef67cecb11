"""Credit: the rules by which samples vote on a neuron, by name.

Three kinds (see `docs/training.md`): *rank* compares the candidates of a position, *margin* weighs each
sample by its distance from the final neuron's boundary, *hard* counts only samples whose outcome the neuron
can turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from goldzone.hashtron.fixed_point import exp_table
from goldzone.plugins import PluginError, is_plugin, plugin
from goldzone.training.learners.credit_kernels import (
    VOTE_ONE,
    RankTable,
    VoteTables,
    rank_votes,
    table_votes,
)

__all__ = [
    "CREDITS",
    "LARGEST_EXPONENT",
    "Credit",
    "CreditInput",
    "agreement",
    "boundary",
    "credit_rule",
    "hard_tables",
    "margin_tables",
    "rank_table",
]

LARGEST_EXPONENT: Final = 4
"""Margins beyond this many temperatures on the wrong side weigh no more: noise must not own the vote."""


@dataclass(frozen=True, slots=True)
class CreditInput:
    """What a rule may go by, besides the scores of the samples."""

    temperature: float
    """In votes."""
    answers: NDArray[np.uint8]
    """uint8[n_neurons + 1]: the final neuron's answer at each score."""
    count_scores: Callable[[], tuple[NDArray[np.int64], NDArray[np.int64]]]
    """Returns the weight of the right and of the wrong candidates at each score, int64[n_neurons + 1] each; a
    pass over all samples."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A rule of credit."""

    kernel: Callable[..., np.int64]
    """A pass over tiles that adds up votes; its arguments are those of `rank_votes`."""
    tables: Callable[[CreditInput], tuple[Any, ...]]
    """Makes the tables that the kernel takes."""


def boundary(right: NDArray[np.int64], wrong: NDArray[np.int64]) -> int:
    """Return the score from which on a candidate is rather right than wrong, class shares taken out.

    The cut that splits the two classes best: the most right weight at or above it plus wrong weight below it,
    each as a share of its class. The lowest such cut wins a tie.

    Parameters
    ----------
    right, wrong : int64[n_neurons + 1]
        Weight of the right and of the wrong candidates at each score.
    """
    total_right, total_wrong = int(right.sum()), int(wrong.sum())
    above = total_right - np.concatenate(([0], np.cumsum(right)[:-1]))
    below = np.concatenate(([0], np.cumsum(wrong)[:-1]))
    # Integers of any size: the products pass 64 bits on large corpora.
    quality = [int(a) * total_wrong + int(b) * total_right for a, b in zip(above, below, strict=True)]
    return max(range(len(quality)), key=lambda score: (quality[score], -score))


def rank_table(temperature: float, n_scores: int) -> RankTable:
    """Return the softmax of rank credit, for scores below `n_scores` and a temperature in votes."""
    exponentials = exp_table(temperature, n_scores).astype(np.int32)
    return RankTable(exponentials, int(VOTE_ONE / (2 * temperature)))


def margin_tables(right: NDArray[np.int64], wrong: NDArray[np.int64], temperature: float) -> VoteTables:
    """Weigh a sample by exp(-margin / temperature), its class by 1 / (2 share).

    The margin of a sample is its signed distance from `boundary`, positive when the sample is on its right
    side: boosting's weight (Freund and Schapire 1997) on the evidence of all other neurons. The class weight
    takes the prior out of the credit and leaves it to the final neuron.

    Parameters
    ----------
    right, wrong : int64[n_neurons + 1]
        Weight of the right and of the wrong candidates at each score.
    temperature : float
        In votes.
    """
    # Half a step below the cut, so that the sample at the cut and the one below it are equally near.
    size, doubled_cut = right.size, 2 * boundary(right, wrong) - 1
    reach = int(LARGEST_EXPONENT * 2 * temperature)
    table = exp_table(2 * temperature, 2 * size + reach)
    total_right, total_wrong = max(1, int(right.sum())), max(1, int(wrong.sum()))
    total = total_right + total_wrong

    def weights(sign: int, class_weight: int) -> NDArray[np.int64]:
        margin = sign * (2 * np.arange(size) - doubled_cut)
        relative = table[np.maximum(margin, -reach) + reach]
        peak = table[reach]
        # exp(-(m + reach)) / exp(-reach): margins left of the boundary weigh more than one.
        scaled = [int(value) * VOTE_ONE * total // (int(peak) * 2 * class_weight) for value in relative]
        return np.array(scaled, dtype=np.int64)

    return VoteTables(weights(1, total_right), -weights(-1, total_wrong))


def hard_tables(answers: NDArray[np.uint8]) -> VoteTables:
    """Vote only where the neuron's bit turns the final answer: the reference's tally on a sum combiner.

    Parameters
    ----------
    answers : uint8[n_neurons + 1]
        The final neuron's answer at each score.
    """
    turned = np.zeros(answers.size, dtype=np.int64)
    turned[:-1] = np.diff(answers.astype(np.int64)) * VOTE_ONE
    return VoteTables(turned, -turned)


def agreement(votes: NDArray[np.int64], absolute: int) -> float:
    """Return the label-agreement margin: |sum of votes| per cell, summed, over the votes' absolute sum.

    1 when all votes in each cell agree, near 0 when collisions cancel them.
    """
    return float(np.abs(votes).sum()) / absolute if absolute else 0.0


CREDITS: Final[dict[str, Credit]] = {
    "rank": Credit(rank_votes, lambda given: rank_table(given.temperature, given.answers.size)),
    "margin": Credit(table_votes, lambda given: margin_tables(*given.count_scores(), given.temperature)),
    "hard": Credit(table_votes, lambda given: hard_tables(given.answers)),
}
"""Every rule by its name in the configuration (`goldzone.training.settings.CreditSettings.kind`)."""


_LARGEST_VOTE: Final = VOTE_ONE << 8
"""Votes of one sample beyond this could overflow the sums of a large corpus."""


def credit_rule(name: str) -> Credit:
    """Return a rule by its name, or that of a plug-in.

    A plug-in of the group ``goldzone.credits`` is a function of a `CreditInput` that returns two arrays,
    int64[n_neurons + 1] each: the votes of a right and of a wrong candidate by its score without the neuron,
    in units of `VOTE_ONE`, positive for yes.
    """
    return Credit(table_votes, lambda given: _brought(name, given)) if is_plugin(name) else CREDITS[name]


def _brought(name: str, given: CreditInput) -> VoteTables:
    """Let a plug-in make the tables, and check them: compiled code reads them without looking."""
    try:
        right, wrong = (np.asarray(part) for part in plugin("goldzone.credits", name)(given))
    except (TypeError, ValueError):
        raise PluginError(f"{name}: gave no two tables of votes; mend it") from None
    for table in (right, wrong):
        if table.shape != given.answers.shape or table.dtype.kind not in "iu":
            raise PluginError(
                f"{name}: gave votes {table.dtype}{list(table.shape)}; give int64[{given.answers.size}]"
            )
        if table.size and max(abs(int(table.max())), abs(int(table.min()))) > _LARGEST_VOTE:
            raise PluginError(f"{name}: gave votes beyond {_LARGEST_VOTE}; scale them down")
    return VoteTables(*(np.ascontiguousarray(table, dtype=np.int64) for table in (right, wrong)))
