from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.training.config import TrainingConfig, config_from_toml
from goldzone.training.settings import AlertRule, AlertSettings, is_web_address

RULES = [name for name, value in dict(AlertSettings()).items() if isinstance(value, AlertRule)]
Severity = Literal["off", "info", "warning", "critical"]
severities: list[Severity] = ["off", "info", "warning", "critical"]

rules = st.builds(
    AlertRule,
    severity=st.sampled_from(severities),
    threshold=st.floats(0, allow_nan=False, allow_infinity=False),
    window=st.integers(1, 1000),
)
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


@given(
    st.builds(
        AlertSettings,
        **dict.fromkeys(RULES, rules),
        hysteresis=st.floats(0, 1, exclude_max=True),
        webhook=st.sampled_from([None, "https://example.org/a?b=c", "$HOOK"]),
        command=st.lists(words, max_size=3).map(tuple),
    )
)
def test_what_is_written_is_read(settings: AlertSettings) -> None:
    config = TrainingConfig(alerts=settings)
    assert config_from_toml(config.to_toml(), "config") == config


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_takes_from_its_default_what_its_table_leaves_out(rule: str) -> None:
    default: AlertRule = getattr(AlertSettings(), rule)
    given = config_from_toml(f'[alerts.{rule}]\nseverity = "critical"', "test").alerts
    assert getattr(given, rule) == default.model_copy(update={"severity": "critical"})
    assert given.model_copy(update={rule: default}) == AlertSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[alerts.colapse]", "'alerts.colapse' is no field; did you mean alerts.collapse?"),
        (
            "[alerts.collapse]\ntreshold = 1",
            "'alerts.collapse.treshold' is no field; did you mean alerts.collapse.threshold?",
        ),
        ("[alerts]\ncollapse = 3", "alerts.collapse: 3 should be a section with fields"),
        (
            "[alerts.collapse]\nseverity = 'no'",
            "alerts.collapse.severity: 'no' should be 'off', 'info', 'warning' or 'critical'",
        ),
        (
            "[alerts.collapse]\nthreshold = -1.0",
            "alerts.collapse.threshold: -1.0 should be greater than or equal to 0",
        ),
        (
            "[alerts]\nwebhook = 'ftp://host'",
            "alerts.webhook: 'ftp://host' is no address; give http://HOST, https://HOST or $VARIABLE",
        ),
        ("[alerts]\ncommand = 'ls'", "alerts.command: 'ls' should be a list"),
        (
            "[alerts]\ncommand = ['', 'a']",
            "alerts.command: names no program; give a list such as ['notify-send', 'goldzone']",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        config_from_toml(text, "rules.toml")
    assert str(error.value) == f"rules.toml: {message}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://host", True),
        ("https://user@host:8443/path?query=1", True),
        ("http://[::1]:80/", True),
        ("http://host:99999/", False),
        ("http://", False),
        ("https:host", False),
        ("file:///etc/hosts", False),
        ("http://ho st/", False),
        ("http://host/\r\nX: y", False),
        ("http://hôst/", False),
        ("$HOOK", False),
        ("", False),
    ],
)
def test_only_complete_web_addresses_are_taken(text: str, expected: bool) -> None:
    assert is_web_address(text) is expected
