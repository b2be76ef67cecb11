"""Two ways in which the neurons of a layer learn: one by one, or all together from one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from goldzone.errors import StateError
from goldzone.training.control.pairs import PackedAnswers
from goldzone.training.learners.results import TrainedNeuron

__all__ = ["OneByOne", "Together"]


class OneByOne:
    """Of a trainer whose neurons learn one after the other: all that it knows is in its network."""

    learns_together: ClassVar[bool] = False

    def train_together(
        self, layer: int, premodulos: Mapping[int, int], on_progress: Callable[[int, int], None]
    ) -> Sequence[TrainedNeuron]:
        """Refuse."""
        del premodulos, on_progress
        raise StateError(f"layer {layer}: its neurons learn one by one; call train")

    def memory(self) -> dict[str, bytes]:
        """Return what a resumed run needs besides the network: nothing."""
        return {}


class Together:
    """Of a trainer whose neurons, all but the final one, learn together: no two of them apart."""

    learns_together: ClassVar[bool] = True

    def train_pair(
        self, layer: int, first: int, second: int, premodulo_first: int, premodulo_second: int
    ) -> tuple[TrainedNeuron, TrainedNeuron]:
        """Refuse."""
        del first, second, premodulo_first, premodulo_second
        raise StateError(f"layer {layer}: its neurons learn together; call train_together")

    def packed_answers(self, layer: int, positions: Sequence[int]) -> PackedAnswers:
        """Refuse: what is trained together needs no comparing."""
        del positions
        raise StateError(f"layer {layer}: its neurons learn together, none of them in pairs")
