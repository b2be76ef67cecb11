"""The ladder: premodulos of graded neurons are powers of two, so that they can be folded and split."""

from __future__ import annotations

from typing import Final

from goldzone.hashtron.committee import MAX_CELLS
from goldzone.training.config import TrainingConfig
from goldzone.training.settings import CapacitySettings

_FOLDS: Final = 4
"""By how much the law may fold a graded neuron, where no floor was chosen (docs/research.md)."""

__all__ = ["climb", "for_words", "nearest_rung", "rung_below"]


def rung_below(cells: int) -> int:
    """Return the largest power of two that is not above a number of cells, 1 or more."""
    return 1 << (cells.bit_length() - 1)


def nearest_rung(cells: int) -> int:
    """Return the nearest power of two on a logarithmic scale; the lower one of two as near."""
    lower = rung_below(cells)
    return 2 * lower if cells * cells > 2 * lower * lower else lower


def climb(aim: int, current: int, wanted: int, ceiling: int) -> int:
    """Return the rung for an aim, at most the ceiling.

    A limit of a few percent would hold a neuron on its rung for ever. So, as elsewhere a limit that lets a
    neuron move at all lets it move by one cell, here it lets it move by one rung towards what is wanted.
    """
    rung = min(nearest_rung(aim), rung_below(ceiling))
    if rung == current and aim < current and nearest_rung(wanted) < current:
        return max(2, current // 2)
    if rung == current and aim > current and nearest_rung(wanted) > current:
        return min(2 * current, rung_below(ceiling))
    return rung


def for_words(config: TrainingConfig, words: int) -> TrainingConfig:
    """Return a configuration with the cells that so many training words ask for, where it leaves them open.

    Graded neurons start with `capacity.cells_per_word` cells a word, on the nearest rung; at least the
    default premodulo, and at most the ceiling and what a model holds. Under the law they keep a quarter of
    that, and get no more. A premodulo, floor or ceiling that was chosen stays.
    """
    capacity = config.capacity
    if config.credit.kind != "beam":
        return config
    start = _start(config, words)
    found = {"premodulo": start}
    if capacity.controller == "law":
        if _is_open(capacity, "floor"):
            found["floor"] = max(2, nearest_rung(start) // _FOLDS)
        if _is_open(capacity, "ceiling"):
            found["ceiling"] = start
    return config.model_copy(update={"capacity": capacity.model_copy(update=found)})


def _start(config: TrainingConfig, words: int) -> int:
    capacity = config.capacity
    asked = round(capacity.cells_per_word * words)
    if not _is_open(capacity, "premodulo") or asked <= capacity.premodulo:
        return capacity.premodulo
    most = min(capacity.ceiling, MAX_CELLS // config.context_neurons())
    return max(capacity.premodulo, min(nearest_rung(asked), rung_below(most)))


def _is_open(capacity: CapacitySettings, field: str) -> bool:
    return bool(getattr(capacity, field) == CapacitySettings.model_fields[field].default)
