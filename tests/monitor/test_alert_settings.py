from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.monitor.alert_settings import (
    AlertRule,
    AlertSettings,
    RunConfig,
    is_web_address,
    run_config_from_toml,
)
from goldzone.training.config import TrainingConfig

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
        webhook=st.sampled_from([None, "https://example.org/a?b=c", "$HOOK"]),
        command=st.lists(words, max_size=3).map(tuple),
    )
)
def test_what_is_written_is_read(settings: AlertSettings) -> None:
    training = TrainingConfig(seed=5)
    text = f"{training.to_toml()}\n{settings.to_toml('alerts')}"
    assert run_config_from_toml(text, "config") == RunConfig(training, settings)


def test_fields_of_earlier_versions_are_read_where_they_say_what_holds_now() -> None:
    earlier = "[alerts]\nstep = 1.1\npass_seconds = 10.0\nhysteresis = 0.1\nupdate = 0.2\ntell = 'critical'"
    assert run_config_from_toml(earlier, "test").alerts == AlertSettings(tell="critical")


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_takes_from_its_default_what_its_table_leaves_out(rule: str) -> None:
    default: AlertRule = getattr(AlertSettings(), rule)
    given = run_config_from_toml(f'[alerts.{rule}]\nseverity = "critical"', "test").alerts
    assert getattr(given, rule) == default.model_copy(update={"severity": "critical"})
    assert given.model_copy(update={rule: default}) == AlertSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[alert]", "'alert' is no field; did you mean alerts?"),
        ("[capacity]\nwebhook = ''", "'capacity.webhook' is no field; did you mean alerts.webhook?"),
        ("[alerts]\nhysteresis = 0.2", "alerts.hysteresis: is gone, 0.1 always holds; leave it out"),
        ("[alerts.colapse]", "'alerts.colapse' is no field; did you mean alerts.collapse?"),
        (
            "[alerts.collapse]\ntreshold = 1",
            "'alerts.collapse.treshold' is no field; did you mean alerts.collapse.threshold?",
        ),
        ("[alerts]\ncollapse = 3", "alerts.collapse: 3 should be a table of fields"),
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
            "alerts.webhook: is no address; give http://HOST, https://HOST or $VARIABLE, "
            "with no user or password before the host",
        ),
        ("[alerts]\ncommand = 'ls'", "alerts.command: 'ls' should be a list"),
        (
            "[alerts]\ncommand = ['', 'a']",
            "alerts.command: names no program; give a list such as ['notify-send', 'goldzone']",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_field(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        run_config_from_toml(text, "rules.toml")
    assert str(error.value) == f"rules.toml: {message}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://host", True),
        ("https://host:8443/path?query=1", True),
        ("https://user@host:8443/path?query=1", False),
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


@pytest.mark.parametrize("value", ["'https://user:secret@host/hook'", "['https://user@host/secret']"])
def test_an_address_with_a_password_is_refused_and_no_address_is_printed_whole(value: str) -> None:
    with pytest.raises(ConfigError, match=r"alerts\.webhook") as caught:
        run_config_from_toml(f"[alerts]\nwebhook = {value}", "file")
    assert "secret" not in str(caught.value)
    assert "user@" not in str(caught.value)
    assert "user:" not in str(caught.value)


def test_what_is_shown_of_an_address_ends_after_the_host() -> None:
    for address, shown in (
        ("https://hooks.example.org/services/T0/secret?key=1", "https://hooks.example.org/..."),
        ("$HOOK", "$HOOK"),
        (None, None),
    ):
        assert AlertSettings(webhook=address).shown().webhook == shown
