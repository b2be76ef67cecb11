"""Events to write and read: one of a neuron, one with dictionaries, and a strategy for all kinds."""

from __future__ import annotations

from typing import Any, get_type_hints

from hypothesis import strategies as st

from goldzone.training.runs.events import EVENTS, Event, FlagsResolved, NeuronTrained

TRAINED = NeuronTrained(
    sweep=1,
    layer=1,
    position=447,
    order=0,
    total=448,
    premodulo=65536,
    target=9,
    sum=-30,
    samples=100,
    agreement=0.1,
    regime="gold_zone",
    reason="why é\n",
    partner=446,
    seconds=0.5,
    changed=12,
    time=2.5,
)
FLAGS = FlagsResolved(
    language="slovak",
    source="flags.toml",
    digest=None,
    values={"credit": "rank"},
    variants={},
    reasons={"credit": "DEFAULT"},
    why={"credit": "no rule fits"},
)

_floats = st.floats(allow_nan=False, allow_infinity=False)
_KINDS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(10**20), 10**20),
    float: _floats,
    float | None: st.none() | _floats,
    int | None: st.none() | st.integers(),
    str: st.text(),
    str | None: st.none() | st.text(),
    bool: st.booleans(),
    tuple[int, ...]: st.lists(st.integers(1, 999)).map(tuple),
    dict[str, str]: st.dictionaries(st.text(), st.text()),
    dict[str, float]: st.dictionaries(st.text(), _floats),
}


def _events_of(event_class: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(event_class)
    kinds = {name: _KINDS[hints[name]] for name in event_class.__struct_fields__ if name != "sequence"}
    return st.builds(event_class, **kinds)


events = st.sampled_from(sorted(EVENTS)).flatmap(lambda name: _events_of(EVENTS[name]))
