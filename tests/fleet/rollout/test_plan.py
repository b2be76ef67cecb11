from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.fleet.rollout.plan import TEMPLATE, Staging, Step, in_order, read_plan, taken

NAMES = st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(1, 10**6), min_size=1)


def test_the_shipped_plan_is_one(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(TEMPLATE, encoding="utf-8")
    plan = read_plan(tmp_path / "plan.toml")
    assert [step.set_weight for step in plan.steps if step.set_weight] == [2, 10, 50, 100]
    assert [step.pause.seconds for step in plan.steps if step.pause] == [None, 86400]
    assert plan.steps[-1].analysis is not None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[[steps]]\n", "a step is one of set_weight, pause and analysis, not 0"),
        ("[[steps]]\nset_weight = 5\npause = {}\n", "not 2"),
        ("[[steps]]\nset_weight = 500\n", "set_weight"),
        ("[[steps]]\nset_wieght = 5\n", "did you mean"),
        ("", "steps"),
    ],
)
def test_what_is_no_plan_is_one_line(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "plan.toml"
    head = 'name = "x"\nregistry = "m"\nstable = "beam.width:4"\ncanary = "beam.width:8"\n'
    path.write_text(head + line, encoding="utf-8")
    with pytest.raises(ConfigError, match=problem) as error:
        read_plan(path)
    assert "\n" not in str(error.value)


@given(NAMES, st.integers(1, 5), st.floats(1, 100))
def test_every_language_has_one_place_and_a_higher_weight_takes_more(
    rows: dict[str, int], count: int, weight: float
) -> None:
    staging = Staging(count=count)
    order = in_order(rows, staging)
    assert sorted(order) == sorted(rows)
    assert in_order(dict(reversed(rows.items())), staging) == order
    some, all_ = taken(order, weight, staging), taken(order, 100, staging)
    assert list(all_) == order
    assert list(order[: len(some)]) == list(some)
    assert len(some) >= min(count, len(order))


def test_staging_is_the_smallest_a_middle_and_the_largest_or_named() -> None:
    rows = {"a": 5, "b": 1, "c": 9, "d": 7, "e": 3}
    assert in_order(rows, Staging())[:3] == ["b", "a", "c"]
    assert in_order(rows, Staging(languages=("d",)))[0] == "d"
    with pytest.raises(ConfigError, match="x is none"):
        in_order(rows, Staging(languages=("x",)))


def test_a_step_has_a_title() -> None:
    titles = [Step(set_weight=10.0).title, Step.model_validate({"pause": {"seconds": 5.0}}).title]
    assert titles == ["10 % of the languages", "pause of 5 s"]
