from __future__ import annotations

from pathlib import Path

import pytest

from goldzone.data.homographs import (
    Sentence,
    homograph_samples,
    homograph_table,
    read_sentences,
    split_sentences,
)
from goldzone.errors import ConfigError, DataError

READ_NOW = ("ɹ", "iː", "d")
READ_THEN = ("ɹ", "ɛ", "d")


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "multi.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def sentence(text: str, **given: tuple[str, ...]) -> Sentence:
    words = tuple(text.split())
    return Sentence(words, tuple(given.get(word) for word in words))


def test_words_and_their_fields_are_read_side_by_side(tmp_path: Path) -> None:
    file = read_sentences(write(tmp_path, "i read that\t_ 'ɹiːd _\nlead pipe\tlɛd _\n"))
    assert file.sentences == (
        Sentence(("i", "read", "that"), (None, ("'ɹ", "iː", "d"), None)),
        Sentence(("lead", "pipe"), (("l", "ɛ", "d"), None)),
    )
    assert file.name == "multi"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("i read", "no tab between sentence and pronunciations"),
        ("i read\t_", "another number of pronunciations than words"),
        ("i  read\t_ _ ɹɛd", "empty word"),
        ("i read\t_ _", "no pronunciation given"),
        ("i read\t_ ", "pronunciation without a sound"),
        ("i read\t_ ˈ", "pronunciation without a sound"),
        ("a " * 600 + "a\t" + "_ " * 600 + "a", "too long"),
    ],
)
def test_an_unusable_row_is_skipped_and_counted(tmp_path: Path, row: str, reason: str) -> None:
    path = write(tmp_path, f"i read\t_ ɹɛd\n{row}\ni read\t_ ɹɛd\n")
    report = read_sentences(path).report
    assert (report.rows, report.used, report.duplicates) == (3, 1, 1)
    assert [(skipped.reason, skipped.first_lines) for skipped in report.skipped] == [(reason, (2,))]


def test_a_file_without_a_usable_row_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no usable row; give a file with sentence<TAB>"):
        read_sentences(write(tmp_path, "i read\n"))


TRAIN = (
    sentence("i read now", read=READ_NOW),
    sentence("Read it", Read=READ_THEN),
    sentence("i read then", read=READ_THEN),
    sentence("the lead", lead=("l", "iː", "d")),
)


def test_the_table_ranks_the_pronunciations_seen_in_training() -> None:
    table = homograph_table(TRAIN)
    assert dict(table.counts["read"]) == {READ_THEN: 2, READ_NOW: 1}
    assert table.candidates("READ") == (READ_THEN, READ_NOW)
    assert table.candidates("i") == ()
    assert list(table.counts) == ["lead", "read"]


def test_the_table_does_not_depend_on_the_order_of_the_sentences() -> None:
    equal = (sentence("read", read=READ_NOW), sentence("read", read=READ_THEN))
    assert homograph_table(equal).candidates("read") == homograph_table(equal[::-1]).candidates("read")


def test_rare_pronunciations_can_be_left_out_of_the_table() -> None:
    table = homograph_table(TRAIN, min_count=2)
    assert table.candidates("read") == (READ_THEN,)
    assert "lead" not in table.counts
    with pytest.raises(ConfigError, match="min_count"):
        homograph_table(TRAIN, min_count=0)


def test_each_marked_word_is_a_sample_with_the_candidates_of_the_table() -> None:
    held_out = Sentence(("lead", "to", "read"), (("l", "ɛ", "d"), None, READ_NOW))
    first, second = homograph_samples([held_out], homograph_table(TRAIN))
    assert (first.position, first.right, first.candidates) == (0, ("l", "ɛ", "d"), (("l", "iː", "d"),))
    assert (second.position, second.right, second.candidates) == (2, READ_NOW, (READ_THEN, READ_NOW))
    assert first.words == ("lead", "to", "read")


def test_a_sentence_marked_twice_or_in_capitals_stays_on_one_side() -> None:
    sentences = [sentence(f"they read page {number}", read=READ_NOW) for number in range(400)]
    again = [Sentence(s.words, (None, READ_THEN, None, None)) for s in sentences]
    capitals = [Sentence(tuple(w.upper() for w in s.words), s.pronunciations) for s in sentences]
    split = split_sentences([*sentences, *again, *capitals])
    sides = [{" ".join(s.words).lower() for s in part} for part in (split.train, split.dev, split.test)]
    assert sum(map(len, sides)) == 400
    assert len(sides[0]) == pytest.approx(320, abs=40)
    assert sum(map(len, (split.train, split.dev, split.test))) == 1200
