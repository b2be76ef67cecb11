"""Languages by their BCP 47 or ISO 639 tags: `fr`, `slk`, `zh-Hant` for folders of English names.

Names and tags are those of Unicode's CLDR, by way of langcodes, an extra (``goldzone[names]``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from typing import Final

__all__ = ["can_read_tags", "looks_like_tag", "tagged"]

_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_NUMBER: Final = re.compile(r"\d+$")


def looks_like_tag(name: str) -> bool:
    """Tell whether a name has the form of a tag: two or three letters, perhaps with script and region."""
    return _TAG.fullmatch(name) is not None


def can_read_tags() -> bool:
    """Tell whether langcodes is installed."""
    return find_spec("langcodes") is not None


def tagged(tag: str, names: Iterable[str]) -> list[str]:
    """Return the languages that a tag may mean; without langcodes none.

    Parameters
    ----------
    tag : str
    names : iterable of str
        Folders such as "french" or "chinese/mandarin".

    Returns
    -------
    list of str
        Those of the tag's language: the folder of the language itself alone, if the tag names no more.
    """
    if not can_read_tags():
        return []
    import langcodes
    from langcodes.tag_parser import LanguageTagError

    try:
        wanted = langcodes.Language.get(tag)
    except LanguageTagError:
        return []
    if not wanted.is_valid():
        return []
    language = wanted.to_alpha3()
    listed = [name for name in names if any(_alpha3(part) == language for part in name.split("/"))]
    plain = [name for name in listed if "/" not in name]
    more = wanted.territory or wanted.script or wanted.variants
    return plain if plain and not more else listed


@lru_cache(maxsize=1024)
def _alpha3(name: str) -> str | None:
    """Return the ISO 639-3 code of a language's English name; None for what is none."""
    import langcodes

    try:
        return str(langcodes.find(_NUMBER.sub("", name)).to_alpha3())
    except LookupError:
        return None
