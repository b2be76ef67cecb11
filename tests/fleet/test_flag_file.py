from __future__ import annotations

import hashlib
import math
import textwrap
import unicodedata
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goldzone.errors import ConfigError
from goldzone.fleet.flag_file import FLAGS, Decision, FlagFile, load_flags, share_of
from goldzone.training.config import TrainingConfig

NAMES = [f"language-{number}" for number in range(1000)]
groups = st.text(min_size=1, max_size=20)
percents = st.floats(0, 100)


def flag_file(toml: str, folder: Path) -> FlagFile:
    path = folder / "flags.toml"
    path.write_text(toml, encoding="utf-8")
    return load_flags(path)


@pytest.fixture
def flags(tmp_path: Path) -> Any:
    return lambda toml: flag_file(toml, tmp_path)


def test_every_flag_is_a_field_of_the_configuration_with_two_values_or_more() -> None:
    for section, field in FLAGS.values():
        settings = getattr(TrainingConfig(), section)
        assert getattr(settings, field) is not None
        annotation = type(settings).model_fields[field].annotation
        assert annotation is bool or len(get_args(annotation)) >= 2


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_takes_exactly_the_values_of_its_field(flag: str, flags: Any) -> None:
    section, field = FLAGS[flag]
    annotation = type(getattr(TrainingConfig(), section)).model_fields[field].annotation
    for value in (True, False) if annotation is bool else get_args(annotation):
        text = str(value).lower() if annotation is bool else f'"{value}"'
        assert flags(f"{flag} = {text}").decide(flag, "slovak").value == value
    for wrong in ('"frobnicate"', "1", "0.5", "[]"):
        with pytest.raises(ConfigError, match=rf"flags.toml: {flag}\.default: .* should be"):
            flags(f"{flag} = {wrong}")


RULES = """
[direction]
default = "forward"
[[direction.rules]]
languages = ["slovak", "english/american"]
value = "backward"
[[direction.rules]]
min_words = 100
max_words = 200
value = "backward"
[[direction.rules]]
max_words = 10
value = "forward"
[[direction.rules]]
percent = 50
value = "backward"
[[controller.rules]]
languages = ["slovak", "hebrew"]
percent = 60
value = "law"
"""
# direction: slovak at 77.44, hebrew at 41.77; controller: slovak at 55.95, hebrew at 91.78


@pytest.mark.parametrize(
    ("flag", "language", "words", "expected"),
    [
        ("direction", "slovak", 5, Decision("backward", "TARGETING_MATCH", "rule 1: names slovak")),
        (
            "direction",
            "english/american",
            None,
            Decision("backward", "TARGETING_MATCH", "rule 1: names english/american"),
        ),
        ("direction", "hebrew", 100, Decision("backward", "TARGETING_MATCH", "rule 2: 100 words")),
        ("direction", "hebrew", 200, Decision("backward", "TARGETING_MATCH", "rule 2: 200 words")),
        ("direction", "hebrew", 10, Decision("forward", "TARGETING_MATCH", "rule 3: 10 words")),
        ("direction", "hebrew", 99, Decision("backward", "SPLIT", "rule 4: at 41.77 of 100, below 50")),
        ("direction", "hebrew", 201, Decision("backward", "SPLIT", "rule 4: at 41.77 of 100, below 50")),
        (
            "direction",
            "Slovak",
            11,
            Decision("forward", "DEFAULT", "no rule fits; rule 4: at 58.40 of 100, not below 50"),
        ),
        (
            "controller",
            "slovak",
            None,
            Decision("law", "SPLIT", "rule 1: names slovak, at 55.95 of 100, below 60"),
        ),
        (
            "controller",
            "hebrew",
            None,
            Decision(
                None,
                "DEFAULT",
                "no rule fits, and there is no default; rule 1: at 91.78 of 100, not below 60",
            ),
        ),
        ("controller", "polish", None, Decision(None, "DEFAULT", "no rule fits, and there is no default")),
        ("credit", "slovak", None, Decision(None, "DEFAULT", "the file leaves it to the configuration")),
    ],
)
def test_the_first_rule_that_fits_decides(
    flag: str, language: str, words: int | None, expected: Decision, flags: Any
) -> None:
    assert flags(RULES).decide(flag, language, words=words) == expected


def test_a_flag_without_rules_is_static(flags: Any) -> None:
    static = Decision("forward", "STATIC", "the same for all languages")
    for toml in ('direction = "forward"', '[direction]\ndefault = "forward"'):
        assert flags(toml).decide("direction", "slovak") == static


def test_a_rule_for_many_words_cannot_be_decided_without_them(flags: Any) -> None:
    known = flags(RULES)
    with pytest.raises(ConfigError, match="direction: rule 2: asks for the number of words of hebrew; give"):
        known.decide("direction", "hebrew")
    assert known.asks_for_words
    assert not flags("sum_cache = false").asks_for_words


def test_the_languages_that_rules_name_are_listed_once(flags: Any) -> None:
    assert flags(RULES).languages == ("english/american", "hebrew", "slovak")


def test_the_way_accents_are_stored_makes_no_other_language(flags: Any) -> None:
    composed, apart = (unicodedata.normalize(form, "français") for form in ("NFC", "NFD"))
    assert composed != apart
    toml = '[[credit.rules]]\nlanguages = ["{}"]\nvalue = "hard"'
    assert flags(toml.format(composed)).decide("credit", apart).value == "hard"
    assert flags(toml.format(apart)).decide("credit", composed).value == "hard"
    assert share_of(composed, "x") == share_of(apart, "x")


# Rollouts


def rolled_out(percent: float, group: str) -> set[str]:
    return {name for name in NAMES if share_of(name, group) < percent / 100}


def test_places_never_change() -> None:
    assert share_of("slovak", "direction") == 0.77444676749788
    assert share_of("hebrew", "direction") == 0.4176678046506608


def test_places_are_53_bits_of_a_hash_of_group_and_name() -> None:
    digest = hashlib.sha256(b"goldzone flags 1\0direction\0slovak").digest()
    assert share_of("slovak", "direction") == (int.from_bytes(digest[:8], "big") >> 11) / 2**53


@given(groups, percents, percents)
def test_a_higher_percentage_only_adds_languages(group: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert rolled_out(low, group) <= rolled_out(high, group)


@given(groups)
def test_nothing_and_everything(group: str) -> None:
    assert rolled_out(0, group) == set()
    assert rolled_out(100, group) == set(NAMES)


def within(count: int, share: float) -> bool:
    """Tell whether a count of the names is within six standard deviations of its expectation."""
    spread = math.sqrt(len(NAMES) * share * (1 - share))
    return abs(count - len(NAMES) * share) <= 6 * spread + 1


@given(groups, percents)
def test_the_share_is_about_the_percentage(group: str, percent: float) -> None:
    assert within(len(rolled_out(percent, group)), percent / 100)


@given(groups, groups, percents, percents)
def test_two_groups_choose_independently(one: str, other: str, first: float, second: float) -> None:
    assume(one != other)
    both = rolled_out(first, one) & rolled_out(second, other)
    assert within(len(both), first * second / 10_000)


@given(st.sampled_from(NAMES), percents, percents)
def test_a_file_rolls_out_by_flag_or_by_group(
    tmp_path_factory: pytest.TempPathFactory, name: str, percent: float, second: float
) -> None:
    toml = f"""
        [[direction.rules]]
        percent = {percent}
        value = "forward"
        [[direction.rules]]
        percent = {second}
        value = "backward"
        [[credit.rules]]
        percent = {percent}
        group = "direction"
        value = "hard"
    """
    known = flag_file(toml, tmp_path_factory.mktemp("flags"))
    share = share_of(name, "direction")
    direction = known.decide("direction", name).value
    assert direction == ("forward" if share < percent / 100 else "backward" if share < second / 100 else None)
    assert (known.decide("credit", name).value == "hard") == (direction == "forward")


@pytest.mark.parametrize(("percent", "value"), [(41.766, None), (41.767, "hard"), (0, None), (100, "hard")])
def test_a_rule_takes_the_languages_below_its_percentage(
    percent: float, value: str | None, flags: Any
) -> None:
    toml = f"[[credit.rules]]\npercent = {percent}\ngroup = 'direction'\nvalue = 'hard'"
    assert flags(toml).decide("credit", "hebrew").value == value  # at 41.7668


# Reading


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[[", "is not TOML (Invalid initial character"),
        ("directions = 'forward'", "'directions' is no field; did you mean direction?"),
        ("x = 1", "'x' is no field; the fields are direction, sum_cache, selection, controller, credit"),
        ("direction = 'forwards'", "direction.default: 'forwards' should be 'backward' or 'forward'"),
        ("sum_cache = 'off'", "sum_cache.default: 'off' should be true or false"),
        (
            "[direction]",
            "direction.default: is missing, and there are no rules; give one, or remove the flag",
        ),
        (
            "[direction]\ndefaults = 'forward'",
            "'direction.defaults' is no field; did you mean direction.default?",
        ),
        ("[direction]\nrules = 3", "direction.rules: 3 should be a list"),
        ("[direction]\nrules = [3]", "direction.rules[0]: 3 should be a table of fields"),
        (
            "[[credit.rules]]\nvalue = 'rank'",
            "credit.rules[0].value: has no condition; give languages, min_words, max_words, percent, "
            "or make it the default",
        ),
        ("[[credit.rules]]\npercent = 5", "credit.rules[0].value is missing; give it"),
        (
            "[[credit.rules]]\nvalue = 'rank'\npercent = 5\n[[credit.rules]]\nvalue = 'rank'\npercnt = 5",
            "'credit.rules[1].percnt' is no field; did you mean credit.rules[1].percent?",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\npercent = 101",
            "credit.rules[0].percent: 101 should be less than or equal to 100",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\npercent = -1",
            "credit.rules[0].percent: -1 should be greater than or equal to 0",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\npercent = nan",
            "credit.rules[0].percent: nan should be a finite number",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\npercent = true",
            "credit.rules[0].percent: True should be a valid number",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\nlanguages = []",
            "credit.rules[0].languages: [] has too few items",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\nlanguages = 'slovak'",
            "credit.rules[0].languages: 'slovak' should be a list",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\nlanguages = ['slovak', 3]",
            "credit.rules[0].languages[1]: 3 should be a valid string",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\nmin_words = 2.5",
            "credit.rules[0].min_words: 2.5 should be a valid integer",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\nmin_words = 3\nmax_words = 2",
            "credit.rules[0].min_words: 3 is above max_words 2; lower it",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\nlanguages = ['slovak']\ngroup = 'a'",
            "credit.rules[0].group: goes with a percentage; give percent, or leave group out",
        ),
        (
            "[[credit.rules]]\nvalue = 'rank'\npercent = 5\ngroup = ''",
            "credit.rules[0].group: '' is empty",
        ),
        (
            "x = 1\ncredit = 2\n[direction]",
            "direction.default: is missing, and there are no rules; give one, or remove the flag "
            "(and 2 more to correct)",
        ),
    ],
)
def test_a_wrong_file_is_one_line_that_names_file_and_flag(toml: str, problem: str, flags: Any) -> None:
    with pytest.raises(ConfigError) as error:
        flags(toml)
    name, _, said = str(error.value).partition("flags.toml: ")
    assert said.startswith(problem) if problem.startswith("is not TOML") else said == problem
    assert name
    assert "\n" not in said


def test_the_example_of_the_documentation_is_a_flags_file(flags: Any) -> None:
    text = (Path(__file__).parents[2] / "docs" / "flags.md").read_text(encoding="utf-8")
    example = text.partition("stays as configured.\n\n")[2].partition("\nA rule has")[0]
    known = flags(textwrap.dedent(example))
    assert set(known.flags) == {"sum_cache", "direction", "selection"}
    for name in NAMES[:100]:
        assert known.decide("direction", name, words=999).value == "forward"
        backward = known.decide("direction", name, words=1000).value == "backward"
        assert (known.decide("selection", name, words=1000).value == "gold_zone") == backward
    table = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| `")]
    assert table[: len(FLAGS)] == [f"`{flag}`" for flag in FLAGS]


def test_a_long_wrong_value_is_cut_short(flags: Any) -> None:
    with pytest.raises(ConfigError, match=r"default: 'x{56}\.\.\. should be"):
        flags(f"credit = '{'x' * 500}'")


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: cannot be read"):
        load_flags(tmp_path / "gone.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(ConfigError, match=r"latin\.toml: is not UTF-8 at byte 2; save it as UTF-8"):
        load_flags(tmp_path / "latin.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ConfigError, match=r"large\.toml: larger than 1048576 bytes"):
        load_flags(tmp_path / "large.toml")


def test_an_empty_file_and_one_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "flags.toml"
    path.write_bytes(b"")
    assert load_flags(path) == FlagFile(str(path), hashlib.sha256(b"").hexdigest(), {})
    path.write_bytes(b"\xef\xbb\xbfsum_cache = false")
    assert load_flags(path).decide("sum_cache", "slovak").value is False
