from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.errors import DataError
from goldzone.fleet.flag_file import load_flags
from goldzone.fleet.plan import choose_languages, plan_jobs, run_folder_name
from goldzone.training.config import TrainingConfig, config_from_toml
from tests.fleet.small_dataset import add_language

NAMES = ["english", "english/american", "french", "minnan/hokkien"]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for name, rows in (("small", 10), ("big", 40), ("group/middle", 30), ("alike", 10)):
        add_language(tmp_path / "data", name, rows)
    return tmp_path / "data"


def test_the_biggest_language_comes_first(dataset: Path) -> None:
    jobs = plan_jobs(dataset, Path("runs"), TrainingConfig())
    assert [(job.name, job.rows) for job in jobs] == [
        ("big", 40),
        ("group/middle", 30),
        ("alike", 10),
        ("small", 10),
    ]
    assert [job.run for job in jobs] == ["runs/big", "runs/group-middle", "runs/alike", "runs/small"]
    assert jobs[1].folder == str(dataset / "group" / "middle")
    assert {job.dataset for job in jobs} == {str(dataset.resolve())}


def test_a_limit_makes_big_languages_smaller(dataset: Path) -> None:
    jobs = plan_jobs(dataset, Path("runs"), TrainingConfig(), limit=20)
    assert [(job.name, job.rows) for job in jobs[:2]] == [("big", 20), ("group/middle", 20)]
    assert {job.limit for job in jobs} == {20}


def test_jobs_hold_the_configuration_and_the_flags(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "flags.toml").write_text("sum_cache = false\n")
    flags = load_flags(tmp_path / "flags.toml")
    config = TrainingConfig(seed=7)
    job = plan_jobs(dataset, Path("runs"), config, only=["big"], flags=flags, force=True)[0]
    assert config_from_toml(job.config, "job") == config
    assert (job.flags, job.flags_digest, job.force) == (flags.name, flags.digest, True)


def test_a_lexicon_that_cannot_be_read_is_planned_all_the_same(dataset: Path) -> None:
    broken = add_language(dataset, "broken")
    (broken / "lexicon.tsv").unlink()
    (broken / "lexicon.tsv").mkdir()
    (broken / "language.json").write_text("{")
    jobs = plan_jobs(dataset, Path("runs"), TrainingConfig())
    assert (jobs[-1].name, jobs[-1].rows) == ("broken", 0)


@pytest.mark.parametrize(
    ("only", "chosen"),
    [
        ([], NAMES),
        (["english"], ["english"]),
        (["english*"], ["english", "english/american"]),
        (["*/*", "fr*"], ["english/american", "french", "minnan/hokkien"]),
        (["french", "f*"], ["french"]),
        (["[a-f]????h"], ["french"]),
    ],
)
def test_patterns_choose_languages(only: list[str], chosen: list[str]) -> None:
    assert choose_languages(NAMES, only) == chosen


@pytest.mark.parametrize(
    ("pattern", "advice"),
    [
        ("frensh", "'frensh' fits no language; did you mean french?"),
        ("English", "'English' fits no language; did you mean english?"),
        ("x*", "'x*' fits no language; there are 4, such as english"),
    ],
)
def test_a_pattern_that_fits_nothing_is_an_error(pattern: str, advice: str) -> None:
    with pytest.raises(DataError) as caught:
        choose_languages(NAMES, ["french", pattern])
    assert str(caught.value) == advice


def test_two_languages_with_one_run_folder_are_refused(dataset: Path) -> None:
    add_language(dataset, "group-middle")
    with pytest.raises(DataError, match=r"group-middle and group/middle would share .*runs/group-middle; "):
        plan_jobs(dataset, Path("runs"), TrainingConfig())
    assert len(plan_jobs(dataset, Path("runs"), TrainingConfig(), only=["group/*"])) == 1


def test_a_folder_without_languages_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        plan_jobs(tmp_path / "none", Path("runs"), TrainingConfig())
    with pytest.raises(DataError, match=r"no language/lexicon\.tsv in it"):
        plan_jobs(tmp_path, Path("runs"), TrainingConfig())


def test_run_folders_are_named_as_by_train() -> None:
    assert run_folder_name("english/american") == "english-american"
    assert run_folder_name("台語 2.0") == "台語-2.0"


@pytest.mark.parametrize(
    ("name", "folder"), [("..", "unnamed"), ("...", "unnamed"), ("../../etc", "-..-etc"), (".git", "git")]
)
def test_no_name_leads_out_of_the_folder_of_runs(name: str, folder: str) -> None:
    assert run_folder_name(name) == folder
