from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.errors import ConfigError, DataError, StateError
from goldzone.fleet.compare.arms import Arm, parse_arms
from goldzone.fleet.compare.plan import find_sources, pair_languages
from goldzone.fleet.compare.study import Study
from goldzone.fleet.compare.verdict import Verdict
from goldzone.fleet.jobs import Done, Failed, LanguageJob
from goldzone.fleet.language_run import train_language
from goldzone.fleet.results import FleetRecord
from tests.fleet.small_dataset import CONFIG, add_language

NAMES = [f"language-{number:02}" for number in range(13)]
ARMS = parse_arms(None, ["backward", "tiny=capacity.premodulo:16,network.neurons:1"], CONFIG)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("languages")
    for number, name in enumerate(NAMES):
        add_language(path, name, 60 + number)
    return path


def train(job: LanguageJob) -> Done:
    return Done(job.name, train_language(job, post=lambda report: None, check_interrupt=lambda: None))


def trained(study: Study) -> list[str]:
    """Train all that is asked for; return how."""
    statuses = []
    for arm, _, jobs in study.batches():
        record = FleetRecord(jobs)
        for job in jobs:
            record.report(done := train(job))
            statuses.append(done.result.status)
        study.take(arm, record.summary(0.0))
    return statuses


def test_each_arm_gets_one_of_two_neighbours_by_size() -> None:
    pairs, left = pair_languages({name: 100 - number for number, name in enumerate(NAMES)})
    assert [sorted((pair.first, pair.second)) for pair in pairs] == [
        NAMES[at : at + 2] for at in range(0, 12, 2)
    ]
    assert left == NAMES[12]
    assert {pair.first < pair.second for pair in pairs} == {True, False}  # by lot, and not by size


def test_models_that_are_there_are_compared(dataset: Path, tmp_path: Path) -> None:
    study = Study.planned(ARMS, NAMES[:2], dataset, tmp_path)
    assert trained(study) == ["trained"] * 4
    report, changes = study.judge()
    there = (
        Arm("a", models=tmp_path / "backward" / "seed-1"),
        Arm("b", models=tmp_path / "tiny" / "seed-1"),
    )
    again, same_changes = Study.planned(there, NAMES[:2], dataset, tmp_path).judge()
    assert [one.word_accuracy for one in again.languages] == [one.word_accuracy for one in report.languages]
    assert changes == same_changes
    assert report.overall is not None
    assert report.overall.verdict is Verdict.INCONCLUSIVE  # so few words
    for arm, figures in enumerate(report.overall.arms):
        assert figures.word_accuracy == pytest.approx(
            sum(one.arms[arm].word_accuracy for one in report.languages) / 2
        )
    run = tmp_path / "backward" / "seed-1" / NAMES[0]
    alone, _ = Study.planned((Arm("a", models=run), there[1]), NAMES[:1], dataset, tmp_path).judge()
    assert alone.languages[0].arms == again.languages[0].arms


def test_given_again_only_what_is_missing_is_trained(dataset: Path, tmp_path: Path) -> None:
    first = Study.planned(ARMS, NAMES[:1], dataset, tmp_path)
    assert trained(first) == ["trained"] * 2
    second = Study.planned(ARMS, NAMES[:1], dataset, tmp_path, seeds=2)
    assert trained(second) == ["kept", "trained", "kept", "trained"]
    assert second.judge()[0].languages[0].trainings == 2


def test_half_of_the_languages_are_trained_with_each_arm(dataset: Path, tmp_path: Path) -> None:
    study = Study.planned(ARMS, (), dataset, tmp_path, stratified=True)
    assert trained(study) == ["trained"] * 12
    report, changes = study.judge(new=True)
    assert (len(report.halves), report.languages, changes) == (12, (), {})
    assert sorted(one.arm for one in report.halves) == ["backward"] * 6 + ["tiny"] * 6
    assert report.overall is not None
    difference = report.overall.word_accuracy
    assert difference.interval.low < difference.value < difference.interval.high


def test_a_language_that_fails_is_an_error_and_the_others_are_compared(dataset: Path, tmp_path: Path) -> None:
    study = Study.planned(ARMS, NAMES[:2], dataset, tmp_path)
    for arm, _, jobs in study.batches():
        record = FleetRecord(jobs)
        for job in jobs:
            record.report(Failed(job.name, "broke") if (arm, job.name) == (1, NAMES[1]) else train(job))
        study.take(arm, record.summary(0.0))
    report, _ = study.judge()
    assert report.verdict is Verdict.ERROR
    assert dict(report.failures) == {NAMES[1]: "tiny: broke"}
    assert [one.name for one in report.languages] == NAMES[:1]


def test_what_cannot_be_compared_is_refused(dataset: Path, tmp_path: Path) -> None:
    there = Arm("there", models=tmp_path)
    with pytest.raises(ConfigError, match="--seeds: there is trained already"):
        Study.planned((ARMS[0], there), NAMES[:1], dataset, tmp_path, seeds=2)
    with pytest.raises(ConfigError, match="4 languages cannot show anything; give 12 or more"):
        Study.planned(ARMS, NAMES[:4], dataset, tmp_path, stratified=True)
    with pytest.raises(ConfigError, match="has no language-00, the run folder of language-00"):
        Study.planned((ARMS[0], there), NAMES[:2], dataset, tmp_path)
    with pytest.raises(StateError, match="holds no model"):
        Study.planned((ARMS[0], there), NAMES[:1], dataset, tmp_path)


def test_words_are_found_by_file_sample_or_dataset(dataset: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.tsv"
    file.write_text("ab\tab\n")
    found = find_sources([str(file), "slovak", "language-0[01]"], dataset)
    assert [source.name for source in found] == ["mine", "slovak", *NAMES[:2]]
    assert [len(source.read()) for source in found] == [1, 3000, 60, 61]
    with pytest.raises(DataError, match="is neither a file nor a built-in sample"):
        find_sources(["nothing"], None)
    with pytest.raises(DataError, match="slovak: is given twice"):
        find_sources(["slovak", "slovak"], None)
