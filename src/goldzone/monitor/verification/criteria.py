"""The epic's success metrics and acceptance criteria, each a pure function of a run's facts.

A criterion that a run's configuration rules out (the law under a constant controller) is *not measured*: it
says why, and counts neither way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from goldzone.monitor.verification.facts import RunFacts

__all__ = ["CRITERIA", "Finding", "Verdict", "together", "verify_run", "within_time"]

_LEAST_R_SQUARED: Final = 0.7
_CAP: Final = 0.8
_FLEET: Final = 140
_MOST_MEGABYTES: Final = 100.0
_MOST_TIME: Final = 1.1
_NAMED: Final = 5


class Verdict(StrEnum):
    """What came of a criterion."""

    PASSED = "pass"
    FAILED = "fail"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion held against what was measured."""

    criterion: str
    """Its short name."""
    target: str
    """What is asked, as the epic has it."""
    measured: str
    """What there is, in words; of what is not measured, why."""
    evidence: str
    """The file that shows it."""
    verdict: Verdict


_Judge = Callable[[RunFacts], tuple[Verdict, str]]


def _verdict(holds: bool) -> Verdict:
    return Verdict.PASSED if holds else Verdict.FAILED


def _not_measured(why: str) -> tuple[Verdict, str]:
    return Verdict.NOT_MEASURED, why


def _final_first(facts: RunFacts) -> tuple[Verdict, str]:
    if not facts.is_backward:
        return _not_measured("pipeline.direction is forward")
    text = f"{facts.final_first} of {facts.sweeps} sweeps"
    return _verdict(facts.final_first == facts.sweeps), text


def _flow(facts: RunFacts) -> tuple[Verdict, str]:
    if not facts.is_backward:
        return _not_measured("pipeline.direction is forward")
    problems = [f"line {each.line}: {each.problem}" for each in facts.violations]
    problems += [facts.damage] if facts.damage else []
    return _verdict(not problems), problems[0] if problems else "no line breaks it"


def _law(facts: RunFacts) -> tuple[Verdict, str]:
    controller = facts.config.capacity.controller
    if controller != "law":
        return _not_measured(f'capacity.controller is "{controller}"')
    if facts.r_squared is None:
        return Verdict.FAILED, "premodulos or targets do not vary"
    return _verdict(facts.r_squared > _LEAST_R_SQUARED), f"R² {facts.r_squared:.2f}"


def _gold_zone(facts: RunFacts) -> tuple[Verdict, str]:
    strategy = facts.config.selection.strategy
    if strategy != "gold_zone":
        return _not_measured(f'selection.strategy is "{strategy}"')
    asked = [made for made in facts.selections if made.gold_zone]  # in the first sweep no sum is known
    if not asked:
        return _not_measured("no neuron was in the gold zone before it was chosen")
    # Neurons that were never trained come before all others.
    chosen = sum("gold zone" in made.reason or made.reason.endswith("never trained") for made in asked)
    return _verdict(chosen == len(asked)), f"{chosen} of {len(asked)} choices take it first"


def _cap(facts: RunFacts) -> tuple[Verdict, str]:
    scores = [(each.train_score, each.dev_score) for each in facts.judged]
    known = [(train, dev) for train, dev in scores if train is not None and dev is not None]
    if len(known) < 2:
        return _not_measured("no dev examples, or one sweep")
    train, best = known[-1][0], max(dev for _, dev in known)
    text = f"train {train:.1%}, dev {known[0][1]:.1%} to {best:.1%}"
    return _verdict(train <= _CAP and best > known[0][1]), text


def _gap(facts: RunFacts) -> tuple[Verdict, str]:
    if not facts.judged:
        return _not_measured("no sweep was judged")
    alerts = [alert for alert in facts.alerts if alert.rule == "memorisation"]
    if alerts:
        return Verdict.FAILED, alerts[0].message
    train = facts.judged[-1].train_score
    return Verdict.PASSED, "" if train is None else f"train {train:.1%}, no alert of memorisation"


def _sums(facts: RunFacts) -> tuple[Verdict, str]:
    if facts.sums.problem is not None:
        return Verdict.FAILED, facts.sums.problem
    whole = facts.sums.measured == facts.sums.neurons
    return _verdict(whole), f"{facts.sums.measured:,} of {facts.sums.neurons:,} neurons have a sum"


def _memory(facts: RunFacts) -> tuple[Verdict, str]:
    if facts.sums.problem is not None:
        return _not_measured("the sums cannot be read")
    megabytes = _FLEET * facts.sums.nbytes / 1e6
    return _verdict(megabytes < _MOST_MEGABYTES), f"{megabytes:.1f} MB for {_FLEET} of this network"


def _stable(facts: RunFacts) -> tuple[Verdict, str]:
    still = [alert for alert in facts.alerts if alert.rule in {"standstill", "slow_layer"}]
    if still:
        return Verdict.FAILED, still[0].message
    if facts.finished is None:
        return Verdict.FAILED, "the run has not come to its end"
    return Verdict.PASSED, f"came to its end, resumed {facts.resumed} times"


def _observable(facts: RunFacts) -> tuple[Verdict, str]:
    if facts.damage:
        return Verdict.FAILED, facts.damage
    if facts.unmeasured or not facts.trained:
        return Verdict.FAILED, f"{facts.unmeasured:,} of {facts.trained:,} trainings lack S, N or premodulo"
    return Verdict.PASSED, f"{facts.trained:,} trainings with S, N, premodulo and seconds"


def _no_alarm(facts: RunFacts) -> tuple[Verdict, str]:
    found = [alert for alert in facts.alerts if alert.severity == "critical" and alert.closed is None]
    return _verdict(not found), found[0].message if found else "none"


def _model(facts: RunFacts) -> tuple[Verdict, str]:
    if facts.model_problem is not None:
        return Verdict.FAILED, facts.model_problem
    return Verdict.PASSED, "SHA-256 as in the log"


_EVENTS: Final = "events.jsonl"
_STATE: Final = "state/sums.goldzone"

CRITERIA: Final[tuple[tuple[str, str, str, _Judge], ...]] = (
    ("final neuron first", "in 100 % of the sweeps", _EVENTS, _final_first),
    ("backward flow", "final neuron, layer N ... layer 1", _EVENTS, _flow),
    ("capacity law", "R² of premodulo with the law above 0.7", _EVENTS, _law),
    ("gold zone", "neurons chosen from it where there are any", _EVENTS, _gold_zone),
    ("train cap", "train at most 80 %, dev rising", _EVENTS, _cap),
    ("generalisation", "train not above 95 % with a gap of 10 points", _EVENTS, _gap),
    ("sums persist", "every neuron's, in a whole file of this run", _STATE, _sums),
    ("memory of the sums", "below 100 MB for 140 languages", _STATE, _memory),
    ("stability", "no standstill, come to its end", _EVENTS, _stable),
    ("observability", "every training with its figures", _EVENTS, _observable),
    ("alerts", "no critical one open", _EVENTS, _no_alarm),
    ("model", "the one that the log tells of", "model/model.goldzone", _model),
)
"""Name, target, evidence and judge of each."""


def verify_run(facts: RunFacts) -> tuple[Finding, ...]:
    """Hold a run against all criteria."""
    found = []
    for name, target, evidence, judge in CRITERIA:
        verdict, measured = judge(facts)
        found.append(Finding(name, target, measured, str(facts.folder / evidence), verdict))
    return tuple(found)


def within_time(facts: RunFacts, other: RunFacts) -> Finding:
    """Hold a run's training time against that of another, such as the forward pipeline's."""
    name, target = "time", f"at most {_MOST_TIME - 1:.0%} more than {other.name}"
    ends = (facts.finished, other.finished)
    if ends[0] is None or ends[1] is None:
        verdict, measured = _not_measured("one of them has not come to its end")
    else:
        ratio = ends[0].seconds / ends[1].seconds
        verdict = _verdict(ratio <= _MOST_TIME)
        measured = f"{ends[0].seconds:.1f} s, {ratio:.2f} times"
    return Finding(name, target, measured, str(facts.folder / _EVENTS), verdict)


def together(runs: Sequence[tuple[str, Sequence[Finding]]], folder: str) -> tuple[Finding, ...]:
    """Sum up the findings of many runs, by criterion: all of those that are measured must pass.

    Parameters
    ----------
    runs : sequence of (str, sequence of Finding)
        Name and findings of each run, in the same order of criteria.
    folder : str
        What holds them.
    """
    found = []
    for each in zip(*(findings for _, findings in runs), strict=True):
        named = list(zip((name for name, _ in runs), each, strict=True))
        failed = [(name, one) for name, one in named if one.verdict is Verdict.FAILED]
        measured = [one for one in each if one.verdict is not Verdict.NOT_MEASURED]
        if not measured:
            found.append(
                Finding(each[0].criterion, each[0].target, each[0].measured, folder, each[0].verdict)
            )
            continue
        text = f"{len(measured) - len(failed)} of {len(measured)} runs"
        if failed:
            some = "; ".join(f"{name}: {one.measured}" for name, one in failed[:_NAMED])
            text += f"; {some}" + ("; ..." if len(failed) > _NAMED else "")
        found.append(Finding(each[0].criterion, each[0].target, text, folder, _verdict(not failed)))
    return tuple(found)
