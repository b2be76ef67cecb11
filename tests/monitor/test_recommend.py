from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from goldzone.data.templates import DEFAULT_TEMPLATES
from goldzone.errors import StateError
from goldzone.hashtron.committee import MAX_CELLS
from goldzone.monitor.advice import (
    RULES,
    Recommendation,
    collapsed_under_the_law,
    crowded_cells,
    fewer_sweeps,
    held_by_the_ceiling,
    high_threshold,
    known_by_heart,
    low_threshold,
    memorisation,
    noise_floor,
    oscillation,
    over_pressure,
    still_rising,
)
from goldzone.monitor.history import read_history
from goldzone.monitor.recommend import apply_changes, recommend
from goldzone.monitor.run_state import LayerState, RunState, learning_curve, run_state
from goldzone.training.config import TrainingConfig
from goldzone.training.control.curve import Curve, CurvePoint
from goldzone.training.runs.events import Event, NeuronTrained, SteppedBack, SweepStarted
from tests.monitor.small_logs import FINISHED, STARTED, measured, trained, write_log

LAW = {"capacity.controller": "law"}
BALANCE = LAW | {"capacity.signal": "balance"}
RANK = {"credit.kind": "rank"}
NEURONS = apply_changes(TrainingConfig(), RANK).context_neurons(len(DEFAULT_TEMPLATES))
LAYER = LayerState(layer=1, samples=10_000, premodulo=1000)


def config(changes: dict[str, Any] | None = None) -> TrainingConfig:
    return apply_changes(TrainingConfig(), RANK | (changes or {}))


def curve(*points: tuple[float, float | None, int]) -> Curve:
    return tuple(CurvePoint(sweep, *point) for sweep, point in enumerate(points, 1))


def state(changes: dict[str, Any] | None = None, *layers: LayerState, points: Curve = ()) -> RunState:
    return RunState(config(changes), points or curve((0.6, 0.5, 1000)), layers)


def changes(found: Recommendation | None) -> dict[str, Any] | None:
    return None if found is None else dict(found.changes)


@pytest.mark.parametrize(
    ("settings", "collapsed", "expected"),
    [
        (BALANCE, 0.5, {"capacity.signal": "answers"}),
        (BALANCE, 0.49, None),
        (LAW, 0.9, None),
        ({"capacity.controller": "constant"}, 0.9, None),
    ],
)
def test_a_law_on_outputs_that_collapse(
    settings: dict[str, Any], collapsed: float, expected: dict[str, Any] | None
) -> None:
    other = replace(LAYER, layer=2, collapsed=0.1)
    found = collapsed_under_the_law(state(settings, replace(LAYER, collapsed=collapsed), other))
    assert changes(found) == expected


FELL = curve((0.6, 0.5, 4000), (0.7, 0.55, 2000), (0.5, 0.4, 100))


@pytest.mark.parametrize(
    ("settings", "points", "expected"),
    [
        (LAW, FELL, {"capacity.floor": 2000}),
        ({"capacity.controller": "validated"}, FELL, {"capacity.floor": 2000}),
        # What the run starts from must be within the bounds too.
        (
            LAW | {"capacity.premodulo": 1000, "capacity.ceiling": 1500},
            FELL,
            {"capacity.floor": 2000, "capacity.premodulo": 2000, "capacity.ceiling": 2000},
        ),
        (LAW | {"capacity.floor": 2000}, FELL, None),  # it has them already
        (LAW, FELL[:2], None),  # lower, and better
        (LAW, curve((0.6, 0.55, 2000), (0.7, 0.546, 100)), None),  # half a point is none
        (LAW, curve((0.6, 0.55, 2000), (0.7, None, 100)), None),
        (LAW, curve((0.6, 0.55, 2000), (0.5, 0.4, 2000)), None),
    ],
)
def test_over_pressure(settings: dict[str, Any], points: Curve, expected: dict[str, Any] | None) -> None:
    assert changes(over_pressure(state(settings, points=points))) == expected


def test_over_pressure_that_the_run_stepped_back_from() -> None:
    points = (*FELL, CurvePoint(4, 0.7, 0.55, 2000))
    assert over_pressure(state(LAW, points=points)) is None
    stepped = replace(state(LAW, points=points), steps_back=((3, 2),))
    assert changes(over_pressure(stepped)) == {"capacity.floor": 2000}


@pytest.mark.parametrize(
    ("threshold", "points", "expected"),
    [
        # The threshold fell after the best sweep: it stays what it was.
        ((1.0, 1.0, 0.5), curve((0.5, 0.4, 9), (0.5, 0.5, 9), (0.7, 0.48, 9)), (1.0, 1.0)),
        # It was the same: twice as much, from 0.5 to 1.
        ((0.4,), curve((0.5, 0.5, 9), (0.7, 0.48, 9)), (0.8,)),
        ((0.1,), curve((0.5, 0.5, 9), (0.7, 0.48, 9)), (0.5,)),
        ((0.6,), curve((0.5, 0.5, 9), (0.7, 0.48, 9)), (1.0,)),
        ((1.0,), curve((0.5, 0.5, 9), (0.7, 0.48, 9)), None),
        # Not both: train up, dev down.
        ((0.4,), curve((0.5, 0.5, 9), (0.7, 0.496, 9)), None),
        ((0.4,), curve((0.5, 0.5, 9), (0.504, 0.4, 9)), None),
        ((0.4,), curve((0.5, None, 9), (0.7, None, 9)), None),
    ],
)
def test_memorisation(
    threshold: tuple[float, ...], points: Curve, expected: tuple[float, ...] | None
) -> None:
    found = memorisation(state({"credit.vote_threshold": threshold}, points=points))
    assert changes(found) == (None if expected is None else {"credit.vote_threshold": expected})


@pytest.mark.parametrize(
    ("evidence", "points", "expected"),
    [
        ((0.0,), ((0.96, 0.6), (0.97, 0.6), (0.99, 0.62)), (3.0, 4.5, 6.0, 7.5, 9.0)),
        ((6.0, 9.0), ((0.96, 0.6), (0.97, 0.6), (0.99, 0.62)), (12.0, 18.0)),
        ((0.0,), ((0.96, 0.6), (0.95, 0.6), (0.99, 0.62)), None),  # not in each
        ((0.0,), ((0.96, 0.6), (0.97, 0.6)), None),  # not long enough
        ((0.0,), ((0.96, 0.9), (0.97, 0.9), (0.99, 0.9)), None),  # new words are said as well
        ((0.0,), ((0.96, None), (0.97, None), (0.99, None)), None),
        ((200.0,), ((0.96, 0.6), (0.97, 0.6), (0.99, 0.62)), None),
    ],
)
def test_words_known_by_heart_ask_for_evidence(
    evidence: tuple[float, ...],
    points: tuple[tuple[float, float | None], ...],
    expected: tuple[float, ...] | None,
) -> None:
    given = curve(*((train, dev, 9) for train, dev in points))
    found = known_by_heart(state({"credit.kind": "beam", "beam.evidence": evidence}, points=given))
    assert changes(found) == (None if expected is None else {"beam.evidence": expected})
    assert known_by_heart(state({"credit.kind": "rank"}, points=given)) is None


@pytest.mark.parametrize(
    ("threshold", "kind", "agreement", "thin"),
    [
        ((0.0,), "rank", 0.07, True),
        ((1.0, 0.2), "rank", 0.29, True),
        ((0.25,), "rank", 0.07, False),
        ((0.0,), "rank", 0.3, False),
        ((0.0,), "rank", None, False),
        ((0.0,), "hard", 0.07, False),
    ],
)
def test_evidence_that_is_too_thin(
    threshold: tuple[float, ...], kind: str, agreement: float | None, thin: bool
) -> None:
    found = low_threshold(
        state({"credit.vote_threshold": threshold, "credit.kind": kind}, replace(LAYER, agreement=agreement))
    )
    assert changes(found) == ({"credit.vote_threshold": (1.0, 1.0, 0.5, 0.5)} if thin else None)


@pytest.mark.parametrize(
    ("threshold", "train", "dev", "expected"),
    [
        ((2.0, 0.5), 0.45, 0.4, (1.0, 0.5)),
        ((2.0, 0.5), 0.3, 0.4, (1.0, 0.5)),
        ((2.0, 0.5), 0.51, 0.4, None),  # it fits its own words well enough
        ((1.0,), 0.45, 0.4, None),
        ((2.0,), 0.45, None, None),
    ],
)
def test_evidence_that_is_too_much(
    threshold: tuple[float, ...], train: float, dev: float | None, expected: tuple[float, ...] | None
) -> None:
    found = high_threshold(state({"credit.vote_threshold": threshold}, points=curve((train, dev, 9))))
    assert changes(found) == (None if expected is None else {"credit.vote_threshold": expected})


@pytest.mark.parametrize(
    ("settings", "premodulo", "agreement", "expected"),
    [
        ({"capacity.premodulo": 1024}, 1024, 0.15, {"capacity.premodulo": 16_384}),
        ({"capacity.premodulo": 8192}, 8192, 0.29, {"capacity.premodulo": 65_536}),  # not above the default
        ({"capacity.premodulo": 1024, "capacity.ceiling": 2048}, 1024, 0.15,
         {"capacity.premodulo": 16_384, "capacity.ceiling": 16_384}),
        (LAW, 16, 0.07, {"capacity.floor": 256}),
        ({}, 65_536, 0.15, None),
        ({"capacity.premodulo": 1024}, 1024, 0.3, None),
        ({"capacity.premodulo": 1024}, 1024, None, None),
        ({"capacity.premodulo": 1024, "credit.vote_threshold": (0.0,)}, 1024, 0.07, None),
        ({"capacity.controller": "none"}, 0, 0.07, None),
    ],
)  # fmt: skip
def test_crowded_cells(
    settings: dict[str, Any], premodulo: int, agreement: float | None, expected: dict[str, Any] | None
) -> None:
    layer = replace(LAYER, premodulo=premodulo, agreement=agreement)
    assert changes(crowded_cells(state(settings, layer))) == expected


@pytest.mark.parametrize(
    ("settings", "noisy", "expected"),
    [
        (LAW, 0.5, {"capacity.floor": 4000}),
        (LAW, 0.49, None),
        (LAW | {"capacity.floor": 4000}, 0.9, None),
        ({"capacity.premodulo": 1000}, 0.9, {"capacity.premodulo": 4000}),
        ({"capacity.controller": "none"}, 0.9, None),
    ],
)
def test_the_noise_floor(settings: dict[str, Any], noisy: float, expected: dict[str, Any] | None) -> None:
    other = replace(LAYER, layer=2, noisy=0.2, premodulo=50_000)
    assert changes(noise_floor(state(settings, other, replace(LAYER, noisy=noisy)))) == expected


def test_cells_that_a_model_cannot_hold_are_not_recommended() -> None:
    most = MAX_CELLS // 10_000
    wide = LAW | {"network.neurons": 10_000, "capacity.premodulo": 16, "capacity.ceiling": 1000}
    layer = replace(LAYER, noisy=1.0, premodulo=most - 1)
    found = noise_floor(state(wide, layer))
    assert changes(found) == {f"capacity.{name}": most for name in ("floor", "premodulo", "ceiling")}
    assert apply_changes(config(wide), changes(found) or {}).capacity.floor == most


@pytest.mark.parametrize(
    ("settings", "share", "expected"),
    [
        (LAW, 0.5, 4 * 262_144),
        ({"capacity.controller": "reference"}, 0.5, 4 * 262_144),
        (LAW | {"capacity.ceiling": 1_000_000}, 0.5, MAX_CELLS // NEURONS),
        (LAW | {"capacity.ceiling": MAX_CELLS // NEURONS}, 0.5, None),
        (LAW, 0.49, None),
        ({"capacity.premodulo": 262_144}, 1.0, None),  # a constant wants no more
        (LAW | {"capacity.premodulo": 262_144}, 1.0, None),  # these began there
    ],
)
def test_the_ceiling(settings: dict[str, Any], share: float, expected: int | None) -> None:
    found = held_by_the_ceiling(state(settings, replace(LAYER, at_ceiling=share)))
    assert changes(found) == (None if expected is None else {"capacity.ceiling": expected})


@pytest.mark.parametrize(
    ("settings", "share", "expected"),
    [
        (LAW, 0.25, 0.5),
        (LAW | {"capacity.aggressiveness": 0.15}, 0.25, 0.1),
        (LAW | {"capacity.aggressiveness": 0.1}, 0.25, None),
        (LAW, 0.24, None),
        ({"capacity.controller": "reference"}, 0.9, None),
    ],
)
def test_oscillation(settings: dict[str, Any], share: float, expected: float | None) -> None:
    found = oscillation(state(settings, replace(LAYER, oscillating=share)))
    assert changes(found) == (None if expected is None else {"capacity.aggressiveness": expected})


RISING = curve((0.6, 0.40, 9), (0.6, 0.45, 9), (0.6, 0.48, 9))


@pytest.mark.parametrize(
    ("sweeps", "points", "finished", "expected"),
    [
        (3, RISING, True, 6),
        (3, RISING, False, None),
        (4, RISING, True, None),  # it stopped before its sweeps were used up
        (2, RISING[:2], True, 4),
        (1, RISING[:1], True, None),
        (3, curve((0.6, 0.4, 9), (0.6, 0.45, 9), (0.6, 0.45, 9)), True, None),
        (3, curve((0.6, 0.4, 9), (0.6, 0.45, 9), (0.6, 0.454, 9)), True, None),  # within the tolerance
        (2, curve((0.6, 0.45, 9), (0.6, 0.454, 9)), True, None),  # so it is, whatever it promises
        (3, curve((0.6, 0.46, 9), (0.6, 0.3, 9), (0.6, 0.47, 9)), True, None),  # swings promise nothing
        (3, curve((0.6, None, 9), (0.6, None, 9), (0.6, None, 9)), True, None),
    ],
)
def test_more_sweeps(sweeps: int, points: Curve, finished: bool, expected: int | None) -> None:
    judged = replace(state({"pipeline.sweeps": sweeps}, points=points), finished=finished)
    assert changes(still_rising(judged)) == (None if expected is None else {"pipeline.sweeps": expected})


def test_sweeps_have_an_end() -> None:
    points = tuple(CurvePoint(990 + sweep, 0.6, 0.4 + 0.05 * sweep, 9) for sweep in range(11))
    assert still_rising(state({"pipeline.sweeps": 1000}, points=points)) is None
    assert changes(still_rising(state({"pipeline.sweeps": 999}, points=points[:-1]))) == {
        "pipeline.sweeps": 1000
    }


@pytest.mark.parametrize(
    ("dev", "settings", "finished", "expected"),
    [
        ((0.5, 0.6, 0.5, 0.5), {}, True, 3),
        ((0.6, 0.5, 0.5), {}, True, 2),
        ((0.5, 0.6, 0.5), {}, True, None),
        ((0.6, 0.5), {}, True, None),
        ((0.5, 0.5, 0.6, 0.5, 0.5), {"pipeline.sweeps": 5}, True, None),  # best in the second half
        ((0.5, 0.6, 0.5, 0.5), {}, False, None),
        ((None, None, None), {}, True, None),
    ],
)
def test_fewer_sweeps(
    dev: tuple[float | None, ...], settings: dict[str, Any], finished: bool, expected: int | None
) -> None:
    points = curve(*((0.6, share, 9) for share in dev))
    found = fewer_sweeps(replace(state(settings, points=points), finished=finished))
    assert changes(found) == (None if expected is None else {"pipeline.sweeps": expected})


layers = st.builds(
    LayerState,
    layer=st.integers(1, 3),
    samples=st.integers(1, 10**6),
    premodulo=st.integers(0, 2**24),
    noisy=st.floats(0, 1),
    collapsed=st.floats(0, 1),
    at_ceiling=st.floats(0, 1),
    oscillating=st.floats(0, 1),
    agreement=st.none() | st.floats(0, 1),
)
bounds = st.lists(st.integers(2, 16_384), min_size=3, max_size=3).map(sorted)


@given(
    st.lists(layers, max_size=3),
    st.lists(
        st.tuples(st.floats(0, 1), st.none() | st.floats(0, 1), st.integers(2, 2**24)),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["law", "constant", "reference", "none", "validated"]),
    bounds,
    st.lists(st.floats(0, 100), min_size=1, max_size=4).map(tuple),
    st.sampled_from([1, NEURONS, 65_535]),
)
def test_whatever_a_rule_recommends_is_a_change_and_valid(
    found_layers: list[LayerState],
    points: list[tuple[float, float | None, int]],
    controller: str,
    cells: list[int],
    threshold: tuple[float, ...],
    neurons: int,
) -> None:
    floor, premodulo, ceiling = cells
    settings = {
        "capacity.controller": controller,
        "capacity.floor": floor,
        "capacity.premodulo": premodulo,
        "capacity.ceiling": ceiling,
        "credit.vote_threshold": threshold,
        "network.neurons": neurons,
        "pipeline.sweeps": len(points),
    }
    judged = state(settings, *found_layers, points=curve(*points))
    for rule in (*RULES, fewer_sweeps):
        found = rule(judged)
        if found is not None:
            assert apply_changes(judged.config, found.changes) != judged.config
            assert "\n" not in found.message
            assert found.figures
            for name in found.changes:
                assert name in found.message


def law_run(*, back: bool = False) -> list[Event]:
    """Two sweeps of a law that takes cells from collapsed neurons; dev falls from 50 % to 30 %."""
    return [
        STARTED,
        SweepStarted(sweep=1),
        trained(1, 2, 0, -100, 100),
        *(trained(1, 1, position, -90, 4000, agreement=0.5) for position in range(4)),
        measured(1, 0.6, 0.5, best=True),
        SweepStarted(sweep=2),
        trained(2, 2, 0, -100, 100),
        *(trained(2, 1, position, total, 400, agreement=0.4) for position, total in enumerate((-95, 85, 5))),
        measured(2, 0.5, 0.3),
        *([SteppedBack(sweep=2, to_sweep=1, reason="dev fell")] if back else []),
        FINISHED,
    ]


def test_a_history_is_summed_up_by_the_last_training_of_each_neuron(tmp_path: Path) -> None:
    found = run_state(read_history(write_log(tmp_path / "events.jsonl", law_run(back=True))), config(LAW))
    assert found.curve == (CurvePoint(1, 0.6, 0.5, 4000), CurvePoint(2, 0.5, 0.3, 400))
    # Sums -95, 85, 5 of the second sweep, -90 of the first; eps = 10, tau = 80. The final layer is left out.
    assert found.layers == (
        LayerState(1, 100, 400, noisy=0.25, collapsed=0.75, at_ceiling=0.0, oscillating=0.0, agreement=0.4),
    )
    assert found.finished
    assert found.steps_back == ((2, 1),)


def test_of_two_middle_premodulos_the_lower_is_the_median(tmp_path: Path) -> None:
    events = [
        STARTED,
        SweepStarted(sweep=1),
        *(trained(1, 1, position, 40, premodulo) for position, premodulo in enumerate((40, 10, 30, 20))),
        measured(1, 0.6, 0.5),
    ]
    found = run_state(read_history(write_log(tmp_path / "events.jsonl", events)), config())
    assert found.layers[0].premodulo == 20
    assert found.curve[0].premodulo == 20
    assert not found.finished  # the log has no end


def test_the_signal_of_the_law_decides_what_is_noisy(tmp_path: Path) -> None:
    history = read_history(write_log(tmp_path / "events.jsonl", law_run()))
    by_votes = run_state(history, config(LAW | {"capacity.signal": "agreement"})).layers[0]
    assert (by_votes.noisy, by_votes.collapsed) == (0.0, 0.0)  # 40 and 50 of 100
    assert run_state(history, config(LAW | {"capacity.ceiling": 65_536})).layers[0].at_ceiling == 0.0
    low = {"capacity.ceiling": 4000, "capacity.premodulo": 4000}
    assert run_state(history, config(LAW | low)).layers[0].at_ceiling == 0.25


@pytest.mark.parametrize(
    ("premodulos", "share"),
    [
        ((1000, 500, 1000, 500), 0.25),
        ((9, 1000, 500, 1000, 500), 0.25),
        ((1000, 500, 1000, 2000), 0.0),
        ((1000, 900, 1000, 900), 0.0),  # less than the factor of 1.25
        ((1000, 500, 1000), 0.0),
    ],
)
def test_neurons_that_oscillate_are_counted(
    tmp_path: Path, premodulos: tuple[int, ...], share: float
) -> None:
    events: list[Event] = [STARTED]
    for sweep, premodulo in enumerate(premodulos, 1):
        events += [SweepStarted(sweep=sweep), trained(sweep, 1, 0, 40, premodulo)]
        events += [trained(sweep, 1, position, 40, 1000) for position in (1, 2, 3)]
        events.append(measured(sweep, 0.5, 0.5))
    history = read_history(write_log(tmp_path / "events.jsonl", events))
    assert run_state(history, config(LAW)).layers[0].oscillating == share


def test_the_median_premodulo_of_a_sweep_comes_from_its_event_if_it_is_there(tmp_path: Path) -> None:
    first = measured(1, 0.6, 0.5, best=True)
    events = [changed(first, premodulo=3333) if event == first else event for event in law_run()]
    points = learning_curve(read_history(write_log(tmp_path / "events.jsonl", events)))
    assert [point.premodulo for point in points] == [3333, 400]


def test_recommendations_go_together(tmp_path: Path) -> None:
    history = read_history(write_log(tmp_path / "events.jsonl", law_run()))
    start = config(BALANCE)
    found = recommend(history, start)
    assert [dict(one.changes) for one in found] == [
        {"capacity.signal": "answers"},
        {"capacity.floor": 4000},
    ]
    assert found[1].message == (
        "over-pressure: from sweep 1 to 2 the median premodulo fell from 4,000 to 400 and the dev words "
        "right from 50.0% to 30.0%: raise capacity.floor from 16 to 4,000"
    )
    followed = apply_changes(start, *(one.changes for one in found))
    assert (followed.capacity.signal, followed.capacity.floor) == ("answers", 4000)
    assert followed.capacity.ceiling == start.capacity.ceiling


def test_of_two_that_change_the_same_field_the_more_urgent_stays(tmp_path: Path) -> None:
    # Over-pressure (back to 4,000 cells) and crowded cells (16 times 400) both raise the floor.
    events = [
        changed(event, agreement=0.1) if isinstance(event, NeuronTrained) else event for event in law_run()
    ]
    history = read_history(write_log(tmp_path / "events.jsonl", events))
    start = config(LAW | {"capacity.signal": "agreement"})
    assert crowded_cells(run_state(history, start)) is not None
    assert [dict(one.changes) for one in recommend(history, start)] == [{"capacity.floor": 4000}]


def long_run(*dev: float) -> list[Event]:
    events: list[Event] = [STARTED]
    for sweep, share in enumerate(dev, 1):
        events += [SweepStarted(sweep=sweep), trained(sweep, 1, 0, 40, 1000, agreement=0.5)]
        events.append(measured(sweep, 0.6, share))
    return [*events, FINISHED]


def test_fewer_sweeps_are_recommended_alone(tmp_path: Path) -> None:
    history = read_history(write_log(tmp_path / "events.jsonl", long_run(0.5, 0.4, 0.4)))
    assert [dict(one.changes) for one in recommend(history, config())] == [{"pipeline.sweeps": 2}]
    much = config({"credit.vote_threshold": (2.0,), "pipeline.sweeps": 3})
    history = read_history(write_log(tmp_path / "much.jsonl", long_run(0.58, 0.55, 0.55)))
    assert [dict(one.changes) for one in recommend(history, much)] == [{"credit.vote_threshold": (1.0,)}]


def test_a_good_run_gets_no_recommendation(tmp_path: Path) -> None:
    history = read_history(write_log(tmp_path / "events.jsonl", long_run(0.5, 0.52, 0.52)))
    assert recommend(history, config()) == ()


def test_without_a_sweep_there_is_nothing_to_go_by(tmp_path: Path) -> None:
    history = read_history(write_log(tmp_path / "events.jsonl", law_run()[:4]))
    with pytest.raises(StateError, match="toy: no sweep is done yet"):
        recommend(history, config())


def test_a_change_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="above the ceiling"):
        apply_changes(config(), {"capacity.floor": 2**20})
