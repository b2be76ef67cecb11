"""Learning curves: what a learner has reached after which time of training."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Curve", "Stopwatch", "curve_table", "seconds_to_reach"]

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """How a learner came along.

    Attributes
    ----------
    learner : str
        Name and version.
    parameters : str
        Those that were set.
    points : tuple of (float, float)
        Seconds of training so far, and the share of held-out positions that are right, after each round.
    word_accuracy : float
        Of the last state (of goldzone, the best one), choosing letter by letter.
    model_bytes : int
    """

    learner: str
    parameters: str
    points: Points
    word_accuracy: float
    model_bytes: int

    @property
    def best(self) -> float:
        """The highest accuracy of the curve."""
        return max(accuracy for _, accuracy in self.points)


class Stopwatch:
    """Seconds of training, without those of judging."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._stopped = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the start, less the pauses."""
        return time.perf_counter() - self._started - self._stopped

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Do not count what happens inside."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._stopped += time.perf_counter() - began


def seconds_to_reach(points: Sequence[tuple[float, float]], accuracy: float) -> float | None:
    """Return the seconds after which a curve is first at an accuracy, or None where it never is."""
    return next((seconds for seconds, reached in points if reached >= accuracy), None)


def curve_table(curves: Sequence[Curve]) -> str:
    """Return the curves as Markdown, a row for each learner."""
    lines = [
        "| learner | parameters | accuracy after seconds | words right | bytes |",
        "| --- " * 3 + "| ---: " * 2 + "|",
    ]
    for curve in curves:
        points = ", ".join(f"{accuracy:.1%} after {seconds:.2f}" for seconds, accuracy in curve.points)
        lines.append(
            f"| {curve.learner} | {curve.parameters} | {points} "
            f"| {curve.word_accuracy:.1%} | {curve.model_bytes:,} |"
        )
    return "\n".join(lines)
