"""Dictionaries read as strictly as the tools' documentation has them; `ValueError` for all else.

MFA: "Pronunciation dictionary format" of its user guide. Kaldi: what its check of ``data/local/dict`` asks
of ``lexicon.txt`` and ``lexiconp.txt``. sherpa-onnx: what it reads of a VITS ``lexicon.txt``: words in small
letters, the first row of a word alone, and no row with a phone that ``tokens.txt`` lacks.
"""

from __future__ import annotations

from collections.abc import Collection

Row = tuple[str, tuple[float, ...], tuple[str, ...]]
"""Word, probabilities, phones."""


def mfa_rows(text: str) -> list[Row]:
    rows: list[Row] = []
    for line in _lines(text):
        word, *figures, phones = line.split("\t")
        _demand(len(figures) in {0, 1, 4}, "none, one or four figures", line)
        probabilities = tuple(map(float, figures))
        _demand(all(0.01 <= figure <= 1 for figure in probabilities[:1]), "0.01 to 1", line)
        _demand(all(figure > 0 for figure in probabilities), "figures above 0", line)
        rows.append((_token(word, line), probabilities, _tokens(phones, line)))
    _demand(len(set(rows)) == len(rows), "each row once", text)
    return rows


def kaldi_rows(text: str, *, probabilities: bool) -> list[Row]:
    rows: list[Row] = []
    for line in _lines(text):
        word, *phones = _tokens(line, line)
        figures = (float(phones.pop(0)),) if probabilities and phones else ()
        _demand(all(0 < figure <= 1 for figure in figures), "above 0, to 1", line)
        _demand(word not in {"<s>", "</s>", "<eps>", "#0"}, "a word", line)
        _demand(bool(phones), "a pronunciation", line)
        _demand(not any(p.startswith("#") or p == "<eps>" for p in phones), "phones", line)
        rows.append((word, figures, tuple(phones)))
    said = [(word, phones) for word, _, phones in rows]
    _demand(len(set(said)) == len(said), "each row once", text)
    return rows


def sherpa_rows(text: str, tokens: Collection[str]) -> list[Row]:
    rows: list[Row] = []
    for line in _lines(text):
        word, *phones = _tokens(line, line)
        _demand(word == word.lower(), "small letters", line)
        _demand(bool(phones), "a pronunciation", line)
        _demand(all(phone in tokens for phone in phones), "phones of tokens.txt", line)
        rows.append((word, (), tuple(phones)))
    words = [word for word, _, _ in rows]
    _demand(len(set(words)) == len(words), "each word once", text)
    return rows


def _lines(text: str) -> list[str]:
    """Split at line feeds alone; the last line has one too."""
    if not text:
        return []
    _demand(text.endswith("\n"), "a line feed at the end", text)
    lines = text[:-1].split("\n")
    for line in lines:
        _demand(all(c in "\t " or not (c.isspace() or c < " ") for c in line), "no other blanks", line)
    return lines


def _tokens(text: str, line: str) -> tuple[str, ...]:
    """Split at single blanks."""
    return tuple(_token(token, line) for token in text.split(" "))


def _token(text: str, line: str) -> str:
    _demand(bool(text) and not any(map(str.isspace, text)), "something between the blanks", line)
    return text


def _demand(holds: bool, what: str, where: str) -> None:
    if not holds:
        raise ValueError(f"{where!r}: {what}")
