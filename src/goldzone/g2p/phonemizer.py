"""The phonemizer: train one, load one, ask it for words."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from goldzone.data.builtin import builtin_names, load_builtin
from goldzone.data.lexicon import Lexicon, read_lexicon
from goldzone.data.notation import Segments
from goldzone.data.settings import DEFAULT_SETTINGS, LanguageSettings
from goldzone.data.split import word_key
from goldzone.errors import ConfigError
from goldzone.g2p.answers import Answer, Source
from goldzone.g2p.decoder import Decoder, Pronunciation
from goldzone.g2p.evaluation import Diagnosis, diagnose_model, evaluate_model
from goldzone.g2p.exceptions import Exceptions
from goldzone.g2p.final import final_task_of
from goldzone.g2p.known_words import keys_to_cut_by
from goldzone.g2p.model import G2PModel, read_model, write_model
from goldzone.g2p.scoring import Scores
from goldzone.g2p.task import PhonemizerTask, train_model
from goldzone.hashtron.committee import Committee
from goldzone.hashtron.weights import write_weights
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks
from goldzone.training.runs.events import Event
from goldzone.training.runs.model_files import model_file

__all__ = ["Phonemizer"]


class Phonemizer:
    """Says words, those too that it has never seen.

    Examples
    --------
    >>> from goldzone.data.builtin import load_builtin
    >>> from goldzone.training.config import TrainingConfig
    >>> quick = TrainingConfig.model_validate({"network": {"neurons": 57}, "pipeline": {"sweeps": 1}})
    >>> phonemizer = Phonemizer.train(load_builtin("slovak"), config=quick)
    >>> phonemizer("voda")
    'vɔda'
    """

    def __init__(
        self,
        model: G2PModel,
        *,
        overrides: Mapping[str, tuple[Segments, ...]] | None = None,
        word_keys: Collection[int] = (),
    ) -> None:
        """Take a model, and pronunciations that count more than what it says.

        Parameters
        ----------
        model : G2PModel
        overrides : mapping of str to tuple of Segments, optional
            By word, as `goldzone.data.letters.normalise_word` leaves it.
        word_keys : collection of int
            Of words (`goldzone.data.split.word_key`) by which texts without blanks are taken apart, besides
            those of the model and the overrides.
        """
        self.model = model
        self._decoder = Decoder(model)
        self._beam = model.trained_with().decoding.beam
        self._word_keys = model.word_keys.union(word_keys)
        lower = model.settings.lower
        self.overrides = Exceptions(overrides or {}, lower=lower)
        self._listed: tuple[tuple[Source, Exceptions], ...] = (
            ("override", self.overrides),
            ("exception", Exceptions(model.exceptions, lower=lower)),
        )

    @classmethod
    def train(
        cls,
        lexicon: Lexicon | str | os.PathLike[str],
        *,
        config: TrainingConfig | None = None,
        settings: LanguageSettings = DEFAULT_SETTINGS,
        all_words: bool = True,
        threads: int | None = None,
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> Phonemizer:
        """Train on a lexicon as `goldzone train` does: the same words give the same model.

        A fifth of the words is set aside and tells how many sweeps are best; then all words are learnt.

        Parameters
        ----------
        lexicon : Lexicon, path or str
            A file of any known format, or the name of a built-in sample.
        config : TrainingConfig, optional
        settings : LanguageSettings
            How words are spelled with letters.
        all_words : bool
            Whether the words that were set aside are learnt in the end; without, they can judge the model.
        threads : int, optional
            All processors when not given. Never changes the model.
        on_event : callable
            Gets every event: of the training on a part of the words, then of that on all.

        Raises
        ------
        DataError
            The lexicon cannot be read, or none of its words can be aligned.
        """
        config = config or TrainingConfig()
        if not isinstance(lexicon, Lexicon):
            name = os.fspath(lexicon)
            known = name in builtin_names() and not Path(name).exists()
            lexicon = load_builtin(name) if known else read_lexicon(name, settings=settings)
        task = PhonemizerTask.of(lexicon, config, settings=settings)
        hooks: Hooks[Committee] = Hooks(on_event=on_event)
        threads = threads or os.cpu_count() or 1
        trained = train_model(task, hooks, threads=threads)
        if all_words and (task.split.dev.entries or task.split.test.entries):
            trained = train_model(final_task_of(task, trained, threads=threads), hooks, threads=threads)
        return cls(trained.model)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Phonemizer:
        """Load a model file, or the model of a run folder, that of all words first.

        Raises
        ------
        ModelFormatError
            The file is missing, damaged or of another kind.
        """
        file = model_file(path)
        model, _ = read_model(file)
        return cls(model, word_keys=keys_to_cut_by(file, model))

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the model to a file and return its digest."""
        return write_model(path, self.model)

    def export_weights(self, path: str | os.PathLike[str]) -> None:
        """Write the network as a ``.json.zlib`` file that the reference's Go reader can read."""
        write_weights(path, self.model.committee.network(for_go=True))

    def __call__(self, word: str) -> str:
        """Return the most probable pronunciation as one string."""
        return self.n_best(word, 1)[0].text

    def n_best(self, word: str, n: int) -> list[Pronunciation]:
        """Return up to `n` pronunciations, the most probable first."""
        return self.phonemize([word], n_best=n)[0]

    def phonemize(
        self, words: Iterable[str], *, n_best: int = 1, beam: int | None = None, threads: int = 1
    ) -> list[list[Pronunciation]]:
        """Say many words.

        Parameters
        ----------
        words : iterable of str
        n_best : int
            Pronunciations a word, at most.
        beam : int, optional
            Partial pronunciations kept by the search; the training's choice when not given.
        threads : int

        Returns
        -------
        list of lists of Pronunciation
            One list a word, never empty.

        Raises
        ------
        ConfigError
            A number is below 1, or `words` is a single text.
        """
        answers = self.answer(words, n_best=n_best, beam=beam, threads=threads)
        return [list(answer.pronunciations) for answer in answers]

    def answer(
        self, words: Iterable[str], *, n_best: int = 1, beam: int | None = None, threads: int = 1
    ) -> list[Answer]:
        """Say many words, and tell where each pronunciation comes from and which letters are not known.

        Parameters and errors are those of `phonemize`. Overrides come first, then the model's exceptions,
        then what its network says.
        """
        if isinstance(words, str):
            raise ConfigError(f"words: {words!r} is one word; give a list of words, or call the phonemizer")
        for name, value in (("n_best", n_best), ("beam", beam), ("threads", threads)):
            if value is not None and value < 1:
                raise ConfigError(f"{name}: {value} is below 1; give 1 or more")
        asked = list(words)
        listed = [self._look_up(word) for word in asked]
        letters = [self._decoder.letters(word) for word in asked]
        left = [spelled for spelled, found in zip(letters, listed, strict=True) if found is None]
        said = iter(self._decoder.decode(left, beam=beam or self._beam, n_best=n_best, threads=threads))
        return [
            Answer(word, spelled, tuple(next(said)), self._decoder.unknown(spelled))
            if found is None
            else Answer(word, spelled, found[1][:n_best], source=found[0])
            for word, spelled, found in zip(asked, letters, listed, strict=True)
        ]

    def knows(self, word: str) -> bool:
        """Tell whether a word is listed: among the overrides or exceptions, or the words that were learnt."""
        return any(listed.find(word) for _, listed in self._listed) or word_key(word) in self._word_keys

    def given(self, word: str, text: str) -> Answer:
        """Answer a word with a pronunciation that is written in the model's notation."""
        segments = self.model.notation.read(text, self.model.settings)
        said = Pronunciation(segments, 0.0, separator=self.model.notation.separator)
        return Answer(word, self._decoder.letters(word), (said,), source="override")

    def _look_up(self, word: str) -> tuple[Source, tuple[Pronunciation, ...]] | None:
        """Return the pronunciations that are listed for a word, as equally probable, and by whom."""
        for source, listed in self._listed:
            if found := listed.find(word):
                bits, separator = -math.log2(len(found)), self.model.notation.separator
                return source, tuple(Pronunciation(said, bits, separator=separator) for said in found)
        return None

    def evaluate(self, lexicon: Lexicon, *, threads: int = 1) -> Scores:
        """Score the phonemizer on a lexicon (give it one that training has not seen)."""
        notation = lexicon.notation
        return evaluate_model(
            self.model, lexicon.entries, beam=self._beam, notation=notation, threads=threads
        )

    def diagnose(self, lexicon: Lexicon, *, threads: int = 1) -> Diagnosis:
        """Score as `evaluate` does, and tell what is wrong with the words that are not right."""
        notation = lexicon.notation
        return diagnose_model(
            self.model, lexicon.entries, beam=self._beam, notation=notation, threads=threads
        )
