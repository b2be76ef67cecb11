"""What a registry knows of a language, and the moves: pure functions from one state to the next."""

from __future__ import annotations

from pydantic import Field

from goldzone.errors import ConfigError
from goldzone.validation import Checked

__all__ = ["State", "added", "collected", "pinned", "rolled_back", "superfluous", "switched", "unpinned"]


class State(Checked):
    """A language's versions, oldest first, and which of them have names."""

    versions: list[str] = Field(default_factory=list)
    aliases: dict[str, list[str]] = Field(default_factory=dict)
    """By alias: the versions that it stood for; the last is the one that it stands for now."""
    pins: list[str] = Field(default_factory=list)
    """Versions that are never collected."""

    def current(self, alias: str) -> str:
        """Return what an alias stands for.

        Raises
        ------
        ConfigError
            There is no such alias.
        """
        if alias not in self.aliases:
            known = ", ".join(sorted(self.aliases)) or "there is none yet"
            raise ConfigError(f"@{alias}: is no alias here; known: {known}")
        return self.aliases[alias][-1]

    def meant(self, name: str) -> str:
        """Return the version that an alias stands for, or that begins so.

        Raises
        ------
        ConfigError
            There is none, or several begin so.
        """
        return self.current(name) if name in self.aliases else self.find(name)

    def find(self, version: str) -> str:
        """Return the version that begins so.

        Raises
        ------
        ConfigError
            None does, or several do.
        """
        found = [known for known in self.versions if version and known.startswith(version)]
        if len(found) != 1:
            count = f"{len(found)} of {len(self.versions)}"
            raise ConfigError(f"{version!r}: is no alias and begins {count} versions; give one of them")
        return found[0]


def added(state: State, version: str) -> State:
    """Add a version; one that is there already stays where it is."""
    if version in state.versions:
        return state
    return state.model_copy(update={"versions": [*state.versions, version]})


def switched(state: State, alias: str, version: str) -> State:
    """Let an alias stand for a version."""
    return _with_alias(state, alias, [*state.aliases.get(alias, ()), state.find(version)])


def rolled_back(state: State, alias: str) -> State:
    """Let an alias stand for what it stood for before.

    Raises
    ------
    ConfigError
        It has never moved, or that version has been collected.
    """
    state.current(alias)
    earlier = [version for version in state.aliases[alias][:-1] if version in state.versions]
    if not earlier:
        raise ConfigError(f"@{alias}: stood for nothing else that is still there; name a version")
    return _with_alias(state, alias, earlier)


def pinned(state: State, version: str) -> State:
    """Keep a version whatever becomes of the aliases."""
    return state.model_copy(update={"pins": sorted({*state.pins, state.find(version)})})


def unpinned(state: State, version: str) -> State:
    """Let a version be collected again."""
    found = state.find(version)
    return state.model_copy(update={"pins": [each for each in state.pins if each != found]})


def superfluous(state: State, keep: int) -> list[str]:
    """Return the versions that nobody needs.

    Needed are pinned ones, the `keep` newest, what each alias stands for, and the `keep` before that, to
    which it can be rolled back.
    """
    needed = {*state.pins, *(state.versions[-keep:] if keep else ())}
    for history in state.aliases.values():
        needed.update(history[-1 - keep :])
    return [version for version in state.versions if version not in needed]


def collected(state: State, versions: list[str]) -> State:
    """Forget versions."""
    gone = set(versions)
    return state.model_copy(
        update={
            "versions": [each for each in state.versions if each not in gone],
            "aliases": {
                alias: [each for each in history if each not in gone]
                for alias, history in state.aliases.items()
            },
        }
    )


def _with_alias(state: State, alias: str, history: list[str]) -> State:
    return state.model_copy(update={"aliases": {**state.aliases, alias: history}})
