from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from goldzone.data.languages import LanguageFolder
from goldzone.errors import ConfigError, DataError, GoldzoneError, ModelFormatError, StateError
from goldzone.fleet.flag_file import load_flags
from goldzone.fleet.jobs import LanguageJob, LanguageResult, Progressed, Report
from goldzone.fleet.language_run import train_language
from goldzone.fleet.plan import plan_jobs
from goldzone.g2p.model import read_model
from goldzone.monitor.alert_listener import AlertListener
from goldzone.monitor.alert_settings import AlertSettings, RunConfig, load_run_config
from goldzone.training.runs.event_log import read_events
from goldzone.training.runs.events import FlagsResolved, RunResumed
from goldzone.training.runs.run_folder import RunFolder
from tests.fleet.small_dataset import CONFIG, add_language


class Stop(BaseException):
    pass


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    add_language(tmp_path / "data", "group/toy")
    return tmp_path / "data"


@pytest.fixture
def job(dataset: Path, tmp_path: Path) -> LanguageJob:
    return plan_jobs(dataset, tmp_path / "runs", CONFIG)[0]


def at_call(number: int) -> Callable[[], None]:
    """Make a `check_interrupt` that stops at its nth call."""
    calls = iter(range(1, 1000))

    def check_interrupt() -> None:
        if next(calls) == number:
            raise Stop

    return check_interrupt


def train(job: LanguageJob, check_interrupt: Callable[[], None] = lambda: None) -> LanguageResult:
    return train_language(job, post=lambda report: None, check_interrupt=check_interrupt)


def interrupt(job: LanguageJob) -> None:
    with pytest.raises(Stop):
        train(job, at_call(3))


def irregular(lexicon: Path) -> None:
    """Let about half of the words end in a sound that cannot be known."""
    rows = [row.split("\t") for row in lexicon.read_text().splitlines()]
    spoken = [ipa[:2] + "sz"[sha256(word.encode()).digest()[0] % 2] for word, ipa in rows]
    lexicon.write_text("".join(f"{word}\t{ipa}\n" for (word, _), ipa in zip(rows, spoken, strict=True)))


def result_file(job: LanguageJob) -> Path:
    return Path(job.run) / "state" / "result.json"


def events_of(job: LanguageJob) -> list[object]:
    return [event for _, event in read_events(RunFolder.open(job.run).events_path)]


def test_a_new_language_is_trained_and_tested(job: LanguageJob) -> None:
    irregular(Path(job.folder) / "lexicon.tsv")
    posted: list[Report] = []
    watched: list[LanguageJob] = []

    def alerts(job: LanguageJob) -> AlertListener:
        watched.append(job)
        return AlertListener(AlertSettings(), job.name)

    job = replace(job, alerts=AlertSettings(tell="critical").to_toml("alerts"))
    found = train_language(job, post=posted.append, check_interrupt=lambda: None, alerts=alerts)
    assert watched == [job]
    assert load_run_config(Path(job.run) / "config.toml") == RunConfig(CONFIG, AlertSettings(tell="critical"))
    assert (found.name, found.status, found.words, found.run) == ("group/toy", "trained", 80, job.run)
    assert found.train_words + found.dev_words + found.test_words == 80
    assert found.test_words > 0
    assert found.test_word_accuracy is not None
    assert found.test_interval is not None
    low, high = found.test_interval
    assert 0 <= low < found.test_word_accuracy < high <= 1
    assert found.digest == read_model(Path(job.run) / "model" / "model.goldzone")[1]
    assert {report.stage for report in posted if isinstance(report, Progressed)} == {
        *("aligning letters and sounds", "building samples", "", "testing on unseen words")
    }
    source = RunFolder.open(job.run).source
    assert source is not None  # `goldzone resume` finds the words
    assert (source.name, source.dataset, source.limit) == ("group/toy", job.dataset, None)


def test_a_finished_language_is_kept_without_reading_its_words(
    job: LanguageJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(job)

    def refuse(*given: object, **options: object) -> None:
        raise AssertionError

    monkeypatch.setattr(LanguageFolder, "read", refuse)
    assert train(job) == replace(first, status="kept")


def test_a_run_of_another_version_is_not_kept(job: LanguageJob, monkeypatch: pytest.MonkeyPatch) -> None:
    train(job)
    result_file(job).unlink()
    monkeypatch.setattr("goldzone.g2p.task._STATE_FORMAT", "goldzone-state-next")
    with pytest.raises(StateError, match=r"another version of goldzone; .*--force"):
        train(job)
    assert train(replace(job, force=True)).status == "trained"


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"format": 1, "result": {"name": 1}}'])
def test_a_lost_or_damaged_result_is_made_again_from_the_model(job: LanguageJob, content: str | None) -> None:
    first = train(job)
    result_file(job).unlink()
    if content is not None:
        result_file(job).write_text(content)
    log = (Path(job.run) / "events.jsonl").read_bytes()
    assert train(job) == replace(first, status="kept", peak_memory=None)
    assert (Path(job.run) / "events.jsonl").read_bytes() == log
    assert json.loads(result_file(job).read_text())["result"]["digest"] == first.digest


def test_a_result_of_another_version_is_measured_again(
    job: LanguageJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(job)
    path = result_file(job)
    path.write_text(path.read_text().replace(f'"words": {first.words}', '"words": 7'))
    assert train(job).words == 7  # of the same version: kept as it is
    monkeypatch.setattr("goldzone.fleet.language_run.__version__", "0.0.9")
    assert train(job).words == first.words


def test_an_interrupted_language_is_resumed_to_the_same_model(job: LanguageJob, tmp_path: Path) -> None:
    whole = train(replace(job, run=str(tmp_path / "whole")))
    interrupt(job)
    resumed = train(job)
    assert (resumed.status, resumed.digest) == ("resumed", whole.digest)
    assert resumed.test_word_accuracy == whole.test_word_accuracy
    assert any(isinstance(event, RunResumed) for event in events_of(job))
    assert train(job).status == "kept"


def test_force_begins_anew(job: LanguageJob) -> None:
    interrupt(job)
    forced = train(replace(job, force=True))
    assert forced.status == "trained"
    assert not any(isinstance(event, RunResumed) for event in events_of(job))
    assert train(replace(job, force=True)).status == "trained"


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("change", ["configuration", "limit", "words", "settings"])
def test_a_run_of_other_inputs_is_left_alone_in_one_line(
    job: LanguageJob, change: str, *, finished: bool
) -> None:
    if finished:
        train(job)
    else:
        interrupt(job)
    before = (Path(job.run) / "events.jsonl").read_bytes()
    if change == "configuration":
        job = replace(job, config=CONFIG.model_copy(update={"seed": 5}).to_toml())
    elif change == "limit":
        job = replace(job, limit=12)
    elif change == "words":
        lexicon = Path(job.folder) / "lexicon.tsv"
        lexicon.write_text(lexicon.read_text().replace("\tb", "\tp"))
    else:
        (Path(job.folder) / "language.json").write_text('{"PrePhonWordSteps": [{"Trim": "x"}]}')
    with pytest.raises(StateError, match=r"another configuration or .*--force") as caught:
        train(job)
    assert "\n" not in str(caught.value)
    assert (Path(job.run) / "events.jsonl").read_bytes() == before
    assert train(replace(job, force=True)).status == "trained"


def test_a_change_that_changes_no_word_is_no_other_input(job: LanguageJob) -> None:
    first = train(job)
    lexicon = Path(job.folder) / "lexicon.tsv"
    lexicon.write_text(lexicon.read_text() + "no tab\n")
    assert train(job) == replace(first, status="kept", peak_memory=None)


def test_a_model_that_is_not_the_run_s_is_not_passed_off_as_its(job: LanguageJob, tmp_path: Path) -> None:
    train(job)
    other = replace(job, run=str(tmp_path / "other"), config=CONFIG.model_copy(update={"seed": 5}).to_toml())
    train(other)
    model = Path(job.run) / "model" / "model.goldzone"
    model.write_bytes((Path(other.run) / "model" / "model.goldzone").read_bytes())
    with pytest.raises(StateError, match=r"is not the model that the run made"):
        train(job)
    model.write_bytes(model.read_bytes()[:-9])
    with pytest.raises(ModelFormatError):
        train(job)


def break_settings(folder: Path) -> None:
    (folder / "language.json").write_text("{")


def empty_lexicon(folder: Path) -> None:
    (folder / "lexicon.tsv").write_text("")


def folder_for_lexicon(folder: Path) -> None:
    (folder / "lexicon.tsv").unlink()
    (folder / "lexicon.tsv").mkdir()


def unalignable(folder: Path) -> None:
    rows = [f"{a}{b}\t{'x' * 30}{a}{b}\n" for a in "bdgklm" for b in "aeiou"]
    (folder / "lexicon.tsv").write_text("".join(rows))


@pytest.mark.parametrize("damage", [break_settings, empty_lexicon, folder_for_lexicon, unalignable])
def test_data_that_cannot_be_used_is_one_line_and_leaves_no_run(
    job: LanguageJob, damage: Callable[[Path], None]
) -> None:
    damage(Path(job.folder))
    with pytest.raises(DataError) as caught:
        train(job)
    assert "\n" not in str(caught.value)
    assert not Path(job.run).exists()


def test_a_run_folder_that_cannot_be_made_is_one_line(job: LanguageJob) -> None:
    Path(job.run).parent.mkdir(parents=True)
    Path(job.run).write_text("in the way")
    with pytest.raises(StateError, match="is a file; choose another path"):
        train(job)


def test_flags_are_applied_and_recorded_and_belong_to_the_inputs(job: LanguageJob, tmp_path: Path) -> None:
    file = tmp_path / "flags.toml"
    file.write_text("[sum_cache]\n[[sum_cache.rules]]\nmin_words = 80\nvalue = false\n")
    flagged = replace(job, flags=str(file), flags_digest=load_flags(file).digest)
    train(flagged)
    assert RunFolder.open(job.run).config.pipeline.sum_cache is False
    assert isinstance(events_of(job)[0], FlagsResolved)
    assert train(flagged).status == "kept"
    with pytest.raises(GoldzoneError, match="another configuration"):
        train(job)


def test_a_flags_file_that_changed_since_the_fleet_began_is_refused(job: LanguageJob, tmp_path: Path) -> None:
    file = tmp_path / "flags.toml"
    file.write_text("sum_cache = false\n")
    with pytest.raises(ConfigError, match=r"flags\.toml: has changed since the first language; run again"):
        train(replace(job, flags=str(file), flags_digest="0" * 64))
    assert not Path(job.run).exists()
