"""Feature flags through OpenFeature: who decides, and what the decisions do to a configuration.

A flags file is one provider (`FlagFileProvider`); `resolve_flags` takes a client of any. Flags are resolved
once, before a run starts: the run trains with the configuration that results, and records why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from goldzone.errors import ConfigError, GoldzoneError
from goldzone.fleet.flag_file import FLAGS, FlagFile
from goldzone.training.config import TrainingConfig
from goldzone.training.runs.events import FlagsResolved
from goldzone.validation import check

try:
    from openfeature import api
    from openfeature.client import OpenFeatureClient
    from openfeature.evaluation_context import EvaluationContext
    from openfeature.exception import (
        ErrorCode,
        FlagNotFoundError,
        InvalidContextError,
        TargetingKeyMissingError,
        TypeMismatchError,
    )
    from openfeature.flag_evaluation import (
        FlagEvaluationDetails,
        FlagResolutionDetails,
        FlagValueType,
        Reason,
    )
    from openfeature.provider import AbstractProvider, Metadata
except ModuleNotFoundError:
    raise GoldzoneError(
        "flags need openfeature-sdk; install it with: pip install 'goldzone[flags]'"
    ) from None

__all__ = ["FlagFileProvider", "flag_client", "resolve_flags"]

Value = TypeVar("Value")


class FlagFileProvider(AbstractProvider):
    """An OpenFeature provider that answers from a flags file.

    The targeting key is the language; the attribute ``words`` is the number of words of its lexicon. Each
    answer has the variant ``on``, ``off`` or the value itself, and says under ``why`` in its metadata which
    rule decided, under ``file`` and ``sha256`` of which file. A flag that the file leaves out, or to which no
    rule applies, has the caller's default, reason DEFAULT and no variant.
    """

    def __init__(self, flags: FlagFile) -> None:
        super().__init__()
        self._flags = flags

    def get_metadata(self) -> Metadata:
        """Name the kind of provider."""
        return Metadata("goldzone flags file")

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Resolve a flag that is on or off."""
        return self._resolve(flag_key, default_value, evaluation_context)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Resolve a flag that names one of several ways."""
        return self._resolve(flag_key, default_value, evaluation_context)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Refuse: no flag is a number."""
        return self._resolve(flag_key, default_value, evaluation_context)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Refuse: no flag is a number."""
        return self._resolve(flag_key, default_value, evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Sequence[FlagValueType] | Mapping[str, FlagValueType],
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Sequence[FlagValueType] | Mapping[str, FlagValueType]]:
        """Refuse: no flag is a structure."""
        return self._resolve(flag_key, default_value, evaluation_context)

    def _resolve(
        self, flag: str, default: Value, context: EvaluationContext | None
    ) -> FlagResolutionDetails[Value]:
        """Answer, or raise what the client turns into the default, reason ERROR and an error code."""
        if flag not in FLAGS:
            raise FlagNotFoundError(f"{flag!r} is no flag; the flags are {', '.join(FLAGS)}")
        section, field = FLAGS[flag]
        kind = type(getattr(getattr(TrainingConfig(), section), field))
        if type(default) is not kind:
            raise TypeMismatchError(f"{flag} is {'on or off' if kind is bool else 'text'}")
        if context is None or not context.targeting_key:
            raise TargetingKeyMissingError("give the language as the targeting key")
        words = context.attributes.get("words")
        known_words = words if isinstance(words, int) and not isinstance(words, bool) else None
        try:
            decision = self._flags.decide(flag, context.targeting_key, words=known_words)
        except ConfigError as error:
            raise InvalidContextError(str(error)) from None
        value = default if decision.value is None else decision.value
        assert isinstance(value, kind)  # noqa: S101 - as the file was checked to be
        return FlagResolutionDetails(
            value=value,
            reason=Reason(decision.reason),
            variant=None if decision.value is None else _variant(decision.value),
            flag_metadata={"why": decision.why, "file": self._flags.name, "sha256": self._flags.digest},
        )


def flag_client(flags: FlagFile) -> OpenFeatureClient:
    """Return an OpenFeature client that resolves from a flags file.

    Its domain is a function of the file's name and content, so that clients of different files never meet,
    and neither does the application's own default provider.
    """
    domain = f"goldzone flags {flags.name} {flags.digest}"
    # The plain `set_provider` of openfeature-sdk 0.10 returns before the provider is ready, and a client of
    # a provider that is not ready answers with defaults.
    api.set_provider_and_wait(FlagFileProvider(flags), domain)
    return api.get_client(domain)


def resolve_flags(
    config: TrainingConfig, language: str, client: OpenFeatureClient, *, words: int | None = None
) -> tuple[TrainingConfig, FlagsResolved]:
    """Resolve all flags for a language, and apply them to a configuration.

    Flags win over the configuration: only so can a flag roll a language back. A flag that the provider does
    not know, or to which no rule applies, leaves the configuration as it is.

    Parameters
    ----------
    config : TrainingConfig
    language : str
        The evaluation context's targeting key.
    client : OpenFeatureClient
        Of any provider; its context gets the attributes ``seed`` and, if given, ``words`` too.
    words : int, optional
        Words of the language's lexicon.

    Returns
    -------
    TrainingConfig
        Validated as a whole.
    FlagsResolved
        What was resolved, to be recorded in the run.

    Raises
    ------
    ConfigError
        A flag cannot be resolved, has a value that the configuration refuses, or one that does not go
        together with the rest.
    """
    attributes = {"seed": config.seed} | ({} if words is None else {"words": words})
    context = EvaluationContext(language, attributes)
    found: dict[str, FlagEvaluationDetails[bool] | FlagEvaluationDetails[str]] = {}
    flagged = config
    for flag, (section, field) in FLAGS.items():
        fields = getattr(flagged, section)
        details = _evaluate(client, flag, getattr(fields, field), context)
        if details.error_code is not None and details.error_code != ErrorCode.FLAG_NOT_FOUND:
            raise ConfigError(
                f"{language}: flag {flag} cannot be resolved ({details.error_code.value}): "
                f"{' '.join(str(details.error_message).split())}"
            )
        found[flag] = details
        flagged = flagged.model_copy(update={section: fields.model_copy(update={field: details.value})})
    validated = check(TrainingConfig, flagged.model_dump(), f"flags of {language}")
    return validated, _event(language, client, found)


def _evaluate(
    client: OpenFeatureClient, flag: str, configured: bool | str, context: EvaluationContext
) -> FlagEvaluationDetails[bool] | FlagEvaluationDetails[str]:
    if isinstance(configured, bool):
        return client.get_boolean_details(flag, configured, context)
    return client.get_string_details(flag, configured, context)


def _event(
    language: str,
    client: OpenFeatureClient,
    found: Mapping[str, FlagEvaluationDetails[bool] | FlagEvaluationDetails[str]],
) -> FlagsResolved:
    metadata = next(iter(found.values())).flag_metadata
    digest = metadata.get("sha256")
    return FlagsResolved(
        language=language,
        source=str(metadata.get("file", client.provider.get_metadata().name)),
        digest=None if digest is None else str(digest),
        values={flag: _text(details.value) for flag, details in found.items()},
        variants={flag: details.variant for flag, details in found.items() if details.variant is not None},
        reasons={flag: str(details.reason or Reason.UNKNOWN) for flag, details in found.items()},
        why={
            flag: str(details.flag_metadata.get("why", details.error_message or ""))
            for flag, details in found.items()
        },
    )


def _variant(value: bool | str) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return value


def _text(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else value
