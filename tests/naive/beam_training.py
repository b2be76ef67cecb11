"""Sweeps of beam credit from their description: batches of words vote on fixed answers, one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from goldzone.g2p.model import G2PModel
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.fixed_point import EXP_BITS
from goldzone.hashtron.neuron import GradedTable, Hashtron
from goldzone.training.settings import BeamSettings
from goldzone.training.streams import stream
from tests.naive.graded import WORD_VOTE, NaiveGraded, NaiveRule, naive_mean
from tests.naive.paths import NaiveCredit, NaivePathRule, NaiveWord, naive_credit

STEPS_A_NAT = 10


@dataclass
class NaiveBeam:
    """A committee of graded neurons that learns; `model` says what else is known of the language."""

    model: G2PModel
    template_of: tuple[int, ...]
    neurons: list[NaiveGraded]
    words: Sequence[NaiveWord]
    settings: BeamSettings
    seed: int
    kept: list[list[list[int]]] = field(default_factory=list)
    """Grades of all neurons after each sweep."""
    share: dict[int, int] = field(default_factory=dict)
    """p(right) of each word when it was met last."""
    credits: list[NaiveCredit] = field(default_factory=list)
    """Of the words that the last sweep met."""

    def sweep(self, number: int, premodulos: Mapping[int, int]) -> None:
        """Let neurons move to these premodulos, and learn from one pass over the words."""
        evidence = [*self.settings.evidence, *[self.settings.evidence[-1]] * number][number - 1]
        rule = NaiveRule(round(evidence * WORD_VOTE), round(self.settings.rate * 256))
        for j, neuron in enumerate(self.neurons):
            neuron.move(premodulos.get(j, neuron.premodulo))
            neuron.grade_all(rule)
        met = self._met(number)
        self.credits = []
        for start in range(0, len(met), self.settings.batch):
            batch = met[start : start + self.settings.batch]
            fixed = self.said_with([neuron.table() for neuron in self.neurons])
            found = [naive_credit(fixed, self.words[word], number - 1, self._path_rule()) for word in batch]
            self.share.update((word, credit.share) for word, credit in zip(batch, found, strict=True))
            self.credits += found
            for j in premodulos:
                votes = [vote for credit in found for vote in credit.votes]
                own = [
                    (feature, vote) for template, feature, vote in votes if template == self.template_of[j]
                ]
                self.neurons[j].vote(own, rule)
        self.kept.append([neuron.table() for neuron in self.neurons])

    def mean(self) -> list[list[int]]:
        """Average the grades of the last sweeps, neuron by neuron."""
        last = self.kept[-self.settings.averaged :]
        return [
            naive_mean([tables[j] for tables in last], neuron.premodulo)
            for j, neuron in enumerate(self.neurons)
        ]

    def said_with(self, tables: Sequence[Sequence[int]]) -> G2PModel:
        """Return the model with neurons of these grades."""
        graded = tuple(
            GradedTable.from_grades(neuron.salt, table)
            for neuron, table in zip(self.neurons, tables, strict=True)
        )
        return replace(self.model, committee=Committee(self.template_of, graded, Hashtron(((0, 2),))))

    def _met(self, number: int) -> list[int]:
        """Order the words by chance; leave out most of those that the sweep before was sure of."""
        words = range(len(self.words))
        drawn = stream(self.seed, "words", number, count=len(words)).tolist()
        again = stream(self.seed, "again", number, count=len(words)).tolist()
        sure = round(0.95 * 2**EXP_BITS)
        passed = {
            word
            for word in words
            if self.share.get(word, 0) >= sure and again[word] >= int(self.settings.revisited * 2**32)
        }
        return [word for word in sorted(words, key=lambda word: drawn[word]) if word not in passed]

    def _path_rule(self) -> NaivePathRule:
        return NaivePathRule(
            self.settings.width,
            round(self.settings.margin * STEPS_A_NAT),
            round(self.settings.reach * STEPS_A_NAT),
            round(0.999 * 2**EXP_BITS),
        )
