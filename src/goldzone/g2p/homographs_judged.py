"""How well homographs are told apart, beside always taking a word's commonest reading."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from goldzone.data.homographs import HomographSample
from goldzone.g2p.homograph_model import HomographModel

__all__ = ["JudgedHomographs", "judge_homographs"]

_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class JudgedHomographs:
    """Shares of samples with several candidates; 0 without samples."""

    samples: int
    right: float
    majority: float
    """Of which the commonest reading is right."""
    gain_error: float
    """Half of the 95 % interval of the difference, paired by sample (normal approximation)."""
    wrong: tuple[tuple[str, int], ...]
    """Words by how often they were wrong."""

    @property
    def gain(self) -> float:
        """By how much more is right than by the commonest reading."""
        return self.right - self.majority

    def to_json(self) -> dict[str, Any]:
        """Return all figures."""
        return {
            "readings": self.samples,
            "right": round(self.right, 6),
            "commonest_right": round(self.majority, 6),
            "gain": round(self.gain, 6),
            "gain_error": round(self.gain_error, 6),
            "wrong": dict(self.wrong),
        }


def judge_homographs(model: HomographModel, samples: Sequence[HomographSample]) -> JudgedHomographs:
    """Compare on samples that the model has not learnt; those with fewer than two candidates say nothing."""
    judged = [each for each in samples if len(each.candidates) > 1]
    found = [(model.is_right(each), each.candidates[0] == each.right) for each in judged]
    count = len(found)
    if not count:
        return JudgedHomographs(0, 0.0, 0.0, 0.0, ())
    right, majority = (sum(column) / count for column in zip(*found, strict=True))
    gain = right - majority
    spread = sum((ours - theirs - gain) ** 2 for ours, theirs in found) / count
    wrong = Counter(
        each.words[each.position].lower() for each, (ours, _) in zip(judged, found, strict=True) if not ours
    )
    ordered = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))
    return JudgedHomographs(count, right, majority, _NORMAL_95 * math.sqrt(spread / count), tuple(ordered))
