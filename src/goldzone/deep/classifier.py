"""Networks over plain samples from Python: fit, predict, score."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goldzone.deep.model import NetworkModel, read_network, write_network
from goldzone.deep.samples import as_inputs, as_samples
from goldzone.deep.task import NetworkTask
from goldzone.errors import StateError
from goldzone.training.config import TrainingConfig
from goldzone.training.pipeline import Hooks
from goldzone.training.runner import train_prepared
from goldzone.training.runs.model_files import model_file
from goldzone.training.sums.cache import SumCache

__all__ = ["NetworkClassifier"]


class NetworkClassifier:
    """Tells the label of samples that are already numbers.

    Parameters
    ----------
    preset : str
        Names the architecture, such as ``isalnum`` or ``windowed_committee:24,12``.
    pipeline : {"backward", "forward"}
        goldzone's sweeps, or the reference's search.
    config : TrainingConfig, optional
    seed : int, optional
        Overrides the configuration's.
    threads : int
        Changes the speed, never the result.

    Examples
    --------
    >>> inputs = [[a, b] for a in range(8) for b in range(8)]
    >>> both = [int(a > 3 and b > 3) for a, b in inputs]
    >>> classifier = NetworkClassifier("context_committee:2")
    >>> classifier.fit(inputs, both).predict([[0, 1], [7, 7]])
    array([0, 1], dtype=uint16)
    """

    def __init__(
        self,
        preset: str,
        *,
        pipeline: str = "backward",
        config: TrainingConfig | None = None,
        seed: int | None = None,
        threads: int = 1,
    ) -> None:
        self.preset = preset
        self.pipeline = pipeline
        self.config = config
        self.seed = seed
        self.threads = threads
        self._model: NetworkModel | None = None

    @property
    def model(self) -> NetworkModel:
        """What was learnt.

        Raises
        ------
        StateError
            Nothing yet.
        """
        if self._model is None:
            raise StateError("this classifier has learnt nothing; call fit, or load a model")
        return self._model

    def fit(self, inputs: ArrayLike, outputs: ArrayLike) -> NetworkClassifier:
        """Learn labels; what was learnt before is gone.

        The configuration's share of dev samples (``data.fractions``) only chooses the best sweep; all others
        are learnt, because a test is the caller's.

        Parameters
        ----------
        inputs : int[n_samples, n_inputs] or int[n_samples, 1]
            Each in 0 .. 2**32 - 1.
        outputs : int[n_samples]
            Labels, as many as the network's output bits tell apart.

        Raises
        ------
        DataError
            The samples do not fit the network.
        ConfigError
            There is no such preset or pipeline, or the configuration does not go with them.
        """
        config = self.config or TrainingConfig()
        train, dev, test = config.data.fractions
        data = config.data.model_copy(update={"fractions": (train + test, dev, 0.0)})
        seed = config.seed if self.seed is None else self.seed
        config = config.model_copy(update={"data": data, "seed": seed})
        samples = as_samples(inputs, outputs)
        task = NetworkTask.of("samples", samples, config, preset=self.preset, pipeline=self.pipeline)
        prepared = task.prepare(self.threads)
        try:
            hooks = Hooks(prepared.evaluate)
            self._model = prepared.model(train_prepared(prepared, hooks, SumCache(task.layer_sizes)))
        finally:
            prepared.close()
        return self

    def predict(self, inputs: ArrayLike) -> NDArray[np.uint16]:
        """Tell labels: int[n_samples, n_inputs] -> uint16[n_samples].

        Raises
        ------
        StateError
            Nothing was learnt.
        DataError
            The inputs do not fit the network.
        """
        return self.model.network.infer(as_inputs(inputs), threads=self.threads)

    def score(self, inputs: ArrayLike, outputs: ArrayLike) -> float:
        """Return the share of samples whose label `predict` tells right."""
        samples = as_samples(inputs, outputs)
        return float((self.predict(samples.inputs) == samples.outputs).mean())

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the model to a file and return its digest."""
        return write_network(path, self.model)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, threads: int = 1) -> NetworkClassifier:
        """Load a model file, or the model of a run folder.

        Raises
        ------
        ModelFormatError
            The file is missing, damaged or of another kind.
        """
        model, _ = read_network(model_file(path))
        classifier = cls(model.preset, pipeline=model.pipeline, config=model.config, threads=threads)
        classifier._model = model
        return classifier
