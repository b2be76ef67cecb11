"""goldzone trains hashtron networks backward, under capacity control, so that they generalise.

>>> from goldzone import Phonemizer  # doctest: +SKIP
>>> Phonemizer.load("runs/slovak")("voda")  # doctest: +SKIP
'vɔda'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldzone.g2p.phonemizer import Phonemizer

__all__ = ["Phonemizer", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Lazy, so that `import goldzone` does not load the compiler behind the kernels.
    if name == "Phonemizer":
        from goldzone.g2p.phonemizer import Phonemizer

        return Phonemizer
    raise AttributeError(f"module 'goldzone' has no attribute {name!r}")
