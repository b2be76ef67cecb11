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
    from goldzone.g2p.expansions import Expansion
    from goldzone.g2p.phonemizer import Phonemizer
    from goldzone.g2p.transcriber import Transcriber

__all__ = ["Expansion", "NetworkClassifier", "Phonemizer", "Transcriber", "__version__"]

__version__ = "0.1.0"

_MODULES: Final = {
    "Expansion": "goldzone.g2p.expansions",
    "NetworkClassifier": "goldzone.deep.classifier",
    "Phonemizer": "goldzone.g2p.phonemizer",
    "Transcriber": "goldzone.g2p.transcriber",
}


def __getattr__(name: str) -> Any:
    # Lazy, so that `import goldzone` does not load the compiler behind the kernels.
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'goldzone' has no attribute {name!r}")
