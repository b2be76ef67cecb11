"""Who is told of which problem of a run: the section ``[alerts]`` of a configuration file.

It changes no model, so it is no part of the training configuration; it stands in the same file, and in the
run's ``config.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from goldzone.errors import ConfigError
from goldzone.storage.files import read_bounded
from goldzone.training.config import MAX_FILE_BYTES, TrainingConfig
from goldzone.training.settings import Section, Texts
from goldzone.validation import check, hidden_addresses, parse_toml

__all__ = [
    "AlertRule",
    "AlertSettings",
    "RunConfig",
    "is_web_address",
    "load_run_config",
    "run_config_from_toml",
]


class AlertRule(Section):
    """One rule over the events of a run; `goldzone.monitor.rules.RULES` says how its value is read."""

    severity: Literal["off", "info", "warning", "critical"]
    """How bad the problem is; "off": nobody looks for it."""
    threshold: Annotated[float, Field(ge=0)]
    """What the measured value is compared with."""
    window: Annotated[int, Field(ge=1, le=1000)]
    """Over how many sweeps (oscillation: steps, slow_layer: passes, throughput_drop: seconds)."""


class AlertSettings(Section):
    """What counts as a problem while a run trains, and who is told.

    Of a rule only the fields that differ need to be given: ``[alerts.collapse]`` with ``threshold = 0.5``.
    """

    gone: ClassVar = {"step": 1.1, "pass_seconds": 10.0, "hysteresis": 0.1, "update": 0.2}

    memorisation: AlertRule = AlertRule(severity="warning", threshold=0.1, window=3)
    """Train word accuracy is above `memorised`, and above that of dev by more than `threshold`, `window`
    sweeps in a row."""
    stagnation: AlertRule = AlertRule(severity="info", threshold=0.0001, window=3)
    """A layer's median margin moves by at most `threshold` over `window` sweeps."""
    oscillation: AlertRule = AlertRule(severity="warning", threshold=0.25, window=3)
    """More than a share `threshold` of a layer's premodulos went up and down in turn in `window` steps."""
    slow_layer: AlertRule = AlertRule(severity="warning", threshold=5.0, window=5)
    """A layer takes more than `threshold` times the median of its last `window` passes."""
    unchanged_layer: AlertRule = AlertRule(severity="warning", threshold=0.0, window=3)
    """Training a layer changes at most `threshold` cells, `window` sweeps in a row."""
    collapse: AlertRule = AlertRule(severity="warning", threshold=0.25, window=2)
    """More than a share `threshold` of a layer's neurons have margins of `collapsed` or more."""
    dev_falling: AlertRule = AlertRule(severity="warning", threshold=0.02, window=2)
    """Dev word accuracy more than `threshold` below the best."""
    throughput_drop: AlertRule = AlertRule(severity="warning", threshold=0.25, window=10)
    """Neurons a second over `window` seconds are at most a share `threshold` of the layer's median."""
    stale_sums: AlertRule = AlertRule(severity="warning", threshold=0.0, window=3)
    """At most `threshold` neurons of a layer are trained, `window` sweeps in a row."""
    standstill: AlertRule = AlertRule(severity="critical", threshold=5.0, window=120)
    """No event comes for `threshold` times the longest time without one, which counts as `window` seconds at
    least."""
    memorised: Annotated[float, Field(ge=0, le=1)] = 0.95
    """Train word accuracy above which a gap means memorisation."""
    collapsed: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Margin |S|/N of a collapsed neuron; healthy ones seldom say yes, so their margins are near 1."""
    tell: Literal["info", "warning", "critical"] = "warning"
    """Least severity that goes to `webhook` and `command`."""
    webhook: str | None = None
    """http or https address that gets each alert as JSON; $NAME: what that environment variable says."""
    command: Texts = ()
    """Program and arguments, run without a shell for each alert, with its JSON on standard input."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    """For each try of the webhook, and for the command."""

    @property
    def reaches_out(self) -> bool:
        """Whether alerts are told to anybody outside."""
        return self.webhook is not None or bool(self.command)

    def silent(self) -> AlertSettings:
        """Return the same rules with nobody to tell."""
        return self.model_copy(update={"webhook": None, "command": ()})

    def shown(self) -> AlertSettings:
        """Return the same for people's eyes: without what may be secret in the address."""
        address = None if self.webhook is None else hidden_addresses(self.webhook)
        return self.model_copy(update={"webhook": address})

    @model_validator(mode="before")
    @classmethod
    def _complete_rules(cls, fields: Any) -> Any:
        """Take from a rule's default what its table leaves out."""
        if not isinstance(fields, dict):
            return fields
        rules = {name: field.default for name, field in cls.model_fields.items() if name in fields}
        return {
            name: {**dict(rules[name]), **given}
            if isinstance(given, dict) and isinstance(rules.get(name), AlertRule)
            else given
            for name, given in fields.items()
        }

    @model_validator(mode="after")
    def _deliverable(self) -> AlertSettings:
        if self.webhook is not None and not is_web_address(self.webhook):
            variable = self.webhook.removeprefix("$")
            if variable == self.webhook or not variable.isidentifier():
                raise ValueError(
                    "webhook: is no address; give http://HOST, https://HOST or $VARIABLE, "
                    "with no user or password before the host"
                )
        if self.command and (not self.command[0] or any("\0" in part for part in self.command)):
            raise ValueError("command: names no program; give a list such as ['notify-send', 'goldzone']")
        return self


class _File(TrainingConfig):
    """All that a configuration file may say."""

    alerts: AlertSettings = AlertSettings()


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What a configuration file says: how a run trains, and what is looked for meanwhile."""

    training: TrainingConfig
    alerts: AlertSettings


def load_run_config(path: str | Path) -> RunConfig:
    """Read a configuration file, or a run's ``config.toml``.

    Raises
    ------
    ConfigError
        The file cannot be read, or `run_config_from_toml` refuses it.
    """
    return run_config_from_toml(read_bounded(path, MAX_FILE_BYTES, error=ConfigError), str(path))


def run_config_from_toml(content: str | bytes, name: str) -> RunConfig:
    """Read training and alerts from one TOML text, which may be empty; `name` is what messages call it.

    Raises
    ------
    ConfigError
        As `goldzone.training.config.config_from_toml`, for all sections.
    """
    file = check(_File, parse_toml(content, name), name)
    training = {field: value for field, value in file if field in TrainingConfig.model_fields}
    return RunConfig(TrainingConfig(**training), file.alerts)


def is_web_address(text: str) -> bool:
    """Tell whether a text is a complete http or https address, without a user or password.

    Those would become a part of the host's name when it is looked up, for anybody on the way to read.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and "@" not in parts.netloc
        return parts.scheme in {"http", "https"} and named and parts.port != 0
    except ValueError:
        return False
