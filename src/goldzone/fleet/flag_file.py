"""The flags file: which pipeline each language gets, in TOML.

A table a flag, with a default and rules; the first rule that fits decides. A flag that is the same for all
languages is one line: ``direction = "forward"``. ``docs/flags.md`` has the whole format.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Generic, Literal, TypeAlias, TypeVar

from pydantic import Field, create_model, model_validator

from goldzone.errors import ConfigError
from goldzone.storage.files import read_bounded
from goldzone.training.config import MAX_FILE_BYTES, TrainingConfig
from goldzone.validation import Checked, check, parse_toml

__all__ = ["FLAGS", "Decision", "Flag", "FlagFile", "Reason", "Rule", "load_flags", "share_of"]

FLAGS: Final[dict[str, tuple[str, str]]] = {
    "direction": ("pipeline", "direction"),
    "sum_cache": ("pipeline", "sum_cache"),
    "selection": ("selection", "strategy"),
    "controller": ("capacity", "controller"),
    "credit": ("credit", "kind"),
}
"""Section and field of the configuration that each flag sets; the field's values are the flag's."""

Reason: TypeAlias = Literal["STATIC", "TARGETING_MATCH", "SPLIT", "DEFAULT"]

_PREFIX: Final = b"goldzone flags 1\0"
_CONDITIONS: Final = ("languages", "min_words", "max_words", "percent")

Value = TypeVar("Value")


class Rule(Checked, Generic[Value]):
    """A value, and for which languages: those that meet all of the conditions given."""

    value: Value
    languages: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] | None = None
    """Those of these names."""
    min_words: Annotated[int, Field(ge=0)] | None = None
    """Those whose lexicon has at least so many words."""
    max_words: Annotated[int, Field(ge=0)] | None = None
    """Those whose lexicon has at most so many words."""
    percent: Annotated[float, Field(ge=0, le=100)] | None = None
    """This share of all languages, by a hash of the name; 0 to 100. A higher percentage takes all languages
    of a lower one."""
    group: Annotated[str, Field(min_length=1)] | None = None
    """What is hashed besides the name: rules of one group take the same languages. None: the flag's name."""

    @model_validator(mode="after")
    def _decides(self) -> Rule[Value]:
        if all(getattr(self, condition) is None for condition in _CONDITIONS):
            raise ValueError(
                f"value: has no condition; give {', '.join(_CONDITIONS)}, or make it the default"
            )
        if self.min_words is not None and self.max_words is not None and self.min_words > self.max_words:
            raise ValueError(f"min_words: {self.min_words} is above max_words {self.max_words}; lower it")
        if self.group is not None and self.percent is None:
            raise ValueError("group: goes with a percentage; give percent, or leave group out")
        return self


class Flag(Checked, Generic[Value]):
    """A flag's rules, of which the first that fits decides, and what holds where none does."""

    default: Value | None = None
    """None: what the configuration says."""
    rules: Annotated[tuple[Rule[Value], ...], Field(strict=False)] = ()

    @model_validator(mode="before")
    @classmethod
    def _on_one_line(cls, given: object) -> object:
        """Take a value alone as the default."""
        return given if isinstance(given, dict) else {"default": given}

    @model_validator(mode="after")
    def _says_something(self) -> Flag[Value]:
        if self.default is None and not self.rules:
            raise ValueError("default: is missing, and there are no rules; give one, or remove the flag")
        return self


@dataclass(frozen=True, slots=True)
class Decision:
    """What a flags file says of one flag and one language."""

    value: bool | str | None
    """None: what the configuration says."""
    reason: Reason
    """In OpenFeature's words. STATIC: the same for all languages. TARGETING_MATCH: a rule without a
    percentage. SPLIT: a rule with one. DEFAULT: no rule fits, or the file leaves the flag out."""
    why: str
    """The rule or default that decided, in words."""


@dataclass(frozen=True, slots=True)
class FlagFile:
    """A flags file as it was read; later changes of the file change nothing here."""

    name: str
    """What messages call it: its path."""
    digest: str
    """SHA-256 of its bytes in hex."""
    flags: Mapping[str, Flag[Any]]
    """Those that it sets."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that rules name, sorted."""
        rules = [rule for flag in self.flags.values() for rule in flag.rules]
        return tuple(sorted({name for rule in rules for name in rule.languages or ()}))

    @property
    def asks_for_words(self) -> bool:
        """Whether a rule depends on the number of words."""
        rules = [rule for flag in self.flags.values() for rule in flag.rules]
        return any(rule.min_words is not None or rule.max_words is not None for rule in rules)

    def decide(self, name: str, language: str, *, words: int | None = None) -> Decision:
        """Decide a flag for a language.

        Parameters
        ----------
        name : str
            One of `FLAGS`.
        language : str
        words : int, optional
            Words of its lexicon.

        Raises
        ------
        ConfigError
            A rule that is reached depends on the number of words, which is not given.
        """
        flag = self.flags.get(name)
        if flag is None:
            return Decision(None, "DEFAULT", "the file leaves it to the configuration")
        if not flag.rules:
            return Decision(flag.default, "STATIC", "the same for all languages")
        missed = ""
        for number, rule in enumerate(flag.rules, 1):
            met = _conditions_met(rule, language, words, f"{self.name}: {name}: rule {number}")
            if met is None:
                continue
            if rule.percent is None:
                return Decision(rule.value, "TARGETING_MATCH", f"rule {number}: {', '.join(met)}")
            share = share_of(language, rule.group or name)
            at = f"at {100 * share:.2f} of 100"
            if share < rule.percent / 100:
                met = (*met, f"{at}, below {rule.percent:g}")
                return Decision(rule.value, "SPLIT", f"rule {number}: {', '.join(met)}")
            missed += f"; rule {number}: {at}, not below {rule.percent:g}"
        default = "no rule fits" if flag.default is not None else "no rule fits, and there is no default"
        return Decision(flag.default, "DEFAULT", default + missed)


def load_flags(path: str | Path) -> FlagFile:
    """Read a flags file.

    Raises
    ------
    ConfigError
        The file cannot be read, is not TOML, or has a flag or field that is not known (the message suggests
        one), of another type or out of range. The message shows the first such problem and counts the others.
    """
    content = read_bounded(path, MAX_FILE_BYTES, error=ConfigError)
    found = check(_tables(), parse_toml(content, str(path)), str(path))
    flags = {name: flag for name, flag in found if flag is not None}
    return FlagFile(str(path), hashlib.sha256(content).hexdigest(), flags)


def share_of(language: str, group: str) -> float:
    """Return where a language stands in a rollout: 53 bits of a SHA-256 of group and name, in [0, 1).

    The same on every machine; a rollout of p percent takes the languages below p / 100. Where a language
    stands in one group says nothing of where it stands in another.
    """
    key = group.encode() + b"\0" + _same_spelling(language).encode("utf-8", "surrogatepass")
    return (int.from_bytes(hashlib.sha256(_PREFIX + key).digest()[:8], "big") >> 11) * 2.0**-53


def _same_spelling(language: str) -> str:
    """Spell a name in one way: file systems differ in how they write accents."""
    return unicodedata.normalize("NFC", language)


def _conditions_met(rule: Rule[Any], language: str, words: int | None, where: str) -> tuple[str, ...] | None:
    """Say in words which conditions a language meets, leaving out the percentage; None if it fails one."""
    met: tuple[str, ...] = ()
    if rule.languages is not None:
        if _same_spelling(language) not in map(_same_spelling, rule.languages):
            return None
        met = (f"names {language}",)
    if rule.min_words is None and rule.max_words is None:
        return met
    if words is None:
        raise ConfigError(f"{where}: asks for the number of words of {language}; give it, or name languages")
    if words < (rule.min_words or 0) or (rule.max_words is not None and words > rule.max_words):
        return None
    return (*met, f"{words} words")


def _tables() -> type[Checked]:
    """Return the model of a flags file: each flag has the values of the field that it sets."""
    flags: dict[str, Any] = {}
    for name, (section, field) in FLAGS.items():
        value = type(getattr(TrainingConfig(), section)).model_fields[field].annotation
        flags[name] = (Flag[value] | None, None)  # type: ignore[valid-type]
    return create_model("FlagTables", __base__=Checked, **flags)
