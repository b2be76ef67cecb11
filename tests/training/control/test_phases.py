from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.training.control.curve import Curve, CurvePoint
from goldzone.training.control.phases import (
    Forecast,
    Phase,
    best_point,
    change_noise,
    detect_phase,
    forecast,
    must_step_back,
)

BOOTSTRAP, FITTING, GENERALISATION, OVER_PRESSURE, DONE = Phase


def curve(*points: tuple[float, float | None], premodulos: tuple[int, ...] = ()) -> Curve:
    """A curve of (train, dev) accuracies; the premodulo is 1,000 unless given."""
    cells = premodulos or (1000,) * len(points)
    return tuple(
        CurvePoint(sweep, train, dev, premodulo)
        for sweep, ((train, dev), premodulo) in enumerate(zip(points, cells, strict=True), 1)
    )


accuracies = st.floats(0, 1)
curves = st.lists(
    st.tuples(accuracies, st.none() | accuracies, st.integers(2, 2**24)), min_size=1, max_size=8
).map(lambda points: tuple(CurvePoint(sweep, *point) for sweep, point in enumerate(points, 1)))


@pytest.mark.parametrize(
    ("train", "dev", "phase"),
    [
        # From train 60 %, dev 50 %; a change of half a point is none.
        (0.61, 0.51, FITTING),
        (0.61, 0.50, FITTING),
        (0.61, 0.49, FITTING),  # memorisation
        (0.60, 0.51, GENERALISATION),
        (0.60, 0.50, GENERALISATION),
        (0.60, 0.49, OVER_PRESSURE),
        (0.59, 0.51, GENERALISATION),
        (0.59, 0.50, GENERALISATION),
        (0.59, 0.49, OVER_PRESSURE),
        # At the edges: what is within the tolerance is flat.
        (0.604, 0.504, GENERALISATION),
        (0.604, 0.496, GENERALISATION),
        (0.606, 0.494, FITTING),
        (0.604, 0.494, OVER_PRESSURE),
        (0.596, 0.496, GENERALISATION),
        # Without dev accuracy it counts as flat.
        (0.61, None, FITTING),
        (0.60, None, GENERALISATION),
        (0.59, None, GENERALISATION),
    ],
)
def test_a_pair_of_changes_has_one_phase(train: float, dev: float | None, phase: Phase) -> None:
    assert detect_phase(curve((0.6, 0.5), (train, dev)), patience=2, tolerance=0.005) is phase


def test_the_tolerance_is_a_parameter() -> None:
    points = curve((0.6, 0.5), (0.58, 0.48))
    assert detect_phase(points, patience=2, tolerance=0.01) is OVER_PRESSURE
    assert detect_phase(points, patience=2, tolerance=0.03) is GENERALISATION


def test_too_little_measured_is_bootstrap() -> None:
    assert detect_phase((), patience=1, tolerance=0) is BOOTSTRAP
    assert detect_phase(curve((0.9, 0.9)), patience=1, tolerance=0) is BOOTSTRAP


@pytest.mark.parametrize(
    ("dev", "patience", "done"),
    [
        ((0.5, 0.5, 0.5), 2, True),
        ((0.5, 0.4, 0.5), 2, True),
        ((0.5, 0.4, 0.501), 2, False),  # a gain is a gain, however small
        ((0.5, 0.6, 0.5), 2, False),
        ((0.5, 0.6, 0.5), 1, True),
        ((0.5, 0.4), 2, False),
        ((0.3, 0.5, 0.4, 0.45), 2, True),  # the best before, not the last before
        ((0.5, None, 0.4), 2, False),
        ((None, None, None), 2, False),
    ],
)
def test_patience_used_up_is_done(dev: tuple[float | None, ...], patience: int, done: bool) -> None:
    # Train accuracy rises: done has precedence over fitting.
    points = curve(*((0.1 * sweep, share) for sweep, share in enumerate(dev)))
    assert (detect_phase(points, patience=patience, tolerance=0.005) is DONE) is done


def test_done_and_a_run_that_stops_are_the_same_without_ties() -> None:
    """The pipeline's count of sweeps without a gain, written out."""
    generator = np.random.default_rng(1)
    for _ in range(200):
        dev = generator.random(8).tolist()
        best, without_gain = -1.0, 0
        for sweep, share in enumerate(dev, 1):
            best, without_gain = (share, 0) if share > best else (best, without_gain + 1)
            points = curve(*((0.5, value) for value in dev[:sweep]))
            assert (detect_phase(points, patience=3, tolerance=0) is DONE) == (without_gain >= 3)


@given(curves, st.integers(1, 4), st.floats(0, 0.1))
def test_every_curve_has_a_phase_and_a_forecast_within_bounds(
    points: Curve, patience: int, tolerance: float
) -> None:
    assert detect_phase(points, patience=patience, tolerance=tolerance) in Phase
    found = forecast(points, patience=patience, tolerance=tolerance)
    known = len(points) >= 2 and all(point.dev_accuracy is not None for point in points)
    assert (found is not None) == known
    if found is not None:
        assert 0 <= found.dev_accuracy <= 1
        assert 0 < found.error < 1
        assert found == forecast(points, patience=patience, tolerance=tolerance)


def test_the_noise_of_a_change() -> None:
    assert change_noise(800) == pytest.approx(0.005)  # sqrt(0.02 / 800)
    assert change_noise(20_000) == pytest.approx(0.001)
    assert change_noise(0) == 1.0


def test_a_forecast_of_two_sweeps_is_the_prior() -> None:
    # 0.3 of the gain of 10 points; error**2 = 0.0075**2 + (0.5 * 0.1)**2.
    assert forecast(curve((0.5, 0.4), (0.5, 0.5))) == Forecast(
        pytest.approx(0.53),  # type: ignore[arg-type]
        pytest.approx(0.050559, abs=1e-6),  # type: ignore[arg-type]
        GENERALISATION,
    )


def test_a_forecast_learns_the_ratio_from_the_gains() -> None:
    # Gains of 20 and 10 points: r = (0.3 * 0.0004 + 0.2 * 0.1) / (0.0004 + 0.2**2) = 0.49802.
    found = forecast(curve((0.5, 0.2), (0.5, 0.4), (0.5, 0.5)))
    assert found is not None
    assert found.dev_accuracy == pytest.approx(0.5 + 0.49802 * 0.1, abs=1e-6)
    # Residual: 0.1 - r * 0.2 = 0.000396; variance (2 * 0.0075**2 + residual**2) / 3 + (0.5 * 0.1)**2.
    assert found.error == pytest.approx(0.050374, abs=1e-6)


@pytest.mark.parametrize(
    ("dev", "expected"),
    [
        ((0.4, 0.5, 0.5), 0.5),  # a plateau stays
        ((0.3, 0.6, 0.4, 0.7), 0.7),  # gains that swing promise nothing
        ((0.1, 0.2, 0.4, 0.8), 1.0),  # 0.8 + 0.9 * 0.4, kept within the shares
        ((0.9, 0.8, 0.6, 0.2), 0.0),
    ],
)
def test_a_forecast_is_robust(dev: tuple[float, ...], expected: float) -> None:
    found = forecast(curve(*((0.5, share) for share in dev)))
    assert found is not None
    assert found.dev_accuracy == pytest.approx(expected)


@pytest.mark.parametrize(
    ("points", "phase"),
    [
        (((0.4, 0.4), (0.5, 0.45)), FITTING),  # train: 0.5 + 0.3 * 0.1
        (((0.5, 0.4), (0.5, 0.45)), GENERALISATION),
        (((0.6, 0.5), (0.5, 0.4)), OVER_PRESSURE),  # one sweep more brings both down again
        (((0.5, 0.45), (0.5, 0.44)), GENERALISATION),  # 0.3 of a point is within the tolerance
        (((0.5, 0.45), (0.5, 0.44), (0.5, 0.44)), DONE),
    ],
)
def test_the_phase_is_forecast_from_both_accuracies(
    points: tuple[tuple[float, float], ...], phase: Phase
) -> None:
    found = forecast(curve(*points), patience=3, tolerance=0.005)
    assert found is not None
    assert found.phase is phase


def test_the_error_of_a_forecast_covers_the_truth_on_saturating_curves() -> None:
    """200 curves that rise to a limit geometrically, with the noise of 500 to 4,000 dev words."""
    generator = np.random.default_rng(1)
    within = {1: 0, 2: 0}
    total, squares, squares_of_staying = 0, 0.0, 0.0
    for _ in range(200):
        limit, gap, ratio = (
            generator.uniform(0.2, 0.9),
            generator.uniform(0.02, 0.2),
            generator.uniform(0.1, 0.8),
        )
        noise = change_noise(int(generator.choice((500, 1000, 4000)))) / 2**0.5
        dev = [limit - gap * ratio**sweep + generator.normal(0, noise) for sweep in range(1, 9)]
        for known in range(2, 8):
            found = forecast(curve(*((0.9, share) for share in dev[:known])))
            assert found is not None
            missed = abs(dev[known] - found.dev_accuracy)
            within = {k: count + (missed <= k * found.error) for k, count in within.items()}
            total += 1
            squares += missed**2
            squares_of_staying += (dev[known] - dev[known - 1]) ** 2
    assert 0.68 <= within[1] / total <= 0.95  # wide enough, and not so wide that it says nothing
    assert within[2] / total >= 0.95
    assert squares < squares_of_staying  # better than to expect no change


@pytest.mark.parametrize(
    ("dev", "premodulos", "sweep"),
    [
        ((0.5, 0.4), (1000, 100), 1),
        ((0.5, 0.4), (1000, 1000), None),  # not the premodulo's doing
        ((0.5, 0.4), (100, 1000), None),
        ((0.5, 0.495), (1000, 100), None),  # within the tolerance
        ((0.5, 0.4999), (1000, 100), None),
        ((0.5, 0.6), (1000, 100), None),
        ((0.4, 0.5, 0.45, 0.3), (4000, 1000, 500, 100), 2),  # to the best, not to the one before
        ((0.5, 0.5, 0.4), (1000, 500, 100), 1),  # of equals the first
        ((0.5, 0.4, 0.5), (1000, 100, 1000), None),  # after a step back
        ((None, 0.5, 0.4), (4000, 1000, 100), 2),
        ((0.5, None), (1000, 100), None),
        ((None, None), (1000, 100), None),
        ((0.5,), (1000,), None),
    ],
)
def test_lowering_that_cost_accuracy_is_taken_back(
    dev: tuple[float | None, ...], premodulos: tuple[int, ...], sweep: int | None
) -> None:
    points = curve(*((0.5, share) for share in dev), premodulos=premodulos)
    assert must_step_back(points, 0.0051) == sweep


def test_an_empty_curve_has_nothing_to_go_back_to() -> None:
    assert must_step_back(()) is None
    assert best_point(()) is None
    assert forecast(()) is None


@given(curves, st.floats(0, 0.5))
def test_a_step_back_leads_to_a_better_sweep_with_more_cells(points: Curve, tolerance: float) -> None:
    sweep = must_step_back(points, tolerance)
    if sweep is not None:
        now, then = points[-1], points[sweep - 1]
        assert now.dev_accuracy is not None
        assert then.dev_accuracy is not None
        assert then.premodulo > now.premodulo
        assert then.dev_accuracy > now.dev_accuracy
        assert all(p.dev_accuracy is None or p.dev_accuracy <= then.dev_accuracy for p in points)
    constant = tuple(CurvePoint(p.sweep, p.train_accuracy, p.dev_accuracy, 1000) for p in points)
    assert must_step_back(constant, tolerance) is None


@given(st.lists(accuracies, min_size=2, max_size=8))
def test_a_rise_at_a_constant_ratio_is_continued_without_an_overshoot(gaps: list[float]) -> None:
    """Whatever the curve was: if dev rises, the forecast is between the last value and as much again."""
    dev = sorted(gaps)
    found = forecast(curve(*((0.5, share) for share in dev)))
    assert found is not None
    last_gain = [after - before for before, after in pairwise(dev)][-1]
    assert dev[-1] <= found.dev_accuracy <= min(1.0, dev[-1] + last_gain) + 1e-12
