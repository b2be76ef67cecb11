from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from goldzone.errors import StateError
from goldzone.monitor.order import Violation, check_order
from goldzone.training.runs.events import (
    AlertEvent,
    AlertOpened,
    Event,
    LayerSkipped,
    LayerTrained,
    LineTorn,
    RunStarted,
    SelectionMade,
    SteppedBack,
    SweepStarted,
    Warned,
)
from tests.monitor.scripts import neuron, run_finished, run_started, selection, sweep_finished

ALERT = AlertOpened(
    rule="collapse", layer=1, severity="info", sweep=1, value=1.0, threshold=0.5, message="layer 1"
)


def numbered(events: Sequence[Event]) -> list[Event]:
    return [replace(event, sequence=index) for index, event in enumerate(events)]


def check(events: Sequence[Event]) -> tuple[Violation, ...]:
    return check_order(enumerate(events, 1))


def problem(events: Sequence[Event], line: int) -> str:
    """Return the one problem of a log, which must be at a line."""
    (violation,) = check(numbered(events))
    assert violation.line == line
    return violation.problem


def one_sweep(sweep: int, sizes: Sequence[int], *, selections: bool = False) -> list[Event]:
    events: list[Event] = [SweepStarted(sweep=sweep)]
    for layer in range(len(sizes), 0, -1):
        total = sizes[layer - 1]
        if not total:
            events.append(LayerSkipped(sweep=sweep, layer=layer, reason="no gain"))
            continue
        events += [selection(sweep, layer)] if selections and layer < len(sizes) else []
        events += [neuron(sweep, layer, position, total=total) for position in range(total)]
        events.append(LayerTrained(sweep=sweep, layer=layer, neurons=total))
    return [*events, sweep_finished(sweep)]


WHOLE: list[Event] = numbered(
    [
        Warned(message="some rows were skipped"),
        run_started((3, 2, 1)),
        *one_sweep(1, (3, 2, 1), selections=True),
        ALERT,
        *one_sweep(2, (3, 0, 1)),
        SteppedBack(sweep=2, to_sweep=1, reason="dev fell"),
        *one_sweep(3, (0, 2, 1)),
        Warned(message="one word cannot be aligned"),
        run_finished(),
    ]
)
"""Selections, an alert, two skipped layers and a step back."""


def test_a_run_in_order_has_no_violation() -> None:
    assert check(WHOLE) == ()


@pytest.mark.parametrize("end", range(len(WHOLE) + 1))
def test_a_log_may_end_anywhere_and_in_the_middle_of_a_line(end: int) -> None:
    assert check(WHOLE[:end]) == ()
    assert check([*WHOLE[:end], LineTorn(sequence=end, length=3)]) == ()


def is_free(event: Event) -> bool:
    """Tell whether an event is no part of the order: it may stand anywhere."""
    return isinstance(event, Warned | AlertEvent)


@dataclass(frozen=True)
class Run:
    """Layer sizes, and for each sweep which layers are skipped and whether it is stepped back from."""

    sizes: tuple[int, ...]
    sweeps: tuple[tuple[frozenset[int], bool], ...]
    selections: bool
    noise: tuple[int, ...]

    def events(self) -> list[Event]:
        events: list[Event] = [run_started(self.sizes)]
        for sweep, (skipped, back) in enumerate(self.sweeps, 1):
            sizes = [0 if layer in skipped else size for layer, size in enumerate(self.sizes, 1)]
            events += one_sweep(sweep, sizes, selections=self.selections)
            events += [SteppedBack(sweep=sweep, to_sweep=1, reason="")] if back else []
        events.append(run_finished())
        for index, place in enumerate(self.noise):
            events.insert(place % (len(events) + 1), Warned(message=str(index)) if index % 2 else ALERT)
        return numbered(events)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    hidden = draw(st.lists(st.integers(1, 4), max_size=3))
    skips = st.frozensets(st.integers(1, len(hidden))) if hidden else st.just(frozenset[int]())
    sweeps = draw(st.lists(st.tuples(skips, st.booleans()), min_size=1, max_size=3))
    noise = st.lists(st.integers(0, 200), max_size=4).map(tuple)
    return Run((*hidden, 1), tuple(sweeps), draw(st.booleans()), draw(noise))


def neighbours(events: Sequence[Event]) -> list[tuple[int, list[Event]]]:
    """Return, for each pair of neighbours, its place and the log with the two exchanged, as they were."""
    return [
        (place, [*events[:place], events[place + 1], events[place], *events[place + 2 :]])
        for place in range(len(events) - 1)
    ]


@given(runs())
def test_every_exchange_of_two_neighbours_is_found(run: Run) -> None:
    events = run.events()
    assert check(events) == ()
    for place, exchanged in neighbours(events):
        assert check(exchanged), f"lines {place + 1} and {place + 2} as they were"
        # With new numbers only what may stand anywhere can change its place.
        harmless = is_free(events[place]) or is_free(events[place + 1])
        assert (check(numbered(exchanged)) == ()) is harmless, (
            f"lines {place + 1} and {place + 2}, renumbered"
        )


@given(runs())
def test_every_lost_and_every_doubled_line_is_found(run: Run) -> None:
    events = run.events()
    for place, event in enumerate(events):
        lost, doubled = [*events[:place], *events[place + 1 :]], [*events[: place + 1], *events[place:]]
        assert check(doubled)
        assert check(lost) or place == len(events) - 1  # a log may end anywhere
        # With new numbers: what may stand anywhere may be missing, and what a run need not say.
        assert (check(numbered(doubled)) == ()) is is_free(event)
        optional = is_free(event) or isinstance(event, SelectionMade | SteppedBack)
        last = all(map(is_free, events[place + 1 :]))
        assert (check(numbered(lost)) == ()) is (optional or last)


def sweep_of(*events: Event) -> list[Event]:
    return [run_started((2, 2, 1)), SweepStarted(sweep=1), *events]


FINAL: list[Event] = [neuron(1, 3, 0), LayerTrained(sweep=1, layer=3, neurons=1)]
SECOND: list[Event] = [
    neuron(1, 2, 0, total=2),
    neuron(1, 2, 1, total=2),
    LayerTrained(sweep=1, layer=2, neurons=2),
]
FIRST: list[Event] = [
    neuron(1, 1, 0, total=2),
    neuron(1, 1, 1, total=2),
    LayerTrained(sweep=1, layer=1, neurons=2),
]


@pytest.mark.parametrize(
    ("events", "line", "expected"),
    [
        (sweep_of(*SECOND), 3, "layer 2 is trained in place of layer 3"),
        (sweep_of(*FINAL, *FIRST), 5, "layer 1 is trained in place of layer 2"),
        (sweep_of(*FINAL, *SECOND, neuron(1, 3, 0)), 8, "layer 3 is trained in place of layer 1"),
        (
            sweep_of(*FINAL, *SECOND, *FIRST, FIRST[0]),
            11,
            "layer 1 is trained in place of the end of the sweep",
        ),
        (sweep_of(FINAL[0], *SECOND), 4, "layer 2 is trained in place of layer 3"),
        (sweep_of(*FINAL, SECOND[1]), 5, "neuron 1 of layer 2 in place of 0"),
        (sweep_of(*FINAL, SECOND[0], SECOND[0]), 6, "neuron 0 of layer 2 in place of 1"),
        (sweep_of(*FINAL, SECOND[0], neuron(1, 2, 1, total=3)), 6, "layer 2 trains 3 neurons, but said 2"),
        (sweep_of(*FINAL, neuron(1, 2, 0, total=0)), 5, "neuron 0 of layer 2, which trains 0"),
        (
            sweep_of(*FINAL, SECOND[0], SECOND[2]),
            6,
            "layer 2 is done with 2 neurons, but 1 of 2 were trained",
        ),
        (
            sweep_of(*FINAL, LayerTrained(sweep=1, layer=2, neurons=0)),
            5,
            "layer 2 trained no neuron and is not marked as skipped",
        ),
        (
            sweep_of(*FINAL, SECOND[2]),
            5,
            "layer 2 is done with 2 neurons, but 0 of 0 were trained",
        ),
        (
            sweep_of(LayerSkipped(sweep=1, layer=3, reason="")),
            3,
            "the final neuron is skipped; every sweep must begin with it",
        ),
        (
            sweep_of(*FINAL, LayerSkipped(sweep=1, layer=1, reason="")),
            5,
            "layer 1 is skipped in place of layer 2",
        ),
        (
            sweep_of(*FINAL, *SECOND, sweep_finished(1)),
            8,
            "sweep 1 is finished before layer 1 is done or skipped",
        ),
        (sweep_of(neuron(2, 3, 0)), 3, "NeuronTrained of sweep 2 within sweep 1"),
        (sweep_of(SweepStarted(sweep=2)), 3, "sweep 2 starts before sweep 1 is finished"),
        ([run_started((1,)), SweepStarted(sweep=2)], 2, "sweep 2 in place of 1"),
        ([run_started((1,)), neuron(1, 1, 0)], 2, "NeuronTrained outside of a sweep"),
        ([run_started((1,)), run_started((1,))], 2, "the run starts a second time"),
        ([run_started(())], 1, "the run has no layers"),
        ([SweepStarted(sweep=1)], 1, "SweepStarted before the start of the run"),
        (
            [run_started((1,)), run_finished(), SweepStarted(sweep=1)],
            3,
            "SweepStarted after the end of the run",
        ),
        (sweep_of(run_finished()), 3, "the run ends within sweep 1"),
        (
            sweep_of(*FINAL, SECOND[0], selection(1, 2)),
            6,
            "layer 2 is selected after it began",
        ),
        (
            [run_started((1,)), *one_sweep(1, (1,)), SteppedBack(sweep=1, to_sweep=2, reason="")],
            6,
            "a step back to sweep 2, which was not before",
        ),
        (
            [run_started((1,)), SteppedBack(sweep=3, to_sweep=1, reason="")],
            2,
            "a step back after sweep 3 does not follow it",
        ),
        (sweep_of(SteppedBack(sweep=1, to_sweep=1, reason="")), 3, "a step back within a sweep"),
    ],
)
def test_each_fault_is_told_once_with_its_line(events: list[Event], line: int, expected: str) -> None:
    assert problem(events, line) == expected


def test_a_layer_may_be_left_before_all_its_neurons_were_trained_if_that_is_marked() -> None:
    final_left = LayerSkipped(sweep=1, layer=3, reason="a neuron took too long")
    left = replace(final_left, layer=2)
    assert check(numbered(sweep_of(FINAL[0], final_left, SECOND[0], left, *FIRST, sweep_finished(1)))) == ()


def test_a_number_that_is_out_of_sequence_is_told_and_gone_on_from() -> None:
    events = [*WHOLE[:5], *[replace(event, sequence=event.sequence + 7) for event in WHOLE[5:]]]
    assert check(events) == (Violation(6, "has sequence 12 in place of 5"),)


def test_a_forward_run_is_refused() -> None:
    first, *others = numbered([run_started((1,)), *one_sweep(1, (1,))])
    assert check([first, *others]) == ()
    assert isinstance(first, RunStarted)
    with pytest.raises(StateError, match="run 'r': trained forward, so it has no backward order"):
        check([replace(first, direction="forward"), *others])
