"""What stands in a text for words that are said: numbers, and what users add.

Numbers are put in words by num2words, in the notation of numbers that Unicode's CLDR gives for the language,
by way of Babel; both are an extra (``goldzone[numbers]``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from goldzone.errors import ConfigError, GoldzoneError
from goldzone.validation import nearest

if TYPE_CHECKING:
    from babel import Locale

__all__ = ["Expansion", "either_of", "numbers_in"]

_BLANKS: Final = "\u00a0\u202f"
"""Blanks that do not break a line, by which many languages group digits."""
_BESIDE: Final = frozenset({"ja", "ko", "th"})
"""Languages that write numbers and words without a blank in between."""
_LONGEST: Final = 15
"""Digits of a number that is read as one; a longer one is read digit by digit."""
_NOT_IN_CLDR: Final = {"kz": "kk", "tet": "pt"}
"""num2words' own codes, and where their numbers are written alike."""


class Expansion(NamedTuple):
    """What is taken out of a text as one word, and said as the words that a function returns for it.

    Examples
    --------
    >>> doctor = Expansion(either_of(["Dr."]), lambda text: "Doktor")
    >>> doctor.pattern.findall("Dr. Novák")
    ['Dr.']
    """

    pattern: re.Pattern[str]
    words: Callable[[str], str]


def either_of(texts: Iterable[str], *, lower: bool = False) -> re.Pattern[str]:
    """Return a pattern of texts that stand apart from letters and digits; the longest counts.

    Parameters
    ----------
    texts : iterable of str
        At least one.
    lower : bool
        Whether capitals and small letters are the same.
    """
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile(_apart("|".join(map(re.escape, longest_first))), re.IGNORECASE if lower else 0)


def numbers_in(language: str) -> Expansion:
    """Return how a language says numbers: cardinals and decimals.

    What is no number in the language's notation (``1.2.3``), has more than 15 digits or begins with a
    needless zero is read digit by digit.

    Parameters
    ----------
    language : str
        As num2words has it: ``sk``, ``pt_BR``.

    Raises
    ------
    ConfigError
        num2words does not know the language.
    GoldzoneError
        num2words or Babel is not installed.
    """
    try:
        from babel import Locale
        from num2words import CONVERTER_CLASSES
    except ImportError:
        raise GoldzoneError(
            "numbers need num2words and babel; install them with: pip install 'goldzone[numbers]'"
        ) from None
    code = language.replace("-", "_")
    if code not in CONVERTER_CLASSES:
        near = nearest(code, list(CONVERTER_CLASSES))
        advice = f"did you mean {near}?" if near else f"known: {', '.join(sorted(CONVERTER_CLASSES))}"
        raise ConfigError(f"numbers: num2words does not know the language {language!r}; {advice}")
    locale = Locale.parse(_NOT_IN_CLDR.get(code, code))
    group = locale.number_symbols["latn"]["group"]
    blanks = f" {_BLANKS}" if group in _BLANKS else group
    digits = rf"\d+(?:[.,'\u2019]\d+|[{re.escape(blanks)}]\d{{3}}(?!\d))*"
    pattern = re.compile(digits if code in _BESIDE else _apart(digits))
    return Expansion(pattern, lambda text: _in_words(text, code, locale, group))


def _apart(pattern: str) -> str:
    return rf"(?<!\w)(?:{pattern})(?!\w)"


def _in_words(text: str, code: str, locale: Locale, group: str) -> str:
    from num2words import num2words

    value = _value(text, locale, group)
    if value is not None:
        try:
            return str(num2words(value, lang=code))
        except (ArithmeticError, LookupError, TypeError, ValueError, NotImplementedError):
            pass  # num2words' converters fail each in its own way where a number is beyond them
    return " ".join(num2words(int(character), lang=code) for character in text if character.isdecimal())


def _value(text: str, locale: Locale, group: str) -> Decimal | int | None:
    """Return the number that is written; None: its digits are read one by one."""
    from babel.numbers import NumberFormatError, parse_decimal

    digits = sum(character.isdecimal() for character in text)
    if digits > _LONGEST or (text[0] == "0" and text[1:2].isdecimal()):
        return None
    try:
        value = parse_decimal(re.sub(rf"[ {_BLANKS}]", group, text), locale=locale, strict=True)
    except NumberFormatError:
        return None
    return int(value) if value == value.to_integral_value() else value
