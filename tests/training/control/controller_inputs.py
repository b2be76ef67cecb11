"""Short ways to write pasts, curves and controller_inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from goldzone.training.control.controller_input import ControllerInput
from goldzone.training.control.curve import Curve, CurvePoint
from goldzone.training.settings import CapacitySettings


class Measured(NamedTuple):
    sum: int
    samples: int
    agreement: float = math.nan
    premodulo: int = 0


def controller_input(
    current: int = 1_000,
    *past: Measured,
    samples: int = 10_000,
    curve: Curve = (),
    largest: int = 1 << 24,
    tolerance: float = 0.005,
    held: bool = False,
) -> ControllerInput:
    return ControllerInput(past, current, samples, curve, largest, tolerance, held)


def learning_curve(*dev: float | None, train: Sequence[float] = (), premodulo: int = 7) -> Curve:
    accuracies = train or [0.5] * len(dev)
    return tuple(
        CurvePoint(sweep, accuracy, found, premodulo)
        for sweep, (accuracy, found) in enumerate(zip(accuracies, dev, strict=True), 1)
    )


@st.composite
def sums(draw: st.DrawFn, largest: int = 10**9) -> tuple[int, int]:
    n = draw(st.integers(1, largest))
    return draw(st.integers(0, n)), n


shares = st.floats(0, 1)
premodulos = st.integers(2, 1 << 24)


@st.composite
def settings(draw: st.DrawFn, *controllers: str) -> CapacitySettings:
    floor, start, ceiling = sorted(draw(st.tuples(premodulos, premodulos, premodulos)))
    return CapacitySettings.model_validate(
        {
            "controller": draw(st.sampled_from(controllers)),
            "premodulo": start,
            "floor": floor,
            "ceiling": ceiling,
            "signal": draw(st.sampled_from(["answers", "balance", "agreement"])),
            "noise_floor": draw(st.none() | st.floats(0, 1e6)),
            "collapse": draw(st.floats(0.01, 1)),
            "smoothing": draw(st.integers(1, 5)),
            "decay": draw(st.sampled_from([1.0]) | st.floats(0.01, 1)),
            "aggressiveness": draw(st.sampled_from([1.0]) | st.floats(0.01, 1)),
            "oscillation_window": draw(st.sampled_from([0, 4, 5, 8])),
            "max_factor": draw(st.floats(1, 1e8)),
            "max_change": draw(st.none() | st.floats(0.001, 1)),
            "fine_tune": draw(st.floats(0, 0.99)),
        }
    )


@st.composite
def controller_inputs(draw: st.DrawFn) -> ControllerInput:
    n = draw(st.integers(1, 10**6))
    past = draw(
        st.lists(
            st.builds(
                Measured,
                st.integers(0, n),
                st.just(n),
                shares | st.just(math.nan),
                st.sampled_from([0, 10, 100]) | premodulos,
            ),
            max_size=6,
        )
    )
    points = draw(st.lists(st.tuples(shares, st.none() | shares, premodulos), max_size=8))
    return ControllerInput(
        history=tuple(past),
        current=draw(st.integers(2, 100) | premodulos),
        samples=n,
        curve=tuple(CurvePoint(sweep, *point) for sweep, point in enumerate(points, 1)),
        largest=draw(premodulos),
        tolerance=draw(shares),
        held=draw(st.booleans()),
        ladder=draw(st.booleans()),
    )
