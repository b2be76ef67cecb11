"""How answers are written for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from goldzone.g2p.answers import Answer

__all__ = ["as_json", "as_rows", "dumps"]


def as_json(answer: Answer, line: int) -> dict[str, Any]:
    """Return an answer as JSON values; `line` is the number of its input line, from 1."""
    ranked = [
        {
            "ipa": said.text,
            "segments": list(said.segments),
            "log2_probability": said.log2_probability,
            "probability": said.probability,
        }
        for said in answer.pronunciations
    ]
    return {
        "word": answer.word,
        "pronunciations": ranked,
        "source": answer.source,
        **({"read_as": [word.word for word in answer.read_as]} if answer.read_as else {}),
        "unknown": list(answer.unknown),
        "line": line,
    }


def as_rows(answer: Answer) -> Iterator[str]:
    """Write a row for each pronunciation: word, pronunciation, probability, source, unknown letters."""
    for said in answer.pronunciations:
        unknown = " ".join(answer.unknown)
        yield "\t".join((answer.word, said.text, f"{said.probability:.4f}", answer.source, unknown))


def dumps(values: Mapping[str, Any]) -> str:
    """Write JSON values in a line."""
    return json.dumps(values, ensure_ascii=False)
