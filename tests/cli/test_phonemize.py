from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from goldzone.g2p.expansions import numbers_in
from goldzone.g2p.phonemizer import Phonemizer
from tests.cli.conftest import Goldzone, complaint


def test_words_are_said_in_order(goldzone: Goldzone, run_folder: Path) -> None:
    phonemizer = Phonemizer.load(run_folder)
    finished = goldzone("phonemize", run_folder, "voda", "mesto", "voda")
    assert (finished.code, finished.err) == (0, "")
    assert finished.out == "".join(f"{word}\t{phonemizer(word)}\n" for word in ("voda", "mesto", "voda"))


def test_a_model_file_serves_as_well(goldzone: Goldzone, run_folder: Path) -> None:
    of_file = goldzone("phonemize", run_folder / "model" / "model.goldzone", "voda")
    assert of_file == goldzone("phonemize", run_folder, "voda")


def test_standard_input_is_read_line_by_line(goldzone: Goldzone, run_folder: Path) -> None:
    stdin = "\ufeffvoda\r\n\n  mesto \ndve slová\n\tdom".encode()
    finished = goldzone("phonemize", run_folder, stdin=stdin)
    assert [line.partition("\t")[0] for line in finished.out.splitlines()] == [
        *("voda", "", "mesto", "dve slová", "dom")  # a line for each line
    ]


@pytest.mark.parametrize("end", [b"\r", b"\r\n"])
def test_lines_of_standard_input_end_as_on_any_machine(
    goldzone: Goldzone, run_folder: Path, end: bytes
) -> None:
    words = [b"voda", b"", b"mesto", b"dom"]
    finished = goldzone("phonemize", run_folder, stdin=end.join(words))
    assert finished == goldzone("phonemize", run_folder, stdin=b"\n".join(words))
    assert len(finished.out.splitlines()) == 4


def test_more_words_than_a_batch(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder, "--threads", "2", stdin=b"voda\nmesto\n" * 1100)
    assert (
        finished.out.splitlines()
        == goldzone("phonemize", run_folder, "voda", "mesto").out.splitlines() * 1100
    )


def test_no_words_are_no_lines(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder)
    assert (finished.code, finished.out, finished.err) == (0, "", "")


def test_bytes_that_are_no_text_are_refused_by_their_line(goldzone: Goldzone, run_folder: Path) -> None:
    line = complaint(goldzone("phonemize", run_folder, stdin=b"voda\n\xc3\n"))
    assert line == "standard input: line 2 is not UTF-8 text; convert it (iconv -t UTF-8)"
    line = complaint(goldzone("phonemize", run_folder, stdin="žluťoučký kůň\n".encode("windows-1250")))
    assert line == (
        "standard input: line 1 is not UTF-8 text; it looks like windows-1250: "
        "convert it (iconv -f windows-1250 -t UTF-8)"
    )


def test_signs_around_a_word_do_not_change_its_sound(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder, "voda", "Voda!", "„voda“", "(voda).")
    assert len({line.partition("\t")[2] for line in finished.out.splitlines()}) == 1


def test_a_sentence_is_said_word_by_word(goldzone: Goldzone, run_folder: Path) -> None:
    say = Phonemizer.load(run_folder)
    stdin = b"Voda, [mesto](/mEsto/)!\n"
    assert goldzone("phonemize", run_folder, stdin=stdin).out == (
        f"Voda, [mesto](/mEsto/)!\t{say('voda')} mEsto\n"
    )
    text = goldzone("phonemize", run_folder, "--format", "text", "--punctuation", "keep", stdin=stdin)
    assert text.out == f"{say('voda')}, mEsto!\n"
    split = goldzone("phonemize", run_folder, "--separator", "-", "--word-separator", "#", stdin=stdin)
    assert split.out.partition("\t")[2] == "-".join(say.n_best("voda", 1)[0].segments) + "#m-E-s-t-o\n"


def test_what_cannot_be_said_is_said(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder, "voda", "42", "чат", "3voda")
    assert finished.code == 0
    assert finished.err.startswith("warning: 3 words hold letters that the model has never seen (")
    told = [json.loads(line) for line in goldzone("phonemize", run_folder, "42", "--json").out.splitlines()]
    assert told[0]["unknown"] == ["4", "2"]
    assert told[0]["pronunciations"][0]["probability"] < 0.001
    kept = goldzone("phonemize", run_folder, "3voda", "--unknown", "keep")
    assert kept.out == f"3voda\t3{Phonemizer.load(run_folder)('voda')}\n"
    line = complaint(goldzone("phonemize", run_folder, "3voda", "--unknown", "fail"))
    assert line.startswith("line 1: 3voda: the model has never seen 3; ")


def test_further_columns_are_counted_and_not_said(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder, stdin=b"voda\tabc\nmesto\n")
    assert finished.out == goldzone("phonemize", run_folder, "voda", "mesto").out
    assert finished.err == "warning: 1 line has further columns, which are not read\n"


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("kaldi", "{word} {a}", "{word} {b}"),
        ("sherpa", "{word} {a}", None),
        ("mfa", "{word}\t{a}", "{word}\t{b}"),
        ("cmudict", "{word}  {a}", "{word}(2)  {b}"),
    ],
)
def test_dictionaries_of_other_tools(
    goldzone: Goldzone, run_folder: Path, name: str, first: str, second: str | None
) -> None:
    (found,) = Phonemizer.load(run_folder).phonemize(["slovo"], n_best=2)
    a, b = (" ".join(said.segments) for said in found)
    finished = goldzone("phonemize", run_folder, "slovo, slovo", "--n-best", "2", "--format", name)
    expected = [line.format(word="slovo", a=a, b=b) for line in (first, second) if line]
    assert finished.out.splitlines() == expected


def test_what_a_dictionary_cannot_have_is_told(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder, "--whole-lines", "--format", "kaldi", "<voda>", "voda")
    assert [line.split()[0] for line in finished.out.splitlines()] == ["voda"]
    assert finished.err.splitlines()[-1] == (
        "warning: 1 word that kaldi takes for something else is left out: <voda>"
    )


def test_a_format_that_there_is_not_is_refused(goldzone: Goldzone, run_folder: Path) -> None:
    line = complaint(goldzone("phonemize", run_folder, "voda", "--format", "festival"))
    assert line.startswith(
        "Invalid value for '--format': 'festival' is none of pairs, text, tsv, json, mfa, "
    )


def test_overrides_come_before_the_model(goldzone: Goldzone, run_folder: Path) -> None:
    Path("mine.tsv").write_text("Voda\txyz\n", encoding="utf-8")
    finished = goldzone("phonemize", run_folder, "Voda", "voda", "--overrides", "mine.tsv", "--format", "tsv")
    rows = [line.split("\t") for line in finished.out.splitlines()]
    assert rows[0] == ["Voda", "xyz", "1.0000", "override", ""]
    assert rows[1][3] == "model"


def test_abbreviations_and_phrases_are_found_in_a_text(goldzone: Goldzone, run_folder: Path) -> None:
    Path("mine.tsv").write_text("z.B.\tabc\nnová voda\txyz\n", encoding="utf-8")
    finished = goldzone("phonemize", run_folder, "mesto z.B. Nová voda", "--overrides", "mine.tsv")
    say = Phonemizer.load(run_folder)
    assert finished.out == f"mesto z.B. Nová voda\t{say('mesto')} abc xyz\n"


def test_digits_are_read_as_numbers(goldzone: Goldzone, run_folder: Path) -> None:
    say = Phonemizer.load(run_folder)
    words = numbers_in("sk").words("2,5").split()
    parts = list(map(say, words))
    text = "voda 2,5!"
    finished = goldzone("phonemize", run_folder, "--numbers", "sk", "--separator", "", text)
    assert (finished.err, finished.out) == ("", f"{text}\t{' '.join([say('voda'), *parts])}\n")
    (told,) = map(
        json.loads, goldzone("phonemize", run_folder, "--numbers", "sk", "--json", "2,5").out.splitlines()
    )
    assert (told["word"], told["source"], told["read_as"]) == ("2,5", "expansion", words)
    assert told["pronunciations"][0]["ipa"] == "".join(parts)
    listed = goldzone("phonemize", run_folder, "--numbers", "sk", "--format", "kaldi", "2,5").out
    assert listed.startswith("2,5 ")
    without = goldzone("phonemize", run_folder, "2,5")
    assert without.err.endswith("; --numbers LANGUAGE reads digits as numbers\n")


def test_an_override_counts_more_than_a_number(goldzone: Goldzone, run_folder: Path) -> None:
    Path("mine.tsv").write_text("42\tabc\n", encoding="utf-8")
    finished = goldzone("phonemize", run_folder, "42", "--numbers", "sk", "--overrides", "mine.tsv")
    assert finished.out == "42\tabc\n"


def test_letters_of_numbers_that_cannot_be_said_are_told(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder, "--numbers", "ru", "--format", "tsv", "3")
    row = finished.out.rstrip("\n").split("\t")
    assert (row[0], row[3], row[4]) == ("3", "expansion", "т р и")
    assert finished.err.startswith("warning: 1 word holds letters that the model has never seen (")


def test_a_word_is_answered_as_soon_as_its_line_is_there(run_folder: Path) -> None:
    command = [str(Path(sys.executable).with_name("goldzone")), "phonemize", str(run_folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for word in (b"voda", "ďateľ".encode()):
            process.stdin.write(word + b"\n")
            process.stdin.flush()
            assert process.stdout.readline().startswith(word + b"\t")
        process.stdin.close()
        assert process.stdout.read() == b""


def test_a_word_cut_by_the_end_of_a_block_is_one_word(goldzone: Goldzone, run_folder: Path) -> None:
    words = ["a" * (length % 7 + 1) + "ž" for length in range(20_000)]
    finished = goldzone("phonemize", run_folder, "--beam", "1", stdin="\n".join(words).encode())
    assert [line.partition("\t")[0] for line in finished.out.splitlines()] == words


def test_words_that_look_like_options(goldzone: Goldzone, run_folder: Path) -> None:
    assert goldzone("phonemize", run_folder, "--", "-voda").out.startswith("-voda\t")


def test_several_pronunciations_come_with_probabilities(goldzone: Goldzone, run_folder: Path) -> None:
    (ranked,) = Phonemizer.load(run_folder).phonemize(["slovo"], n_best=3, beam=2)
    finished = goldzone("phonemize", run_folder, "slovo", "--n-best", "3", "--beam", "2")
    assert finished.out.splitlines() == [f"slovo\t{p.text}\t{p.log2_probability:.3f}" for p in ranked]
    assert len(ranked) == 3


def test_json_is_one_object_a_word(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder, "--json", "--n-best", "2", "žaba", "😀")
    first, second = map(json.loads, finished.out.splitlines())
    expected = Phonemizer.load(run_folder).n_best("žaba", 2)
    assert first == {
        "word": "žaba",
        "pronunciations": [
            {
                "ipa": p.text,
                "segments": list(p.segments),
                "log2_probability": p.log2_probability,
                "probability": 2.0**p.log2_probability,
            }
            for p in expected
        ],
        "source": "model",
        "unknown": [],
        "line": 1,
    }
    assert (second["word"], second["unknown"], second["line"]) == ("😀", ["😀"], 2)
    assert second["pronunciations"][0]["segments"] == []
    assert second["pronunciations"][0]["probability"] < 0.1


def test_models_that_cannot_be_read_are_one_line(goldzone: Goldzone, run_folder: Path) -> None:
    assert complaint(goldzone("phonemize", "nothing", "voda")).startswith("nothing: cannot be read")
    shutil.copytree(run_folder, "unfinished")
    Path("unfinished/model/model.goldzone").unlink()
    assert complaint(goldzone("phonemize", "unfinished", "voda")) == (
        "unfinished: is an unfinished run; go on with it (goldzone resume)"
    )
    damaged = bytearray((run_folder / "model" / "model.goldzone").read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    Path("damaged.goldzone").write_bytes(damaged)
    assert complaint(goldzone("phonemize", "damaged.goldzone", "voda")).startswith("damaged.goldzone: ")
    Path("empty").mkdir()
    assert complaint(goldzone("phonemize", "empty", "voda")).startswith("empty/model/model.goldzone: ")


def test_a_reader_that_goes_away_is_no_error(run_folder: Path) -> None:
    command = [str(Path(sys.executable).with_name("goldzone")), "phonemize", str(run_folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"voda\n" * 3000)
        process.stdin.close()
        assert process.stdout.readline().startswith(b"voda\t")
        process.stdout.close()
        assert process.stderr.read() == b""


def test_texts_without_blanks_are_cut_by_the_words_that_were_learnt(
    goldzone: Goldzone, quick_toml: Path
) -> None:
    syllables = {
        a + b: f"{x}{y}"
        for a, x in zip("かさたなは", "ksthn", strict=True)
        for b, y in zip("いうえ", "iue", strict=True)
    }
    words = {a + b: f"{x}{y}" for a, x in syllables.items() for b, y in syllables.items()}
    Path("kana.tsv").write_text(
        "".join(f"{word}\t{said}\n" for word, said in words.items()), encoding="utf-8"
    )
    assert goldzone("train", "kana.tsv", "--config", quick_toml, "--out", "run").code == 0
    assert goldzone("pack", "run", "--out", "kana.goldzone").code == 0
    for model in ("run", "kana.goldzone"):
        said = goldzone("phonemize", model, "--format", "tsv", "かいさうたえなう。はいかう")
        assert [row.split("\t")[0] for row in said.out.splitlines()] == ["かいさう", "たえなう", "はいかう"]
    text = goldzone(
        "phonemize", "kana.goldzone", "--format", "text", "--punctuation", "keep", "かいさうたえなう。"
    )
    assert text.out == f"{words['かいさう']} {words['たえなう']}。\n"
