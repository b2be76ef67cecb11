from __future__ import annotations

from goldzone.monitor.alert_summary import Alert, summarise
from goldzone.training.runs.events import AlertClosed, AlertEvent, AlertOpened, AlertUpdated


def event(kind: type[AlertEvent], rule: str, layer: int | None, sweep: int, value: float = 0.0) -> AlertEvent:
    return kind(
        rule=rule,
        layer=layer,
        severity="info",
        sweep=sweep,
        value=value,
        threshold=1.0,
        message=f"{rule} {value}",
    )


def test_each_alert_is_gathered_from_its_opening_to_its_end() -> None:
    found = summarise(
        [
            event(AlertOpened, "a", None, 1, 2.0),
            event(AlertOpened, "b", 1, 2, 3.0),
            event(AlertOpened, "b", 2, 2, 4.0),
            event(AlertUpdated, "b", 1, 3, 5.0),
            event(AlertClosed, "b", 1, 4, 0.5),
            event(AlertUpdated, "b", 2, 5, 6.0),
            event(AlertOpened, "b", 1, 6, 7.0),
        ]
    )
    # Value and message are the last ones told while it was open.
    assert found == (
        Alert("a", None, "info", 1, None, 0, 2.0, 1.0, "a 2.0"),
        Alert("b", 1, "info", 2, 4, 1, 5.0, 1.0, "b 5.0"),
        Alert("b", 2, "info", 2, None, 1, 6.0, 1.0, "b 6.0"),
        Alert("b", 1, "info", 6, None, 0, 7.0, 1.0, "b 7.0"),
    )


def test_what_belongs_to_no_open_alert_is_passed_over() -> None:
    assert summarise([event(AlertClosed, "a", None, 1), event(AlertUpdated, "a", None, 2)]) == ()
