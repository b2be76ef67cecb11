from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider
from openfeature.provider.no_op_provider import NoOpProvider

from goldzone.data.builtin import load_builtin
from goldzone.errors import ConfigError
from goldzone.fleet.flag_file import FLAGS, load_flags
from goldzone.fleet.flags import FlagFileProvider, flag_client, resolve_flags
from goldzone.g2p.task import PhonemizerTask
from goldzone.training.config import TrainingConfig
from goldzone.training.runner import resume_run, start_run
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import Event, FlagsResolved, RunStarted
from goldzone.training.runs.run_folder import RunFolder, RunSource
from goldzone.training.task import RunContext

ROLLED_BACK = """
direction = "forward"
sum_cache = false
credit = "margin"
[[selection.rules]]
languages = ["slovak"]
value = "gold_zone"
[[controller.rules]]
percent = 60
value = "law"
"""  # controller: slovak at 55.95, hebrew at 91.78


@pytest.fixture(autouse=True)
def providers_cleared() -> Iterator[None]:
    yield
    api.shutdown()


def write(folder: Path, toml: str) -> Path:
    path = folder / "flags.toml"
    path.write_text(toml, encoding="utf-8")
    return path


def client_of(folder: Path, toml: str) -> OpenFeatureClient:
    return flag_client(load_flags(write(folder, toml)))


def slovak(**attributes: int) -> EvaluationContext:
    return EvaluationContext("slovak", attributes)


# The provider, seen through a client


@pytest.mark.parametrize(
    ("language", "flag", "value", "variant", "reason", "why"),
    [
        ("slovak", "direction", "forward", "forward", Reason.STATIC, "the same for all languages"),
        ("slovak", "selection", "gold_zone", "gold_zone", Reason.TARGETING_MATCH, "rule 1: names slovak"),
        ("slovak", "controller", "law", "law", Reason.SPLIT, "rule 1: at 55.95 of 100, below 60"),
        ("hebrew", "selection", "asked", None, Reason.DEFAULT, "no rule fits, and there is no default"),
        (
            "hebrew",
            "controller",
            "asked",
            None,
            Reason.DEFAULT,
            "no rule fits, and there is no default; rule 1: at 91.78 of 100, not below 60",
        ),
    ],
)
def test_a_client_gets_value_variant_reason_and_why(
    tmp_path: Path, language: str, flag: str, value: str, variant: str | None, reason: Reason, why: str
) -> None:
    client = client_of(tmp_path, ROLLED_BACK)
    details = client.get_string_details(flag, "asked", EvaluationContext(language))
    assert (details.value, details.variant, details.reason) == (value, variant, reason)
    assert details.error_code is None
    assert details.flag_metadata["why"] == why
    assert details.flag_metadata["file"] == str(tmp_path / "flags.toml")
    assert details.flag_metadata["sha256"] == load_flags(tmp_path / "flags.toml").digest


@pytest.mark.parametrize(("toml", "variant"), [("true", "on"), ("false", "off")])
def test_a_switch_is_on_or_off(tmp_path: Path, toml: str, variant: str) -> None:
    client = client_of(tmp_path, f"sum_cache = {toml}")
    for default in (True, False):
        details = client.get_boolean_details("sum_cache", default, slovak())
        assert details.value is (toml == "true")
        assert details.variant == variant


def test_rules_see_the_number_of_words(tmp_path: Path) -> None:
    client = client_of(tmp_path, "[[credit.rules]]\nmin_words = 100\nvalue = 'hard'")
    assert client.get_string_value("credit", "rank", slovak(words=100)) == "hard"
    assert client.get_string_value("credit", "rank", slovak(words=99)) == "rank"


@pytest.mark.parametrize(
    ("kind", "flag", "default", "context", "code", "message"),
    [
        ("string", "directions", "x", slovak(), ErrorCode.FLAG_NOT_FOUND, "'directions' is no flag; the"),
        ("string", "direction", "x", None, ErrorCode.TARGETING_KEY_MISSING, "give the language as"),
        ("boolean", "direction", True, slovak(), ErrorCode.TYPE_MISMATCH, "direction is text"),
        ("string", "sum_cache", "on", slovak(), ErrorCode.TYPE_MISMATCH, "sum_cache is on or off"),
        ("integer", "sum_cache", 1, slovak(), ErrorCode.TYPE_MISMATCH, "sum_cache is on or off"),
        ("float", "direction", 0.5, slovak(), ErrorCode.TYPE_MISMATCH, "direction is text"),
        ("object", "direction", {"a": 1}, slovak(), ErrorCode.TYPE_MISMATCH, "direction is text"),
        ("string", "credit", "rank", slovak(), ErrorCode.INVALID_CONTEXT, "asks for the number of words"),
        ("string", "credit", "rank", slovak(words=True), ErrorCode.INVALID_CONTEXT, "asks for the number"),
    ],
)
def test_what_cannot_be_resolved_is_the_default_with_an_error(
    tmp_path: Path, kind: str, flag: str, default: Any, context: Any, code: ErrorCode, message: str
) -> None:
    client = client_of(tmp_path, "[[credit.rules]]\nmin_words = 100\nvalue = 'hard'")
    details = getattr(client, f"get_{kind}_details")(flag, default, context)
    assert (details.value, details.reason, details.error_code) == (default, Reason.ERROR, code)
    assert message in details.error_message


def test_clients_of_two_files_never_meet_nor_the_application(tmp_path: Path) -> None:
    api.set_provider_and_wait(InMemoryProvider({"credit": InMemoryFlag("a", {"a": "application"})}))
    clients = {
        value: client_of(tmp_path, f"credit = '{value}'")  # the same file, changed each time
        for value in ("hard", "margin", "rank")
    }
    for value, client in clients.items():
        assert client.get_string_value("credit", "none", slovak()) == value
    assert api.get_client().get_string_value("credit", "none", slovak()) == "application"


def test_the_provider_names_its_kind(tmp_path: Path) -> None:
    provider = FlagFileProvider(load_flags(write(tmp_path, "")))
    assert provider.get_metadata().name == "goldzone flags file"


# What flags do to a configuration


CONFIG = TrainingConfig.model_validate(
    {
        "seed": 7,
        "network": {"neurons": 20},
        "pipeline": {"direction": "backward", "sweeps": 3},
        "selection": {"strategy": "random"},
        "capacity": {"controller": "validated", "premodulo": 1024},
        "credit": {"kind": "hard"},
    }
)


def test_flags_win_over_the_configuration_and_touch_nothing_else(tmp_path: Path) -> None:
    flagged, _ = resolve_flags(CONFIG, "slovak", client_of(tmp_path, ROLLED_BACK))
    expected = CONFIG.model_dump()
    expected["pipeline"] |= {"direction": "forward", "sum_cache": False}
    expected["selection"]["strategy"] = "gold_zone"
    expected["capacity"]["controller"] = "law"
    expected["credit"]["kind"] = "margin"
    assert flagged == TrainingConfig.model_validate(expected)
    assert CONFIG.pipeline.direction == "backward"


def test_what_no_flag_decides_stays_as_configured(tmp_path: Path) -> None:
    assert resolve_flags(CONFIG, "slovak", client_of(tmp_path, ""))[0] == CONFIG
    flagged, _ = resolve_flags(CONFIG, "hebrew", client_of(tmp_path, ROLLED_BACK))
    assert flagged.selection.strategy == "random"
    assert flagged.capacity.controller == "validated"


def test_the_event_says_what_was_resolved_and_why(tmp_path: Path) -> None:
    path = write(tmp_path, ROLLED_BACK)
    _, event = resolve_flags(CONFIG, "hebrew", flag_client(load_flags(path)))
    assert event == FlagsResolved(
        language="hebrew",
        source=str(path),
        digest=load_flags(path).digest,
        values={
            "direction": "forward",
            "sum_cache": "false",
            "selection": "random",
            "controller": "validated",
            "credit": "margin",
        },
        variants={"direction": "forward", "sum_cache": "off", "credit": "margin"},
        reasons={
            "direction": "STATIC",
            "sum_cache": "STATIC",
            "selection": "DEFAULT",
            "controller": "DEFAULT",
            "credit": "STATIC",
        },
        why={
            "direction": "the same for all languages",
            "sum_cache": "the same for all languages",
            "selection": "no rule fits, and there is no default",
            "controller": "no rule fits, and there is no default; rule 1: at 91.78 of 100, not below 60",
            "credit": "the same for all languages",
        },
    )


@pytest.mark.parametrize(
    ("toml", "change"),
    [
        ("direction = 'forward'", {"pipeline": {"direction": "forward"}}),
        ("sum_cache = false", {"pipeline": {"sum_cache": False}}),
    ],
    ids=["soft", "medium"],
)
def test_a_rollback_is_one_line(tmp_path: Path, toml: str, change: dict[str, Any]) -> None:
    flagged, _ = resolve_flags(TrainingConfig(), "slovak", client_of(tmp_path, toml))
    assert flagged == TrainingConfig.model_validate(change)


def test_values_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    wide = TrainingConfig.model_validate(
        {"network": {"neurons": 65_535}, "capacity": {"premodulo": 1024, "ceiling": 1 << 24}}
    )
    with pytest.raises(ConfigError, match=r"^flags of slovak: capacity\.ceiling: 65535 neurons may reach"):
        resolve_flags(wide, "slovak", client_of(tmp_path, "controller = 'law'"))


def test_a_flag_that_cannot_be_resolved_stops_the_run(tmp_path: Path) -> None:
    client = client_of(tmp_path, "[[credit.rules]]\nmin_words = 100\nvalue = 'hard'")
    with pytest.raises(ConfigError) as error:
        resolve_flags(CONFIG, "slovak", client)
    assert str(error.value).startswith("slovak: flag credit cannot be resolved (INVALID_CONTEXT): ")
    assert "credit: rule 1: asks for the number of words of slovak" in str(error.value)
    assert resolve_flags(CONFIG, "slovak", client, words=100)[0].credit.kind == "hard"


class _Remembering(InMemoryProvider):
    contexts: list[EvaluationContext | None] = []  # noqa: RUF012 - set anew by the test

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        self.contexts.append(evaluation_context)
        return super().resolve_string_details(flag_key, default_value, evaluation_context)


def test_another_provider_serves_too() -> None:
    provider = _Remembering({"credit": InMemoryFlag("treatment", {"treatment": "margin"})})
    provider.contexts = []
    api.set_provider_and_wait(provider, "another")
    flagged, event = resolve_flags(CONFIG, "slovak", api.get_client("another"), words=3000)
    assert flagged.credit.kind == "margin"
    assert flagged.pipeline == CONFIG.pipeline  # flags that it does not know stay as configured
    assert (event.source, event.digest) == ("In-Memory Provider", None)
    assert event.variants == {"credit": "treatment"}
    assert event.reasons["credit"] == "STATIC"
    assert event.reasons["direction"] == "ERROR"
    assert event.why["direction"] == "Flag 'direction' not found"
    assert set(event.reasons) == set(event.values) == set(FLAGS)
    expected = EvaluationContext("slovak", {"seed": 7, "words": 3000})
    assert provider.contexts == [expected] * 4  # all but the switch, which is no text


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("lawn", r"^flags of slovak: capacity\.controller: 'lawn' should be 'constant', .*"),
        (3, r"^slovak: flag controller cannot be resolved \(TYPE_MISMATCH\): "),
    ],
)
def test_what_another_provider_says_is_checked(value: object, problem: str) -> None:
    api.set_provider_and_wait(InMemoryProvider({"controller": InMemoryFlag("a", {"a": value})}), "another")
    with pytest.raises(ConfigError, match=problem):
        resolve_flags(CONFIG, "slovak", api.get_client("another"))


def test_without_any_provider_the_configuration_holds() -> None:
    api.set_provider_and_wait(NoOpProvider(), "nobody")
    flagged, event = resolve_flags(CONFIG, "slovak", api.get_client("nobody"))
    assert flagged == CONFIG
    assert set(event.reasons.values()) == {"DEFAULT"}


# A run


class Stopped(Exception):  # noqa: N818 - no error: what a killed process leaves behind
    pass


def stop_after(calls: int) -> Any:
    left = [calls]

    def check_interrupt() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Stopped

    return check_interrupt


def events_of(folder: Path) -> list[Event]:
    return [event for _, event in read_events(RunFolder.open(folder).events_path)]


QUICK = {"network": {"neurons": 8}, "pipeline": {"sweeps": 2}, "capacity": {"premodulo": 1024}}


# The run pauses at two stages before it trains, and then after each of the 9 neurons.
@pytest.mark.parametrize("pauses", [0, 1, 3, 9])
def test_a_run_tells_its_flags_once_however_often_it_is_stopped(tmp_path: Path, pauses: int) -> None:
    path = write(tmp_path, "credit = 'margin'")
    config, event = resolve_flags(
        TrainingConfig.model_validate(QUICK), "slovak", flag_client(load_flags(path))
    )
    task = PhonemizerTask.of(load_builtin("slovak"), config, limit=150)
    source = RunSource(name="slovak", limit=150)
    folder = tmp_path / "run"
    context = RunContext(check_interrupt=stop_after(pauses))
    with pytest.raises(Stopped):
        start_run(task, folder, context, source=source, initial_events=(event,))
    # Nothing of what is done to the file now reaches the run.
    path.write_text("credit = 'hard'\ndirection = 'forward'", encoding="utf-8")
    with pytest.raises(Stopped):
        resume_run(task, folder, RunContext(check_interrupt=stop_after(pauses)))
    path.unlink()
    resume_run(task, folder, RunContext())
    told = events_of(folder)
    assert [each for each in told if isinstance(each, FlagsResolved)] == told[:1]
    assert isinstance(told[0], FlagsResolved)
    assert told[0].values == event.values
    (started,) = (each for each in told if isinstance(each, RunStarted))
    assert (started.config_digest, started.direction) == (config.digest(), "backward")
    assert RunFolder.open(folder).config.credit.kind == "margin"


# Installed or not


def test_without_the_sdk_one_line_says_what_to_install(tmp_path: Path) -> None:
    path = write(tmp_path, "sum_cache = false")
    for command in (["flags", str(path)], ["train", "slovak", "--flags", str(path)]):
        finished = subprocess.run(
            [
                *(sys.executable, "-c"),
                "import sys; sys.modules['openfeature'] = None\n"
                "from goldzone.cli import main\n"
                f"sys.argv = ['goldzone', *{command!r}]\n"
                "main()",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=tmp_path,
        )
        assert (finished.returncode, finished.stdout) == (2, "")
        assert finished.stderr == (
            "error: flags need openfeature-sdk; install it with: pip install 'goldzone[flags]'\n"
        )
        assert not (tmp_path / "runs").exists()
