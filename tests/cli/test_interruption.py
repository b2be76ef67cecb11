from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from goldzone.cli.interruption import Interrupted, Interruption
from goldzone.g2p import prepared_data, task
from goldzone.g2p.beam_trainer import BeamTrainer
from goldzone.g2p.model import read_model
from goldzone.training import runner
from goldzone.training.learners.committee import CommitteeTrainer
from goldzone.training.learners.results import TrainedNeuron
from tests.cli.conftest import Goldzone

TRAIN = ("train", "slovak", "--limit", "150")
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    """Ctrl-C is heeded, also where the tests run in the background of a shell, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def at_neuron(number: int, action: Callable[[], None]) -> Callable[..., TrainedNeuron]:
    """Make a `CommitteeTrainer.train` that does something before it trains its nth neuron."""
    real, count = CommitteeTrainer.train, iter(range(1, 1000))

    def train_one(trainer: CommitteeTrainer, layer: int, position: int, premodulo: int) -> TrainedNeuron:
        if next(count) == number:
            action()
        return real(trainer, layer, position, premodulo)

    return train_one


def in_the_second_pass(action: Callable[[], None]) -> Callable[..., Sequence[TrainedNeuron]]:
    """Make a `BeamTrainer.train_together` that does something when the second pass has begun."""
    real, count = BeamTrainer.train_together, iter(range(1, 1000))

    def train_together(
        trainer: BeamTrainer, layer: int, premodulos: Mapping[int, int], tell: Callable[[int, int], None]
    ) -> Sequence[TrainedNeuron]:
        second = next(count) == 2

        def told(done: int, total: int) -> None:
            if second:
                action()
            tell(done, total)

        return real(trainer, layer, premodulos, told)

    return train_together


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_ends_a_run_after_the_neuron_at_work_and_resume_goes_on(
    goldzone: Goldzone,
    one_by_one_toml: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    code: int,
) -> None:
    assert goldzone(*TRAIN, "--config", one_by_one_toml, "--out", "whole").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(CommitteeTrainer, "train", at_neuron(30, lambda: send(number)))
        stopped = goldzone(*TRAIN, "--config", one_by_one_toml, "--out", "my run")
    assert (stopped.code, stopped.out) == (code, "")
    assert stopped.err.endswith("\ninterrupted; continue with: goldzone resume 'my run'\n")
    resumed = goldzone("resume", "my run")
    assert resumed.code == 0
    assert "resumed in sweep 2 at layer 1, step 9\n" in resumed.err  # 21 neurons a sweep, and 9 more
    assert read_model("my run/model/model.goldzone")[1] == read_model("whole/model/model.goldzone")[1]


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_ends_a_pass_over_the_words_and_resume_begins_it_again(
    goldzone: Goldzone, quick_toml: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    assert goldzone(*TRAIN, "--config", quick_toml, "--out", "whole").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(BeamTrainer, "train_together", in_the_second_pass(lambda: send(number)))
        stopped = goldzone(*TRAIN, "--config", quick_toml, "--out", "my run")
    assert (stopped.code, stopped.out) == (code, "")
    assert stopped.err.endswith("\ninterrupted; continue with: goldzone resume 'my run'\n")
    resumed = goldzone("resume", "my run")
    assert resumed.code == 0
    assert "resumed in sweep 2 at its beginning\n" in resumed.err
    assert read_model("my run/model/model.goldzone")[1] == read_model("whole/model/model.goldzone")[1]


@pytest.mark.parametrize(
    ("module", "function"),
    [(runner, "task_checkpointer"), (prepared_data, "align_parted"), (task, "write_model")],
)
def test_a_signal_outside_of_the_sweeps_is_heeded_too(
    goldzone: Goldzone,
    quick_toml: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    function: str,
) -> None:
    real = getattr(module, function)

    def signalled(*given: object, **options: object) -> object:
        send(signal.SIGTERM)
        return real(*given, **options)

    with monkeypatch.context() as patch:
        patch.setattr(module, function, signalled)
        stopped = goldzone(*TRAIN, "--config", quick_toml)
    assert stopped.code == 143
    assert stopped.err.endswith("interrupted; continue with: goldzone resume runs/slovak\n")
    assert goldzone("resume", "runs/slovak").code == 0


def test_a_second_ctrl_c_ends_at_once_and_the_state_is_whole(
    goldzone: Goldzone, quick_toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice() -> None:
        send(signal.SIGINT)
        send(signal.SIGINT)
        raise AssertionError("the second signal did nothing")

    with monkeypatch.context() as patch:
        patch.setattr(BeamTrainer, "train_together", in_the_second_pass(twice))
        stopped = goldzone(*TRAIN, "--config", quick_toml)
    assert stopped.code == 130
    assert stopped.err.endswith("\ninterrupted\n")
    assert goldzone("resume", "runs/slovak").code == 0
    assert goldzone(*TRAIN, "--config", quick_toml, "--out", "whole").code == 0
    assert read_model("runs/slovak/model/model.goldzone")[1] == read_model("whole/model/model.goldzone")[1]


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_the_first_signal_waits_for_the_check(number: signal.Signals, code: int) -> None:
    before = signal.getsignal(number)
    with Interruption(Path("a b")) as interruption:
        interruption.check()
        send(number)
        assert signal.getsignal(number) == before  # the second is not held back
        with pytest.raises(Interrupted, match="continue with: goldzone resume 'a b'") as caught:
            interruption.check()
    assert caught.value.exit_code == code
    assert [signal.getsignal(each) for each, _ in SIGNALS] == [signal.default_int_handler, signal.SIG_DFL]


def test_no_handler_of_exceptions_takes_it_for_an_error() -> None:
    assert not issubclass(Interrupted, Exception)
