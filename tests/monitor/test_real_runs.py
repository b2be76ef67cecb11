"""Alerts of real runs: those that deserve one get it, and default runs get none."""

from __future__ import annotations

from typing import Any

import pytest

from goldzone.data.builtin import builtin_names, load_builtin
from goldzone.data.split import first_by_hash
from goldzone.g2p.task import PhonemizerTask, train_model
from goldzone.monitor.alert_settings import AlertSettings
from goldzone.monitor.alerts import replay
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks
from goldzone.training.runs.events import AlertOpened, Event


def opened(words: int, fields: dict[str, Any], sample: str = "slovak") -> set[str]:
    """Train on so many words, and return the rules that found something."""
    events: list[Event] = []
    lexicon = first_by_hash(load_builtin(sample), words)
    task = PhonemizerTask.of(lexicon, TrainingConfig.model_validate(fields))
    train_model(task, Hooks(on_event=events.append), threads=2)
    alerts = replay(events, AlertSettings())
    return {alert.rule for alert in alerts if isinstance(alert, AlertOpened)}


@pytest.mark.parametrize(
    ("rule", "words", "fields"),
    [
        ("memorisation", 1000, {"beam": {"evidence": 0}}),
        ("stagnation", 400, {"beam": {"evidence": 40}}),
        (
            "oscillation",
            300,
            {"credit": {"kind": "rank"}, "capacity": {"controller": "reference"}, "network": {"neurons": 60}},
        ),
    ],
)
def test_a_run_that_deserves_an_alert_gets_it(rule: str, words: int, fields: dict[str, Any]) -> None:
    assert opened(words, fields) == {rule}


@pytest.mark.parametrize("sample", builtin_names())
def test_a_small_run_with_the_defaults_is_silent(sample: str) -> None:
    assert opened(400, {}, sample) == set()


@pytest.mark.slow
@pytest.mark.parametrize("sample", builtin_names())
def test_a_whole_sample_with_the_defaults_is_silent(sample: str) -> None:
    assert opened(3000, {}, sample) == set()
