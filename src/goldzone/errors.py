"""The one exception family of goldzone.

Every message is one line: what is wrong, where (file and line, or field), and what to do. The command
line prints that line and exits 2.
"""

from __future__ import annotations

__all__ = ["ConfigError", "DataError", "GoldzoneError", "ModelFormatError", "StateError"]


class GoldzoneError(Exception):
    """Base of all errors that goldzone raises on purpose."""


class DataError(GoldzoneError):
    """Input data (a lexicon, sentences, a template) cannot be used."""


class ModelFormatError(GoldzoneError):
    """A model file is damaged, truncated, oversized or belongs to another network."""


class ConfigError(GoldzoneError):
    """A configuration value is unknown, of the wrong type or out of range."""


class StateError(GoldzoneError):
    """A run folder, checkpoint or snapshot is missing, damaged or in use."""
