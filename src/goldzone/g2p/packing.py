"""A model packed with the words that it says wrong: a dictionary that can say new words too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from goldzone.data.lexicon import Entry
from goldzone.data.notation import Segments
from goldzone.data.split import word_key
from goldzone.g2p.decoder import Decoder
from goldzone.g2p.model import G2PModel
from goldzone.g2p.word_breaks import is_unspaced

__all__ = ["pack_model"]


def pack_model(model: G2PModel, entries: Sequence[Entry], *, threads: int = 1) -> G2PModel:
    """Return the model with exceptions, so that each of the words is said as it is listed.

    A word is an exception unless what the model says of it is its first listed pronunciation. Of scripts that
    write words without blanks the keys of all words are packed too, 8 bytes each: texts are cut by them.

    Parameters
    ----------
    model : G2PModel
        What exceptions it has are replaced.
    entries : sequence of Entry
    threads : int
        Changes the speed, never the result.
    """
    decoder = Decoder(replace(model, exceptions={}))
    beam = model.trained_with().decoding.beam
    said = decoder.decode([decoder.letters(entry.word) for entry in entries], beam=beam, threads=threads)
    write = model.notation.write
    exceptions: dict[str, tuple[Segments, ...]] = {
        entry.word: entry.pronunciations
        for entry, found in zip(entries, said, strict=True)
        if found[0].text != write(entry.pronunciations[0])
    }
    right = {entry.word for entry in entries}.difference(exceptions)
    # A word that is not listed is looked up in small letters: its own are no exception if they are right.
    exceptions |= {
        entry.word: entry.pronunciations
        for entry in entries
        if model.settings.lower and entry.word in right and entry.word.lower() in exceptions
    }
    unspaced = sum(any(map(is_unspaced, entry.word)) for entry in entries) > len(entries) / 2
    keys = frozenset(word_key(entry.word) for entry in entries) if unspaced else frozenset()
    return replace(model, exceptions=exceptions, word_keys=keys)
