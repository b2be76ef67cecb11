"""A registry of models by language: add, switch, roll back, pin, collect, fetch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from goldzone.errors import ConfigError, StateError
from goldzone.fleet.registry.contents import (
    MANIFEST,
    File,
    Manifest,
    collect,
    manifest_from_json,
    version_of,
)
from goldzone.fleet.registry.log import Action, Entry, append, logged_languages, newest, read_log
from goldzone.fleet.registry.state import (
    State,
    added,
    collected,
    pinned,
    rolled_back,
    superfluous,
    switched,
    unpinned,
)
from goldzone.fleet.registry.stores import Store, open_store
from goldzone.storage.files import write_atomically

__all__ = ["MARK", "Registry", "split_reference"]

MARK: Final = "registry.json"
"""The file that tells a registry from other folders."""
_CONTENT: Final = b'{"format": "goldzone registry 1"}\n'
_NAME: Final = re.compile(r"\w[\w.-]*")
_KEPT_NAMES: Final = {"log", "versions"}


def split_reference(reference: str) -> tuple[str, str]:
    """Take ``french@champion`` apart: the language, and an alias or the beginning of a version.

    Raises
    ------
    ConfigError
        It is no such thing.
    """
    language, _, name = reference.rpartition("@")
    if not language or not _NAME.fullmatch(name):
        raise ConfigError(f"{reference}: names no version; give LANGUAGE@ALIAS or LANGUAGE@VERSION")
    return _checked_language(language), name


class Registry:
    """Versions that never change, and aliases that move, in a store.

    Many may read while one writes: what they see is what an entry of the log says, before or after a move.

    Parameters
    ----------
    place : str
        A folder, or a bucket's address such as ``s3://bucket/models``.
    **options
        For the bucket's file system.
    """

    def __init__(self, place: str, **options: Any) -> None:
        self._place = place
        self._store: Store = open_store(place, **options)

    def languages(self) -> list[str]:
        """List the languages that have versions."""
        return logged_languages(self._store)

    def state(self, language: str) -> State:
        """Return a language's versions and aliases.

        Raises
        ------
        ConfigError
            There is no such language.
        """
        return self._last(language)[0].state

    def log(self, language: str) -> Iterator[Entry]:
        """Read and check a language's log; see `read_log`."""
        return read_log(self._store, language)

    def find(self, reference: str) -> tuple[str, str]:
        """Return the language and the version that ``LANGUAGE@ALIAS`` or ``LANGUAGE@VERSION`` means.

        Raises
        ------
        ConfigError
            There is no such thing.
        """
        language, name = split_reference(reference)
        return language, self.state(language).meant(name)

    def manifest(self, language: str, version: str) -> Manifest:
        """Return what a version holds.

        Raises
        ------
        StateError
            It is not what it was when it was added.
        """
        key = f"{_folder(language, version)}/{MANIFEST}"
        data = self._store.read(key)
        if version_of(data) != version:
            raise StateError(f"{self._place}/{key}: is not what was added; restore it")
        return manifest_from_json(data, key)

    def add(self, path: Path, *, language: str | None = None, why: str = "") -> tuple[str, str]:
        """Add a run or a model; the same content is the same version.

        Parameters
        ----------
        path : path
            A finished run, or a model file.
        language : str, optional
            By default the model's.
        why : str

        Returns
        -------
        language, version : str
        """
        manifest, files = collect(path)
        language = _checked_language(language or manifest.language)
        data = manifest.model_dump_json(indent=1).encode() + b"\n"
        version = version_of(data)
        self._store.create(MARK, _CONTENT)
        after = newest(self._store, language)
        state = after[0].state if after[0] else State()
        if version in state.versions:
            return language, version
        for name, content in {**files, MANIFEST: data}.items():
            self._store.create(f"{_folder(language, version)}/{name}", content)
        append(self._store, language, added(state, version), "add", after=after, version=version, why=why)
        return language, version

    def switch(self, language: str, alias: str, version: str, *, why: str, plan: str | None = None) -> Entry:
        """Let an alias stand for a version, an alias's or one that is named by its beginning.

        Raises
        ------
        ConfigError
            There is no such version, or the alias is no name.
        """
        if not _NAME.fullmatch(alias):
            raise ConfigError(f"{alias!r}: is no alias; give letters, figures, - and _")
        after = self._last(language)
        state = after[0].state
        moved = switched(state, alias, state.meant(version))
        return self._move(after, moved, alias, action="alias", why=why, plan=plan)

    def roll_back(self, language: str, alias: str, *, why: str, plan: str | None = None) -> Entry:
        """Let an alias stand for what it stood for before.

        Raises
        ------
        ConfigError
            There is no such alias, or nothing before.
        """
        after = self._last(language)
        state = rolled_back(after[0].state, alias)
        return self._move(after, state, alias, action="rollback", why=why, plan=plan)

    def pin(self, language: str, version: str, *, why: str, keep: bool = True) -> Entry:
        """Keep a version for good, or no longer."""
        after = self._last(language)
        state = (pinned if keep else unpinned)(after[0].state, version)
        found = state.find(version)
        return append(
            self._store, language, state, "pin" if keep else "unpin", after=after, version=found, why=why
        )

    def collect_garbage(self, language: str, *, keep: int, dry_run: bool = False) -> list[str]:
        """Delete the versions that nobody needs (`superfluous`), and return them.

        The log forgets them first: what is broken off leaves files that no reader finds, and the next time
        deletes them.
        """
        after = self._last(language)
        state = after[0].state
        gone = superfluous(state, keep)
        if dry_run:
            return gone
        if gone:
            state = collected(state, gone)
            append(self._store, language, state, "gc", after=after, removed=gone, why=f"keep {keep}")
        kept = tuple(f"{_folder(language, version)}/" for version in state.versions)
        for key in self._store.keys(f"{language}/versions"):
            if not key.startswith(kept):
                self._store.delete(key)
        return gone

    def pull(self, reference: str, folder: Path) -> str:
        """Write a version's files into a folder, which then is that of a run; return the version.

        Raises
        ------
        StateError
            A file is damaged, or the folder cannot be written or is not empty.
        """
        language, version = self.find(reference)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise StateError(f"{folder}: is not empty; choose another folder (--out)")
        for name, file in self.manifest(language, version).files.items():
            key = f"{_folder(language, version)}/{name}"
            data = self._store.read(key)
            if File.of(data) != file:
                raise StateError(f"{self._place}/{key}: is not what was added; restore it")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, data, error=StateError)
        return version

    def _move(
        self,
        after: tuple[Entry, str],
        state: State,
        alias: str,
        *,
        action: Action,
        why: str,
        plan: str | None,
    ) -> Entry:
        before = after[0].state.aliases.get(alias)
        return append(
            self._store,
            after[0].language,
            state,
            action,
            after=after,
            alias=alias,
            version=state.current(alias),
            replaced=before[-1] if before else None,
            why=why,
            plan=plan,
        )

    def _last(self, language: str) -> tuple[Entry, str]:
        entry, digest = newest(self._store, _checked_language(language))
        if entry is None:
            known = ", ".join(self.languages()) or "none yet"
            raise ConfigError(f"{self._place}: has no {language}; it has {known}")
        return entry, digest


def _folder(language: str, version: str) -> str:
    return f"{language}/versions/{version}"


def _checked_language(name: str) -> str:
    parts = name.split("/")
    if not all(map(_NAME.fullmatch, parts)) or _KEPT_NAMES & {*parts}:
        raise ConfigError(f"{name!r}: is no language of a registry; give letters, figures, -, _ and /")
    return name
