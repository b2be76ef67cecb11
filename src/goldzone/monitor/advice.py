"""Rules that say what to change in a run's configuration, as pure functions of the run's state.

Each changes what a measurement supports (docs/results.md) and nothing else. None recommends fewer cells,
because pressure cost accuracy wherever it was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from goldzone.hashtron.committee import MAX_CELLS
from goldzone.hashtron.neuron import MAX_TABLE_CELLS
from goldzone.monitor.alert_settings import AlertSettings
from goldzone.monitor.rules import memorised_gap
from goldzone.monitor.run_state import OSCILLATION_STEPS, LayerState, RunState
from goldzone.training.config import TrainingConfig
from goldzone.training.control.oscillation import LEAST_STEP
from goldzone.training.control.phases import best_point, forecast, must_step_back
from goldzone.training.settings import BeamSettings, CreditSettings

__all__ = ["RULES", "Changes", "Recommendation", "fewer_sweeps"]

_MAJORITY: Final = 0.5
_OSCILLATING: Final = 0.25
_CROWDED: Final = 0.3
"""Median agreement below which cells are too few: 0.10 at 64 cells, 0.16 at 1,024, 0.26 at 4,096 (2.4 points
of accuracy lost), 0.40 at 16,384 and 0.48 at 65,536 (means of Danish, French and Swahili; 2,000 words)."""
_CROWDED_FACTOR: Final = 16
"""Each factor of 4 in cells raises the agreement by about a half."""
_ENOUGH: Final = 65_536
"""More cells than that a bit table has no use for."""
_LOW_THRESHOLD: Final = 0.25
"""Least vote threshold that did about as well as the default; with 0 it is 10 points worse."""
_HIGH_THRESHOLD: Final = 1.0
"""Largest vote threshold that did as well as the default; with 2 it is 1 to 5 points worse."""
_ALERTS: Final = AlertSettings()
_SMALL_GAP: Final = _ALERTS.memorisation.threshold
_KNOWN: Final = _ALERTS.memorised
_IN_A_ROW: Final = _ALERTS.memorisation.window
"""Known by heart means here what the alert takes it for by default."""
_MOST_EVIDENCE: Final = 100.0
_MORE_CELLS: Final = 4
_LEAST_GAIN: Final = 0.001
"""Gain that another sweep must promise."""
_MOST_SWEEPS: Final = 1000
_LEAST_AGGRESSIVENESS: Final = 0.1

Changes: TypeAlias = Mapping[str, Any]
"""New values by dotted field of the configuration, such as ``{"capacity.floor": 4096}``."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing to change."""

    message: str
    """What is seen and what to change from what to what, in one sentence."""
    figures: Mapping[str, float]
    """The numbers that it rests on."""
    changes: Changes


def collapsed_under_the_law(state: RunState) -> Recommendation | None:
    """Let the answers themselves steer the law, where half of a layer's neurons are collapsed by the balance.

    A neuron that rarely answers 1 has a balance near 1 without being of no use: the law on it is worse than
    a constant by a point.
    """
    capacity = state.config.capacity
    layer = max(state.layers, key=lambda layer: layer.collapsed, default=None)
    if capacity.controller != "law" or capacity.signal != "balance":
        return None
    if layer is None or layer.collapsed < _MAJORITY:
        return None
    return _recommendation(
        state,
        f"layer {layer.layer}: {layer.collapsed:.0%} of the neurons count as collapsed by the balance of "
        f"their answers ({capacity.collapse:g} or more), so the law takes cells that they use "
        f"(median premodulo {layer.premodulo:,})",
        {"layer": layer.layer, "collapsed": layer.collapsed, "premodulo": layer.premodulo},
        {"capacity.signal": "answers"},
    )


def over_pressure(state: RunState) -> Recommendation | None:
    """Keep the cells of the best sweep, where fewer of them cost dev accuracy, stepped back or not."""
    if state.steps_back:
        from_sweep, to_sweep = state.steps_back[-1]
    else:
        from_sweep = state.curve[-1].sweep
        to_sweep = must_step_back(state.curve, state.config.pipeline.tolerance) or from_sweep
    points = {point.sweep: point for point in state.curve}
    best, worse = points.get(to_sweep), points.get(from_sweep)
    if best is None or worse is None or worse.premodulo >= best.premodulo:
        return None
    if best.dev_accuracy is None or worse.dev_accuracy is None:
        return None
    return _recommendation(
        state,
        f"over-pressure: from sweep {best.sweep} to {worse.sweep} the median premodulo fell from "
        f"{best.premodulo:,} to {worse.premodulo:,} and the dev words right from {best.dev_accuracy:.1%} to "
        f"{worse.dev_accuracy:.1%}",
        {
            "best_sweep": best.sweep,
            "best_dev_accuracy": best.dev_accuracy,
            "best_premodulo": best.premodulo,
            "dev_accuracy": worse.dev_accuracy,
            "premodulo": worse.premodulo,
        },
        _more_cells(state.config, best.premodulo),
    )


def known_by_heart(state: RunState) -> Recommendation | None:
    """Ask graded neurons for more evidence, where for some sweeps they have known their words by heart.

    With evidence of 0 Slovak (3,000 words) comes to 99 % of its train words and 62 % of the dev words, with
    the default to 95 % and 68 %.
    """
    beam = state.config.beam
    last = state.curve[-_IN_A_ROW:]
    if state.config.credit.kind != "beam" or len(last) < _IN_A_ROW or max(beam.evidence) > _MOST_EVIDENCE:
        return None
    if any(
        point.dev_accuracy is None
        or memorised_gap(point.train_accuracy, point.dev_accuracy, _KNOWN) <= _SMALL_GAP
        for point in last
    ):
        return None
    now, default = state.curve[-1], BeamSettings().evidence
    more = tuple(2 * each for each in beam.evidence) if max(beam.evidence) >= max(default) else default
    return _recommendation(
        state,
        f"known by heart: in {_IN_A_ROW} sweeps more than {_KNOWN:.0%} of the train words were right "
        f"({now.train_accuracy:.1%}), and {now.dev_accuracy:.1%} of the dev words",
        {"train_accuracy": now.train_accuracy, "dev_accuracy": now.dev_accuracy or 0.0},
        {"beam.evidence": more},
    )


def memorisation(state: RunState) -> Recommendation | None:
    """Ask for the evidence of the best sweep, where train accuracy rose since and dev accuracy fell.

    If it was the same then, for twice as much; bit tables need no more than one word's votes.
    """
    tolerance, beam = state.config.pipeline.tolerance, state.config.credit.kind == "beam"
    schedule = state.config.beam.evidence if beam else state.config.credit.vote_threshold
    best, now = best_point(state.curve), state.curve[-1]
    if best is None or best.dev_accuracy is None or now.dev_accuracy is None:
        return None
    if state.last_taken:  # what dev words lost since is within what they vary by
        return None
    if now.train_accuracy <= best.train_accuracy + tolerance:
        return None
    if now.dev_accuracy >= best.dev_accuracy - tolerance:
        return None
    then, last = (schedule[min(point.sweep, len(schedule)) - 1] for point in (best, now))
    kept = (
        schedule[: best.sweep]
        if last < then
        else (min(max(2 * last, 0.5), math.inf if beam else _HIGH_THRESHOLD),)
    )
    return _recommendation(
        state,
        f"memorisation: from sweep {best.sweep} to {now.sweep} the train words right rose from "
        f"{best.train_accuracy:.1%} to {now.train_accuracy:.1%} and the dev words right fell from "
        f"{best.dev_accuracy:.1%} to {now.dev_accuracy:.1%}",
        {
            "best_sweep": best.sweep,
            "best_train_accuracy": best.train_accuracy,
            "best_dev_accuracy": best.dev_accuracy,
            "train_accuracy": now.train_accuracy,
            "dev_accuracy": now.dev_accuracy,
        },
        {"beam.evidence" if beam else "credit.vote_threshold": kept} if kept[-1] > last else {},
    )


def low_threshold(state: RunState) -> Recommendation | None:
    """Ask for the default vote threshold, where it is next to none and the votes of a layer cancel out."""
    layer, credit = _least_agreement(state), state.config.credit
    if layer is None or credit.kind != "rank" or min(credit.vote_threshold) >= _LOW_THRESHOLD:
        return None
    return _recommendation(
        state,
        f"layer {layer.layer}: the votes within a cell cancel out (median agreement {layer.agreement:.2f}), "
        f"and a 1 needs votes worth only {min(credit.vote_threshold):g} words",
        {
            "layer": layer.layer,
            "agreement": layer.agreement or 0.0,
            "vote_threshold": min(credit.vote_threshold),
        },
        {"credit.vote_threshold": CreditSettings().vote_threshold},
    )


def high_threshold(state: RunState) -> Recommendation | None:
    """Ask for a lower vote threshold, where it is above a word and the network fits its own words badly."""
    schedule, now = state.config.credit.vote_threshold, state.curve[-1]
    if state.config.credit.kind != "rank" or max(schedule) <= _HIGH_THRESHOLD or now.dev_accuracy is None:
        return None
    gap = now.train_accuracy - now.dev_accuracy
    if gap >= _SMALL_GAP:
        return None
    return _recommendation(
        state,
        f"the train words right ({now.train_accuracy:.1%}) are hardly above the dev words right "
        f"({now.dev_accuracy:.1%}), and a 1 needs votes worth up to {max(schedule):g} words",
        {"gap": gap, "vote_threshold": max(schedule)},
        {"credit.vote_threshold": tuple(min(value, _HIGH_THRESHOLD) for value in schedule)},
    )


def crowded_cells(state: RunState) -> Recommendation | None:
    """Give bit tables more cells, up to enough, where the votes within a cell cancel out.

    Not where the vote threshold is low: then they cancel out in any number of cells.
    """
    layer, credit = _least_agreement(state), state.config.credit
    if layer is None or credit.kind != "rank" or min(credit.vote_threshold) < _LOW_THRESHOLD:
        return None
    cells = min(_CROWDED_FACTOR * layer.premodulo, _ENOUGH)
    return _recommendation(
        state,
        f"layer {layer.layer}: cells are crowded, their votes cancel out (median agreement "
        f"{layer.agreement:.2f}, median premodulo {layer.premodulo:,})",
        {"layer": layer.layer, "agreement": layer.agreement or 0.0, "premodulo": layer.premodulo},
        _more_cells(state.config, cells) if cells > layer.premodulo else {},
    )


def noise_floor(state: RunState) -> Recommendation | None:
    """Give more cells, where half of a layer's neurons are at the noise floor."""
    layer = max(state.layers, key=lambda layer: layer.noisy, default=None)
    if layer is None or layer.noisy < _MAJORITY:
        return None
    floor = math.floor(state.config.capacity.gold_zone.floor(layer.samples))
    return _recommendation(
        state,
        f"layer {layer.layer} sits at the noise floor: {layer.noisy:.0%} of its neurons have "
        f"|S| <= {floor:,} of {layer.samples:,} (median premodulo {layer.premodulo:,})",
        {"layer": layer.layer, "noisy": layer.noisy, "premodulo": layer.premodulo},
        _more_cells(state.config, _MORE_CELLS * layer.premodulo),
    )


def held_by_the_ceiling(state: RunState) -> Recommendation | None:
    """Raise the ceiling, where half of a layer's neurons are at it because the controller wants more."""
    capacity = state.config.capacity
    layer = max(state.layers, key=lambda layer: layer.at_ceiling, default=None)
    if capacity.controller not in {"law", "reference"} or capacity.premodulo >= capacity.ceiling:
        return None
    if layer is None or layer.at_ceiling < _MAJORITY:
        return None
    ceiling = min(_MORE_CELLS * capacity.ceiling, _largest(state.config))
    return _recommendation(
        state,
        f"layer {layer.layer}: {layer.at_ceiling:.0%} of the neurons are at the ceiling",
        {"layer": layer.layer, "at_ceiling": layer.at_ceiling, "ceiling": capacity.ceiling},
        {"capacity.ceiling": ceiling} if ceiling > capacity.ceiling else {},
    )


def oscillation(state: RunState) -> Recommendation | None:
    """Damp the law, where the premodulos of a quarter of a layer's neurons go up and down."""
    capacity = state.config.capacity
    layer = max(state.layers, key=lambda layer: layer.oscillating, default=None)
    if capacity.controller != "law" or layer is None or layer.oscillating < _OSCILLATING:
        return None
    damped = max(capacity.aggressiveness / 2, _LEAST_AGGRESSIVENESS)
    return _recommendation(
        state,
        f"layer {layer.layer}: the premodulos of {layer.oscillating:.0%} of the neurons went up and down by "
        f"a factor of {float(LEAST_STEP):g} or more in their last {OSCILLATION_STEPS} steps",
        {"layer": layer.layer, "oscillating": layer.oscillating},
        {"capacity.aggressiveness": damped} if damped < capacity.aggressiveness else {},
    )


def still_rising(state: RunState) -> Recommendation | None:
    """Double the sweeps, where the last one was the best by more than noise and another promises more."""
    pipeline, best, last = state.config.pipeline, best_point(state.curve), state.curve[-1]
    if not state.finished or last.sweep < pipeline.sweeps or best is not last:
        return None
    before = best_point(state.curve[:-1])
    expected = forecast(state.curve, patience=pipeline.patience, tolerance=pipeline.tolerance)
    if before is None or expected is None or last.dev_accuracy is None or before.dev_accuracy is None:
        return None
    if last.dev_accuracy <= before.dev_accuracy + pipeline.tolerance:
        return None
    if expected.dev_accuracy < last.dev_accuracy + _LEAST_GAIN:
        return None
    sweeps = min(2 * pipeline.sweeps, _MOST_SWEEPS)
    return _recommendation(
        state,
        f"the dev words right still rose in the last sweep, from {before.dev_accuracy:.1%} to "
        f"{last.dev_accuracy:.1%}; one more is expected to bring them to {expected.dev_accuracy:.1%} "
        f"+- {expected.error:.1%}",
        {
            "dev_accuracy": last.dev_accuracy,
            "forecast": expected.dev_accuracy,
            "forecast_error": expected.error,
        },
        {"pipeline.sweeps": sweeps} if sweeps > pipeline.sweeps else {},
    )


def fewer_sweeps(state: RunState) -> Recommendation | None:
    """Stop one sweep after the best, where it came in the first half; the model stays the same."""
    best, last = best_point(state.curve), state.curve[-1]
    if not state.finished or best is None:
        return None
    if last.sweep - best.sweep < 2 or 2 * best.sweep > last.sweep:
        return None
    enough = best.sweep + 1
    return _recommendation(
        state,
        f"the best of {last.sweep} sweeps was sweep {best.sweep}; those after it brought nothing",
        {"best_sweep": best.sweep, "sweeps": last.sweep},
        {"pipeline.sweeps": enough} if enough < state.config.pipeline.sweeps else {},
    )


RULES: Final[tuple[Callable[[RunState], Recommendation | None], ...]] = (
    collapsed_under_the_law,
    over_pressure,
    known_by_heart,
    memorisation,
    low_threshold,
    high_threshold,
    crowded_cells,
    noise_floor,
    held_by_the_ceiling,
    oscillation,
    still_rising,
)
"""The rules that may be followed together, the most urgent first."""


def _recommendation(
    state: RunState, seen: str, figures: Mapping[str, float], changes: Changes
) -> Recommendation | None:
    """Say what is seen and what to change; None if there is nothing left to change."""
    if not changes:
        return None
    sections = state.config.model_dump()
    words = []
    for name, new in changes.items():
        section, field = name.split(".")
        old = sections[section][field]
        verb = "change"
        if isinstance(old, int | float):
            verb = "raise" if new > old else "lower"
        words.append(f"{verb} {name} from {_in_words(old)} to {_in_words(new)}")
    return Recommendation(f"{seen}: {', '.join(words)}", dict(figures), dict(changes))


def _in_words(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_in_words, value))}]"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _more_cells(config: TrainingConfig, cells: int) -> dict[str, Any]:
    """Return the changes that give every neuron at least so many cells, as far as a model file allows."""
    capacity = config.capacity
    cells = min(cells, _largest(config))
    field = "premodulo" if capacity.controller == "constant" else "floor"
    if capacity.controller == "none" or cells <= getattr(capacity, field):
        return {}
    changes = {f"capacity.{field}": cells}
    # The premodulo lies between floor and ceiling.
    changes |= {
        f"capacity.{other}": cells for other in ("premodulo", "ceiling") if cells > getattr(capacity, other)
    }
    return changes


def _largest(config: TrainingConfig) -> int:
    """Return the most cells that each neuron may have."""
    return min(MAX_TABLE_CELLS, MAX_CELLS // config.context_neurons())


def _least_agreement(state: RunState) -> LayerState | None:
    """Return the layer whose votes agree least, if they cancel out."""
    crowded = [layer for layer in state.layers if layer.agreement is not None and layer.agreement < _CROWDED]
    return min(crowded, key=lambda layer: layer.agreement or 0.0, default=None)
