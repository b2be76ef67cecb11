from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from goldzone.cli.fleet_display import FleetDisplay
from goldzone.errors import GoldzoneError
from goldzone.fleet import processes
from goldzone.fleet.jobs import Begun, Done, Failed, LanguageJob, Progressed, Report
from goldzone.fleet.language_run import train_language
from goldzone.g2p.model import read_model
from goldzone.monitor.alert_settings import load_run_config
from tests.cli.conftest import Goldzone, complaint
from tests.fleet.small_dataset import add_language

NAMES = ["group/one", "group/two", "three"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three languages of different sizes."""
    path = tmp_path_factory.mktemp("languages")
    for name, rows in zip(NAMES, (80, 70, 60), strict=True):
        add_language(path, name, rows)
    return path


@pytest.fixture(scope="module")
def broken_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One language that is whole, and two that are not."""
    path = tmp_path_factory.mktemp("broken")
    for name in ("bad-settings", "empty", "whole"):
        add_language(path, name)
    (path / "bad-settings" / "language.json").write_text("{")
    (path / "empty" / "lexicon.tsv").write_text("")
    return path


class OneByOne:
    """An `Executor` of this process: what it reports is what workers report, and nothing has to start."""

    def __init__(self, workers: int, module: str) -> None: ...

    def run(
        self,
        jobs: Sequence[LanguageJob],
        *,
        on_report: Callable[[Report], None],
        check_interrupt: Callable[[], None],
    ) -> None:
        for job in jobs:
            on_report(Begun(job.name))
            try:
                on_report(
                    Done(job.name, train_language(job, post=on_report, check_interrupt=check_interrupt))
                )
            except GoldzoneError as error:
                on_report(Failed(job.name, str(error)))


@pytest.fixture
def no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "ProcessExecutor", OneByOne)


def digests(summary: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["digest"] for one in summary["languages"]}


def statuses(summary: dict[str, Any]) -> list[str]:
    return [one["status"] for one in summary["languages"]]


def on_report(
    monkeypatch: pytest.MonkeyPatch, action: Callable[[], None], *, wanted: Callable[[Report], bool]
) -> None:
    """Do something once, after a certain report has been shown."""
    real, done = FleetDisplay.report, iter([False])

    def report(display: FleetDisplay, report: Report) -> None:
        real(display, report)
        if wanted(report) and not next(done, True):
            action()

    monkeypatch.setattr(FleetDisplay, "report", report)


def test_models_are_those_of_single_trainings_however_many_at_a_time(
    goldzone: Goldzone, dataset: Path, quick_toml: Path
) -> None:
    fleet = ("train-all", dataset, "--config", quick_toml, "--json")
    together = json.loads(goldzone(*fleet, "--jobs", "2", "--out", "together").out)
    one_by_one = json.loads(goldzone(*fleet, "--jobs", "1", "--out", "one").out)
    assert sorted(digests(together)) == NAMES
    assert digests(one_by_one) == digests(together)
    single = goldzone("train", "group/two", "--dataset", dataset, "--config", quick_toml, "--json")
    assert json.loads(single.out)["digest"] == digests(together)["group/two"]
    assert json.loads(single.out)["run"] == "runs/group-two"
    assert load_run_config("together/group-two/config.toml") == load_run_config(quick_toml)
    model = read_model("together/group-two/model/model.goldzone")
    assert model[1] == digests(together)["group/two"]
    assert together == json.loads(Path("together/summary.json").read_text())
    assert statuses(together) == ["trained"] * 3
    assert (together["failures"], together["unfinished"]) == ([], [])


@pytest.mark.usefixtures("no_workers")
def test_the_screen_lists_languages_and_means(goldzone: Goldzone, dataset: Path, quick_toml: Path) -> None:
    finished = goldzone("train-all", dataset, "--config", quick_toml, "--only", "group/*", "--limit", "30")
    assert finished.code == 0
    title, *lines = finished.out.splitlines()
    assert title.startswith("2 done, 0 failed, in ")
    rows = [line.strip("│ ").split() for line in lines if line.startswith("│")]
    assert [row[0] for row in rows] == ["group/one", "group/two", "mean"]
    assert "three" not in finished.out
    assert lines[-1] == "written: runs/summary.json"
    assert max(map(len, finished.out.splitlines())) <= 80
    said = finished.err.splitlines()
    assert [line.partition("] ")[0] for line in said] == ["[1/2", "[2/2"]
    assert json.loads(Path("runs/summary.json").read_text())["languages"][0]["train_words"] == 30


def test_what_fails_is_one_line_and_does_not_stop_the_rest(
    goldzone: Goldzone, broken_dataset: Path, quick_toml: Path
) -> None:
    finished = goldzone("train-all", broken_dataset, "--config", quick_toml, "--json")
    assert finished.code == 1
    summary = json.loads(finished.out)
    assert list(digests(summary)) == ["whole"]
    failures = {one["name"]: one["message"] for one in summary["failures"]}
    assert list(failures) == ["bad-settings", "empty"]
    assert failures["empty"].startswith(f"{broken_dataset}/empty/lexicon.tsv: no usable row")
    assert failures["bad-settings"].startswith(f"{broken_dataset}/bad-settings/language.json: ")
    told = [line for line in finished.err.splitlines() if not line.startswith("compiling")]  # the first run
    assert len(told) == 3
    assert f"empty: failed: {failures['empty']}\n" in finished.err


@pytest.mark.usefixtures("no_workers")
def test_given_again_it_does_what_is_left(goldzone: Goldzone, dataset: Path, quick_toml: Path) -> None:
    fleet = ("train-all", dataset, "--config", quick_toml, "--json")
    Path("runs").mkdir()
    Path("runs/three").write_text("in the way")
    first = goldzone(*fleet)
    assert first.code == 1
    assert [one["name"] for one in json.loads(first.out)["failures"]] == ["three"]
    Path("runs/three").unlink()
    second = goldzone(*fleet)
    assert second.code == 0
    assert statuses(json.loads(second.out)) == ["kept", "kept", "trained"]
    assert second.err.count(", trained before\n") == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_all_and_the_same_command_goes_on_to_the_same_models(
    goldzone: Goldzone, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    long = tmp_path / "long.toml"
    long.write_text(
        "[network]\nneurons = 60\n[pipeline]\nsweeps = 12\npatience = 1000\nattempts = 1000\n"
        "[capacity]\npremodulo = 1024\n"
    )
    fleet = ("train-all", dataset, "--config", long, "--only", "group/*", "--jobs", "2", "--json")
    with monkeypatch.context() as patch:
        on_report(
            patch,
            lambda: os.kill(os.getpid(), number),
            wanted=lambda report: isinstance(report, Progressed) and not report.stage,
        )
        stopped = goldzone(*fleet, "--force")
    assert (stopped.code, stopped.out) == (code, "")
    said = stopped.err.splitlines()
    assert said[-2] == "stopping: the neurons at work are finished and kept"
    assert said[-1] == (
        "interrupted; 0 of 2 languages are done; give the same command again, without --force, to go on"
    )
    summary = json.loads(Path("runs/summary.json").read_text())
    assert (summary["languages"], summary["unfinished"]) == ([], ["group/one", "group/two"])
    if number == signal.SIGINT:
        again = json.loads(goldzone(*fleet).out)
        assert "resumed" in statuses(again)
        single = goldzone(
            *("train", "group/one", "--dataset", dataset, "--config", long, "--out", "one", "--json")
        )
        assert json.loads(single.out)["digest"] == digests(again)["group/one"]


@pytest.mark.usefixtures("no_workers")
def test_flags_decide_by_language(goldzone: Goldzone, dataset: Path, quick_toml: Path) -> None:
    Path("flags.toml").write_text(
        '[credit]\n[[credit.rules]]\nlanguages = ["three"]\nvalue = "hard"\n', encoding="utf-8"
    )
    fleet = ("train-all", dataset, "--config", quick_toml, "--flags", "flags.toml", "--only", "t*", "--json")
    assert goldzone(*fleet, "--only", "group/two").code == 0
    assert 'kind = "hard"' in Path("runs/three/config.toml").read_text()
    assert 'kind = "hard"' not in Path("runs/group-two/config.toml").read_text()


@pytest.mark.usefixtures("no_workers")
def test_a_picture_is_drawn(goldzone: Goldzone, dataset: Path, quick_toml: Path) -> None:
    finished = goldzone(
        "train-all", dataset, "--config", quick_toml, "--only", "three", "--plot", "accuracy.png"
    )
    assert finished.code == 0
    assert Path("accuracy.png").read_bytes().startswith(b"\x89PNG")
    assert finished.out.endswith("written: runs/summary.json, accuracy.png\n")


def test_what_cannot_be_meant_is_refused_before_anything_starts(goldzone: Goldzone, dataset: Path) -> None:
    assert complaint(goldzone("train-all", "nowhere")).startswith("nowhere: no such folder")
    assert complaint(goldzone("train-all", dataset, "--only", "thre")) == (
        "'thre' fits no language; did you mean three?"
    )
    assert complaint(goldzone("train-all", dataset, "--plot", "x.jpg")).startswith("x.jpg: is no name of a")
    assert complaint(goldzone("train-all", dataset, "--config", "no.toml")).startswith("no.toml: ")
    assert complaint(goldzone("train-all", dataset, "--flags", "no.toml")).startswith("no.toml: ")
    Path("file").write_text("")
    assert complaint(goldzone("train-all", dataset, "--out", "file")).startswith("file: cannot be made (")
    assert not Path("runs").exists()


@pytest.mark.usefixtures("no_workers")
def test_a_summary_that_cannot_be_written_is_said_and_results_are_shown(
    goldzone: Goldzone, dataset: Path, quick_toml: Path
) -> None:
    Path("runs/summary.json").mkdir(parents=True)
    finished = goldzone("train-all", dataset, "--config", quick_toml, "--only", "three", "--json")
    assert finished.code == 1
    assert digests(json.loads(finished.out))
    assert finished.err.splitlines()[-1].startswith("error: runs/summary.json: cannot be written")
