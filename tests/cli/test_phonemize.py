from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
        *("voda", "mesto", "dve slová", "dom")
    ]


def test_more_words_than_a_batch(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder, "--threads", "2", stdin=b"voda\nmesto\n" * 1100)
    assert (
        finished.out.splitlines()
        == goldzone("phonemize", run_folder, "voda", "mesto").out.splitlines() * 1100
    )


def test_no_words_are_no_lines(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder)
    assert (finished.code, finished.out, finished.err) == (0, "", "")


def test_bytes_that_are_no_text_are_letters_that_say_nothing(goldzone: Goldzone, run_folder: Path) -> None:
    finished = goldzone("phonemize", run_folder, stdin=b"\xff\xfe\nvoda\n")
    assert finished.code == 0
    unknown, known = finished.out.splitlines()
    assert unknown == "\ufffd\ufffd\t"
    assert known == goldzone("phonemize", run_folder, "voda").out.rstrip("\n")


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
            {"ipa": p.text, "segments": list(p.segments), "log2_probability": p.log2_probability}
            for p in expected
        ],
    }
    assert second == {
        "word": "😀",
        "pronunciations": [{"ipa": "", "segments": [], "log2_probability": 0.0}],
    }


def test_models_that_cannot_be_read_are_one_line(goldzone: Goldzone, run_folder: Path) -> None:
    assert complaint(goldzone("phonemize", "nothing", "voda")).startswith("nothing: cannot be read")
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
