"""goldzone trains hashtron networks backward, under capacity control, so that they generalise.

>>> from goldzone import Phonemizer  # doctest: +SKIP
>>> Phonemizer.load("runs/slovak")("voda")  # doctest: +SKIP
'vɔda'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from goldzone.deep.classifier import NetworkClassifier
    from goldzone.g2p.phonemizer import Phonemizer

__all__ = ["NetworkClassifier", "Phonemizer", "__version__"]

__version__ = "0.1.0"

_MODULES: Final = {
    "NetworkClassifier": "goldzone.deep.classifier",
    "Phonemizer": "goldzone.g2p.phonemizer",
}


def __getattr__(name: str) -> Any:
    # Lazy, so that `import goldzone` does not load the compiler behind the kernels.
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'goldzone' has no attribute {name!r}")
