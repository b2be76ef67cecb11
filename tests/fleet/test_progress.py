from __future__ import annotations

import pytest

from goldzone.fleet.jobs import Begun, Done, Failed, Noted, Progressed
from goldzone.fleet.progress import FleetProgress, ProgressPoster
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import Event, LayerProgressed, SweepStarted
from tests.cli.test_display import STARTED, finished
from tests.fleet.toy_worker import job, result
from tests.monitor.scripts import neuron

CONFIG = TrainingConfig.model_validate({"pipeline": {"sweeps": 2, "neurons_per_sweep": 0.5}})


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class TestOfOneLanguage:
    def setup_method(self) -> None:
        self.clock = Clock()
        self.posted: list[Progressed] = []
        self.poster = ProgressPoster("x", CONFIG, self.posted.append, self.clock)

    def feed(self, *events: Event) -> None:
        for event in events:
            self.poster.on_event(event)

    def test_stages_are_told_at_once(self) -> None:
        for stage in ("aligning", "sampling"):
            self.poster.on_stage(stage)
        assert [(one.stage, one.share) for one in self.posted] == [("aligning", 0.0), ("sampling", 0.0)]
        assert {(one.name, one.sweep, one.sweeps) for one in self.posted} == {("x", 0, 2)}

    def test_neurons_are_told_a_few_times_a_second(self) -> None:
        # A sweep trains 5 of 9 context neurons and the final one: 12 in all.
        self.feed(STARTED, SweepStarted(sweep=1), neuron(1, 2, 0), neuron(1, 1, 0), neuron(1, 1, 1))
        (first,) = self.posted
        assert (first.stage, first.sweep) == ("", 1)
        assert first.share == pytest.approx(0.1 + 0.9 / 12)
        self.clock.now += 0.2
        self.feed(neuron(1, 1, 2))
        assert len(self.posted) == 1
        self.clock.now += 0.1
        self.feed(neuron(1, 1, 3))
        assert self.posted[1].share == pytest.approx(0.1 + 0.9 * 5 / 12)

    def test_a_pass_in_which_all_learn_together_is_told_as_it_goes(self) -> None:
        self.feed(STARTED, SweepStarted(sweep=1), neuron(1, 2, 0))
        self.clock.now += 1
        self.feed(LayerProgressed(sweep=1, layer=1, done=1, total=2, seconds=1.0))
        assert self.posted[-1].share == pytest.approx(0.1 + 0.9 * (1 + 2.5) / 12)

    def test_the_best_dev_accuracy_is_told_after_each_sweep(self) -> None:
        self.feed(STARTED, SweepStarted(sweep=1), finished(1, 0.5, None, best=True))
        self.feed(SweepStarted(sweep=2), finished(2, 0.4, None, best=False))
        assert [(one.sweep, one.dev_word_accuracy) for one in self.posted] == [(1, 0.5), (2, 0.5)]

    def test_the_share_is_never_above_1(self) -> None:
        self.feed(STARTED, SweepStarted(sweep=1), *(neuron(1, 1, 0) for _ in range(40)))
        self.poster.on_stage("test")
        assert self.posted[-1].share == pytest.approx(1.0)
        assert self.posted[-1].share <= 1.0


class TestOfAllLanguages:
    def setup_method(self) -> None:
        self.clock = Clock()
        self.progress = FleetProgress([job("a", 9000), job("b", 4000), job("c", 4000)], self.clock)

    def test_at_the_beginning_nothing_is_known(self) -> None:
        assert (self.progress.languages, self.progress.ended, self.progress.share) == (3, 0, 0.0)
        assert self.progress.seconds_left is None
        assert self.progress.words_per_second == 0.0
        assert self.progress.at_work == ()

    def test_rate_and_time_left_are_weighted_by_words(self) -> None:
        self.progress.report(Begun("a"))
        self.progress.report(Progressed("a", "", 1, 2, 0.5, None))
        self.clock.now += 10
        # Half of 9,000 rows; and each language counts 1,000 more: 5,000 of 20,000.
        assert self.progress.words_per_second == pytest.approx(450)
        assert self.progress.share == pytest.approx(0.25)
        assert self.progress.seconds_left == pytest.approx(30)
        self.progress.report(Done("a", result("a")))
        assert self.progress.share == pytest.approx(0.5)
        assert self.progress.ended == 1

    def test_what_takes_no_time_does_not_count_as_speed(self) -> None:
        self.progress.report(Done("a", result("a", status="kept")))
        self.progress.report(Failed("b", "broken"))
        assert self.progress.share == pytest.approx(0.75)
        assert self.progress.seconds_left is None
        self.progress.report(Progressed("c", "", 1, 2, 0.5, None))
        self.clock.now += 4
        assert self.progress.words_per_second == pytest.approx(500)
        assert self.progress.seconds_left == pytest.approx(4)

    def test_languages_at_work_are_listed_in_order_until_they_end(self) -> None:
        for report in (Begun("b"), Begun("a"), Progressed("b", "test", 2, 2, 1.0, 0.5), Noted("x")):
            self.progress.report(report)
        assert [(one.name, one.stage) for one in self.progress.at_work] == [("b", "test"), ("a", "reading")]
        self.progress.report(Failed("b", "killed"))
        assert [one.name for one in self.progress.at_work] == ["a"]
