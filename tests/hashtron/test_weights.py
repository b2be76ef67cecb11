from __future__ import annotations

import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from goldzone.errors import ModelFormatError
from goldzone.hashtron.architecture import Architecture
from goldzone.hashtron.lzw import lzw_compress
from goldzone.hashtron.network import Network
from goldzone.hashtron.neuron import BitTable, Hashtron
from goldzone.hashtron.presets import context_committee, isalnum, preset
from goldzone.hashtron.weights import format_weights, parse_weights, read_weights, text_limit, write_weights
from tests.golden import GOLDEN, NETWORKS, golden_inputs, golden_network
from tests.naive.hashtron_weights import naive_read_weights


@pytest.mark.parametrize("name", NETWORKS)
def test_a_reference_file_gives_the_reference_network(name: str) -> None:
    assert read_weights(GOLDEN / f"net_{name}.zlib", preset(name)) == golden_network(name)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_naive_twin_reads_a_reference_file_too(name: str) -> None:
    assert naive_read_weights(GOLDEN / f"net_{name}.zlib") == golden_network(name).neurons


@pytest.mark.parametrize("name", NETWORKS)
def test_the_text_is_the_reference_text(name: str) -> None:
    text = zlib.decompress((GOLDEN / f"net_{name}.zlib").read_bytes())
    assert format_weights(golden_network(name).neurons) == text


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("suffix", [".json.zlib", ".json.lzw"])
def test_what_is_written_is_read(name: str, suffix: str, tmp_path: Path) -> None:
    network = golden_network(name)
    path = tmp_path / f"weights{suffix}"
    write_weights(path, network)
    assert read_weights(path, network.architecture) == network
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_bit_tables_are_written_as_hashtrons_of_the_same_function(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    architecture = context_committee(6)
    tables = tuple(BitTable.from_bits(i, generator.integers(0, 2, 30)) for i in range(7))
    network = Network(architecture, tables)
    write_weights(tmp_path / "w.json.zlib", network)
    again = read_weights(tmp_path / "w.json.zlib", architecture)
    inputs = generator.integers(0, 2**32, (500, 6), dtype=np.uint32)
    assert np.array_equal(again.infer(inputs), network.infer(inputs))


def test_maxima_are_differences_and_salts_are_chained() -> None:
    neurons = (Hashtron(((5, 10), (7, 4), (7, 9), (0, 0), (1, 3))), Hashtron((), b"\x0a\xff"), Hashtron())
    text = b'[\n[[5,10],[2,6],[0,-5],[7,9],[1,3]],\n["0aff"],\n[]]\n'
    assert format_weights(neurons) == text
    assert parse_weights(text, 3, "file") == neurons


def test_white_space_between_tokens_is_allowed() -> None:
    text = b' [ [ [ 5 , 10 ] ,\r\n\t"0a" ] , [ ] ]  \n'
    assert parse_weights(text, 2, "file") == (Hashtron(((5, 10),), b"\x0a"), Hashtron())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "byte 0 of the text: Expecting value"),
        (b"{}", "holds no list of neurons, the architecture has 2"),
        (b"[", "byte 1 of the text: Expecting value"),
        (b"[" * 100_000, "the text is no list of neurons"),
        (b"[" + b"1" * 5000 + b"]", "the text is no list of neurons"),
        (b"[]", "holds 0 neurons, the architecture has 2"),
        (b"[[],[[1,2]]]", "neuron 0 is empty"),
        (b"[[[1,2]]]", "holds 1 neurons, the architecture has 2"),
        (b"[[[1,2]],[[1,2]],[[1,2]]]", "holds 3 neurons, the architecture has 2"),
        (b"[[[1,2]],[[1,2]]", "byte 16 of the text: Expecting ',' delimiter"),
        (b"[[[1,2]],[[1,2]]]x", "byte 17 of the text: Extra data"),
        (b"[[[1,2]],7]", "neuron 1: is no list of program rows"),
        (b"[[[1,2]],[7]]", "neuron 1: program row 0 is not two integers"),
        (b"[[[1,2]],[[7]]]", "program row 0 is not two integers"),
        (b"[[[1,2]],[[1,2],[1,2,3]]]", "program row 1 is not two integers"),
        (b'[[[1,2]],["0a",[1,2]]]', "program row 0 is not two integers"),
        (b"[[[1,2]],[[1.5,2]]]", "program row 0 is not two integers"),
        (b"[[[1,2]],[[1e3,2]]]", "program row 0 is not two integers"),
        (b"[[[1,2]],[[true,2]]]", "program row 0 is not two integers"),
        (b"[[[1,2]],[[NaN,2]]]", "program row 0 is not two integers"),
        (b"[[[1,2]],[[01,2]]]", "byte 12 of the text: Expecting ',' delimiter"),
        (b"[[[1,2]],[[4294967296,2]]]", "neuron 1: neuron salt in row 0 is 4294967296"),
        (b"[[[1,2]],[[1,4294967296]]]", "maximum in row 0 is 4294967296"),
        (b"[[[1,2]],[[-1,2]]]", "salt in row 0 is -1"),
        (b"[[[1,2]],[[1,-2]]]", "maximum in row 0 is -2"),
        (b"[[[1,2]],[[1,2],[0,3]]]", "maximum in row 1 is -1"),
        (b"[[[1,2]],[[1,4294967295],[0,-1]]]", "maximum in row 1 is 4294967296"),
        (b'[[[1,2]],["0"]]', "neuron 1: the filter is not lower-case hex, two digits a byte"),
        (b'[[[1,2]],[""]]', "the filter is not lower-case hex"),
        (b'[[[1,2]],["0A"]]', "the filter is not lower-case hex"),
        (b'[[[1,2]],["0a 0b"]]', "the filter is not lower-case hex"),
        (b'[[[1,2]],["0g"]]', "neuron 1: the filter is not lower-case hex, two digits a byte"),
        (b'[[[1,2]],["0\xff"]]', "byte 12 of the text is not ASCII"),
        (b'[[[1,2]],["0a]]', "byte 10 of the text: Unterminated string"),
    ],
)
def test_damaged_text_is_located(text: bytes, message: str) -> None:
    with pytest.raises(ModelFormatError, match=r"^file: .*; check the architecture or copy") as caught:
        parse_weights(text, 2, "file")
    assert re.search(message, str(caught.value))
    assert "\n" not in str(caught.value)


def test_an_empty_first_neuron_is_not_written() -> None:
    with pytest.raises(ModelFormatError, match="neuron 0 are empty"):
        format_weights([Hashtron(), Hashtron(((1, 2),))])


def test_a_zlib_bomb_is_refused_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.zlib"
    path.write_bytes(zlib.compress(b"[" + b" " * 50_000_000, 9))
    with pytest.raises(ModelFormatError, match=f"more than {text_limit(isalnum())} bytes"):
        read_weights(path, isalnum())


def test_an_lzw_bomb_is_refused_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json.lzw"
    path.write_bytes(lzw_compress(b"[" + b" " * 5_000_000))
    with pytest.raises(ModelFormatError, match=r"bomb.json.lzw: unpacks to more than \d+ bytes"):
        read_weights(path, isalnum())


def test_the_limit_can_be_raised_and_lowered(tmp_path: Path) -> None:
    path = tmp_path / "w.json.zlib"
    network = Network(isalnum(), (Hashtron((), bytes(700_000)),))
    write_weights(path, network)
    with pytest.raises(ModelFormatError, match="raise the limit"):
        read_weights(path, isalnum())
    assert read_weights(path, isalnum(), max_text_bytes=2_000_000) == network
    (tmp_path / "big.json.zlib").write_bytes(bytes(3_000_000))
    with pytest.raises(ModelFormatError, match="larger than"):
        read_weights(tmp_path / "big.json.zlib", isalnum())


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda raw: raw[:-1], "cut off at byte"),
        (lambda raw: b"", "cut off at byte 0"),
        (lambda raw: raw + b"!", "data after the end of the zlib stream"),
        (lambda raw: raw + bytes(2000), "data after the end of the zlib stream"),
        (lambda raw: b"\x00" + raw[1:], "zlib stream is damaged before byte"),
        (lambda raw: raw[:900] + bytes([raw[900] ^ 1]) + raw[901:], "is damaged before byte"),
    ],
)
def test_a_damaged_stream_is_located(damage: object, message: str, tmp_path: Path) -> None:
    assert callable(damage)
    path = tmp_path / "w.zlib"
    path.write_bytes(damage((GOLDEN / "net_ulevel.zlib").read_bytes()))
    with pytest.raises(ModelFormatError, match=f"w.zlib: .*{message}"):
        read_weights(path, preset("ulevel"))


def test_a_file_of_another_network_is_refused() -> None:
    with pytest.raises(ModelFormatError, match="holds 241 neurons, the architecture has 105"):
        read_weights(GOLDEN / "net_ulevel.zlib", preset("mnist"))
    with pytest.raises(ModelFormatError, match="holds 105 neurons, the architecture has 241"):
        read_weights(GOLDEN / "net_mnist.zlib", preset("isvirus"))


def test_a_missing_file_and_an_unknown_suffix_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=r"nothing\.zlib: cannot be read .No such file"):
        read_weights(tmp_path / "nothing.zlib", isalnum())
    with pytest.raises(ModelFormatError, match=r"unknown suffix '.txt'"):
        read_weights(tmp_path / "w.txt", isalnum())
    network = Network(isalnum(), (Hashtron(((1, 2),)),))
    with pytest.raises(ModelFormatError, match="unknown suffix"):
        write_weights(tmp_path / "w", network)
    with pytest.raises(ModelFormatError, match="cannot be written"):
        write_weights(tmp_path / "no" / "folder.zlib", network)


def attempt(path: Path, architecture: Architecture) -> tuple[Network | None, str]:
    """Return the network, or the message of the error that refused the file."""
    try:
        return read_weights(path, architecture), ""
    except ModelFormatError as error:
        return None, str(error)


def test_damage_is_refused_or_harmless(tmp_path: Path) -> None:
    intact = golden_network("mnist")
    raw = (GOLDEN / "net_mnist.zlib").read_bytes()
    generator = np.random.default_rng(1)
    path = tmp_path / "w.zlib"
    for number in range(2000):
        damaged = bytearray(raw)
        offset = int(generator.integers(len(raw)))
        if number % 4:
            damaged[offset] ^= 1 << int(generator.integers(8))
        else:
            del damaged[offset:]
        path.write_bytes(damaged)
        network, message = attempt(path, intact.architecture)
        assert network == intact or (network is None and message.startswith(f"{path}: "))


def test_damaged_lzw_never_crashes(tmp_path: Path) -> None:
    # This format has no checksum: a flipped digit can only be noticed where it breaks the grammar.
    intact = golden_network("mnist")
    path = tmp_path / "w.lzw"
    write_weights(path, intact)
    raw = path.read_bytes()
    generator = np.random.default_rng(1)
    refused = 0
    for _ in range(500):
        damaged = bytearray(raw)
        damaged[int(generator.integers(len(raw)))] ^= 1 << int(generator.integers(8))
        path.write_bytes(damaged)
        network, message = attempt(path, intact.architecture)
        if network is None:
            refused += 1
            assert message.startswith(f"{path}: ")
        else:
            network.infer(golden_inputs("mnist")[:2])
    assert refused > 250
