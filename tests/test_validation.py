from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, model_validator

from goldzone.errors import ConfigError, StateError
from goldzone.validation import Checked, check, nearest, parse_toml


class Inner(Checked):
    width: int = 1
    names: tuple[str, ...] = ()


class Outer(Checked):
    height: Annotated[int, Field(ge=0)]
    inner: Inner = Inner()
    items: Annotated[tuple[Inner, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _flat(self) -> Outer:
        if self.height > self.inner.width:
            raise ValueError(f"height: {self.height} is above the width {self.inner.width}; lower it")
        return self


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "height is missing; give it"),
        ({"height": "1"}, "height: '1' should be a valid integer"),
        ({"height": True}, "height: True should be a valid integer"),
        (
            {"height": -1, "inner": 3},
            "height: -1 should be greater than or equal to 0 (and 1 more to correct)",
        ),
        ({"height": 2}, "height: 2 is above the width 1; lower it"),
        ({"height": 0, "hieght": 0}, "'hieght' is no field; did you mean height?"),
        ({"height": 0, "width": 0}, "'width' is no field; did you mean inner.width?"),
        ({"height": 0, "depth": 0}, "'depth' is no field; the fields are height, inner, items"),
        (
            {"height": 0, "inner": {"depth": 0}},
            "'inner.depth' is no field; the fields of inner are width, names",
        ),
        (
            {"height": 0, "items": [{}, {"widht": 0}]},
            "'items[1].widht' is no field; did you mean items[1].width?",
        ),
        ({"height": 0, "items": [{}, {"width": "x" * 99}]}, f"items[1].width: '{'x' * 56}... should be"),
        ({"height": 0, "inner": []}, "inner: [] should be a table of fields"),
        (3, "3 should be a table of fields"),
    ],
)
def test_a_problem_is_one_line_with_its_field(fields: Any, line: str) -> None:
    with pytest.raises(StateError) as error:
        check(Outer, fields, "x.json", error=StateError)
    assert str(error.value).startswith(f"x.json: {line}")
    assert "\n" not in str(error.value)


def test_what_is_right_becomes_the_model() -> None:
    assert check(Outer, {"height": 0, "items": [{"width": 2}]}, "x") == Outer(
        height=0, items=(Inner(width=2),)
    )


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("cieling", "ceiling"),
        ("time_limit", "time_limit_seconds"),
        ("neuron", "neurons"),
        ("epochs", None),  # of the same length as attempts, and with some of its letters
        ("rate", None),
        ("", None),
    ],
)
def test_only_what_is_near_is_suggested(wrong: str, meant: str | None) -> None:
    known = ["attempts", "ceiling", "neurons", "patience", "temperature", "time_limit_seconds", "step_back"]
    assert nearest(wrong, known) == meant


def test_toml_is_text_or_bytes_with_or_without_a_byte_order_mark() -> None:
    assert parse_toml("a = 'é'", "x") == parse_toml("a = 'é'".encode(), "x") == {"a": "é"}
    assert parse_toml(b"\xef\xbb\xbfa = 1", "x") == {"a": 1}
    with pytest.raises(ConfigError, match=r"^x: is not UTF-8 at byte 2; save it as UTF-8$"):
        parse_toml(b"# \xff", "x")
    with pytest.raises(ConfigError, match=r"^x: is not TOML \("):
        parse_toml("a", "x")
