"""``goldzone rollback``: soft and medium, by flags; the hard one is ``goldzone rollout undo``."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from goldzone.cli.sources import JsonOption

__all__ = ["rollback"]


class Tier(StrEnum):
    """How far back."""

    SOFT = "soft"
    MEDIUM = "medium"


_FLAGS: Final[dict[Tier, tuple[str, bool | str]]] = {
    Tier.SOFT: ("direction", "forward"),
    Tier.MEDIUM: ("sum_cache", False),
}


def rollback(
    tier: Annotated[Tier, typer.Argument(help="soft: forward again; medium: sums steer nothing.")],
    flags: Annotated[Path, typer.Argument(metavar="FLAGS", help="Flags file; made if there is none.")],
    languages: Annotated[
        list[str] | None, typer.Argument(metavar="[LANGUAGE]...", help="All by default.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Put back the file as it was before.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Roll the next trainings back by feature flags.

    Of all languages, or of some. Soft: layers are trained forward again. Medium: training stays backward, and
    sums steer neither selection nor capacity. The file as it was is kept beside it; --undo puts back what the
    rollback changed. The hard rollback, of models that are in use, is goldzone rollout undo.

    Example: goldzone rollback soft flags.toml french

    Example: goldzone rollback soft flags.toml --undo
    """
    from goldzone.errors import ConfigError
    from goldzone.fleet.flag_file import load_flags
    from goldzone.storage.files import read_bounded, write_atomically
    from goldzone.validation import parse_toml

    kept = flags.with_name(f"{flags.name}.before-{tier.value}")
    if undo:
        if not kept.is_file():
            raise ConfigError(f"{kept}: is not there; nothing was rolled back by this command")
        before = read_bounded(kept, 1 << 20, error=ConfigError)
        now = parse_toml(read_bounded(flags, 1 << 20, error=ConfigError), str(flags))
        write_atomically(flags, _undone(before, now, str(kept), _FLAGS[tier][0]), error=ConfigError)
        kept.unlink()
    else:
        before = read_bounded(flags, 1 << 20, error=ConfigError) if flags.is_file() else b""
        if before:
            load_flags(flags)  # refused as it is, before anything is changed
        if kept.is_file():
            raise ConfigError(f"{kept}: is there, so it is rolled back already; --undo first")
        changed = _with_rule(parse_toml(before, str(flags)), *_FLAGS[tier], languages or [])
        write_atomically(kept, before, error=ConfigError)
        write_atomically(flags, changed.encode(), error=ConfigError)
    facts = {"file": str(flags), "tier": tier.value, "languages": languages or [], "undone": undo}
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        who = ", ".join(languages or []) or "all languages"
        what = "put back" if undo else f"{tier.value} rollback of {who}; it holds for runs that begin now"
        typer.echo(f"{flags}: {what}")


def _undone(before: bytes, now: dict[str, Any], name: str, flag: str) -> bytes:
    """Return the file as it was; if other flags have changed since, as it is now but for this flag."""
    from goldzone.validation import parse_toml

    then = parse_toml(before, name)
    others = {each: _table(value) for each, value in now.items() if each != flag}
    if others == {each: _table(value) for each, value in then.items() if each != flag}:
        return before
    return _as_toml({**others, **({flag: then[flag]} if flag in then else {})}).encode()


def _with_rule(found: dict[str, Any], name: str, value: bool | str, languages: list[str]) -> str:
    """Put a rule before all others of a flag, or make the value all there is; return the file as TOML."""
    flag = found.get(name, {})
    flag = _table(flag)
    rules = [{"languages": languages, "value": value}, *flag.get("rules", [])]
    found[name] = {**flag, "rules": rules} if languages else {"default": value}
    return _as_toml(found)


def _table(given: Any) -> dict[str, Any]:
    return given if isinstance(given, dict) else {"default": given}


def _as_toml(found: dict[str, Any]) -> str:
    from goldzone.training.settings import toml

    parts = []
    for each, given in found.items():
        table = _table(given)
        lines = [f"[{each}]"]
        lines += [f"{field} = {toml(one)}" for field, one in table.items() if field != "rules"]
        for rule in table.get("rules", ()):
            lines += [f"[[{each}.rules]]", *(f"{field} = {toml(one)}" for field, one in rule.items())]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
