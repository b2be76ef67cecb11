from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.g2p.sizing import Attempt, next_factor, parse_size, with_evidence
from goldzone.training.config import TrainingConfig


@pytest.mark.parametrize(
    ("text", "size"),
    [("50KB", 50_000), ("48 KiB", 49_152), ("0.2mb", 200_000), ("60000", 60_000), (" 9b ", 9)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "KB", "50 XB", "-3KB", "0", "nan", "inf", "1e999MB", "5 0KB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ConfigError, match="give one such as 50KB"):
        parse_size(text)


@given(
    exponent=st.floats(0.3, 1.2),
    first=st.integers(10_000, 400_000),
    share=st.floats(0.02, 1.5),
    bend=st.floats(0, 0.3),
)
def test_few_attempts_come_near(exponent: float, first: int, share: float, bend: float) -> None:
    """On models whose bytes fall as a power of the factor, and less from a floor on."""
    size = round(share * first)
    floor = bend * size
    attempts: list[Attempt] = []
    while (factor := next_factor(attempts, size)) is not None:
        assert factor >= 1
        assert factor not in {attempt.factor for attempt in attempts}
        attempts.append(Attempt(factor, round(floor + (first - floor) * factor**-exponent)))
        assert len(attempts) <= 10
    taken = max(attempt.bytes for attempt in attempts if attempt.bytes <= size)
    assert len(attempts) == 1 if share >= 1 else taken >= 0.8 * size


def test_the_default_is_taken_where_it_fits() -> None:
    assert next_factor([], 10) == 1
    assert next_factor([Attempt(1, 10)], 10) is None


@given(st.lists(st.integers(1_001, 9_999), min_size=12, max_size=12))
def test_a_size_out_of_reach_leads_to_ever_larger_factors(sizes: list[int]) -> None:
    attempts: list[Attempt] = []
    for each in sizes:
        factor = next_factor(attempts, 1_000)
        assert factor is not None
        assert all(factor > attempt.factor for attempt in attempts)
        attempts.append(Attempt(factor, each))
    assert factor is not None
    assert factor > 100


def test_each_step_of_the_evidence_is_raised() -> None:
    config = TrainingConfig()
    raised = with_evidence(config, 2)
    assert raised.beam.evidence == tuple(2 * each for each in config.beam.evidence)
    assert with_evidence(config, 1) == config
