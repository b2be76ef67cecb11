"""An evaluation as one HTML page: pictures as inline SVG, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from goldzone.cli.html_page import INK, html_page
from goldzone.g2p.breakdown import by_length, by_letter, surest_errors

if TYPE_CHECKING:
    from goldzone.g2p.breakdown import Share
    from goldzone.g2p.comparison import Comparison
    from goldzone.g2p.confidence import Bin
    from goldzone.g2p.error_kinds import Confusion
    from goldzone.g2p.evaluation import Diagnosis

__all__ = ["evaluation_page"]

_LETTERS: Final = 20
_SOUNDS: Final = 16
_CONFUSIONS: Final = 20
_WORDS: Final = 30
_RIGHT, _WRONG, _GRID = "#0072B2", "#D55E00", "#dddddd"
_STYLE: Final = f"""
td.n {{ text-align: right; font-variant-numeric: tabular-nums; }}
svg {{ max-width: 100%; height: auto; }} svg text {{ font: 13px system-ui, sans-serif; fill: {INK}; }}
.note {{ color: #666; }}
"""


def evaluation_page(
    title: str, found: Diagnosis, comparison: Comparison | None = None, other: str = ""
) -> str:
    """Return the page: what is right, how sure it was, and where it is wrong.

    Parameters
    ----------
    title : str
    found : Diagnosis
    comparison : Comparison, optional
    other : str
        What it is compared with.
    """
    write = found.notation.write
    said = found.said
    parts = [_summary(found)]
    if comparison is not None:
        parts.append(_comparison(comparison, other))
    if found.confidence:
        parts += [
            "<h2>How sure, and how often right</h2>",
            '<p class="note">Each point is the words of which the model was about as sure. On the line it is '
            "right as often as it thinks.</p>",
            _reliability(found.confidence),
        ]
    parts += [
        "<h2>By length of the word</h2>",
        _bars(by_length(said), "letters"),
        "<h2>By letter</h2>",
        '<p class="note">Words that have the letter; first the letters that bring more wrong words than '
        "others.</p>",
        _bars(by_letter(said)[:_LETTERS], "letter"),
        "<h2>Which sounds are taken for which</h2>",
        _heat_map(found.errors.confusions),
        _confusions(found.errors.confusions[:_CONFUSIONS]),
        "<h2>Kinds of errors</h2>",
        _table(
            ("kind", "edits", "words", "words with this alone"),
            [
                (kind.in_words, count.edits, count.words, count.words_only)
                for kind, count in sorted(found.errors.kinds.items(), key=lambda pair: -pair[1].edits)
                if count.edits
            ],
        ),
        "<h2>Wrong words of which the model was surest</h2>",
        '<p class="note">Often the lexicon itself is wrong here.</p>',
        _table(
            ("word", "said", "should be", "sure"),
            [
                (
                    each.word,
                    write(each.said),
                    ", ".join(map(write, each.listed)),
                    "-" if each.probability is None else f"{each.probability:.0%}",
                )
                for each in surest_errors(said)[:_WORDS]
            ],
        ),
    ]
    if found.out_of_reach:
        parts += [
            "<h2>Words that the model cannot say right</h2>",
            '<p class="note">It has never seen these sounds for these letters.</p>',
            _table(
                ("word", "should be"),
                [
                    (entry.word, ", ".join(map(write, entry.pronunciations)))
                    for entry in found.out_of_reach[:_WORDS]
                ],
            ),
        ]
    return html_page(title, "\n".join(parts), _STYLE)


def _summary(found: Diagnosis) -> str:
    scores = found.scores
    low, high = 1 - scores.word_error_interval.high, 1 - scores.word_error_interval.low
    right = scores.words - found.errors.words
    return (
        f"<p><strong>{right:,} of {scores.words:,} words are right: {scores.word_accuracy:.1%}</strong> "
        f"(95 %: {low:.1%} to {high:.1%}). Of the sounds {scores.phoneme_error:.1%} are wrong.</p>"
    )


def _comparison(found: Comparison, other: str) -> str:
    low, high = found.interval.low, found.interval.high
    verdict = "" if found.beyond_doubt else " This may be chance."
    return (
        f"<h2>Beside {escape(other)}</h2>"
        f"<p>{found.first:.1%} of the words are wrong here, {found.second:.1%} there: a difference of "
        f"{found.difference:+.1%} (95 %: {low:+.1%} to {high:+.1%}).{verdict}</p>"
        + _table(
            ("right here only", "right there only"),
            [
                (
                    f"{len(found.only_first):,}: {', '.join(found.only_first[:_WORDS])}",
                    f"{len(found.only_second):,}: {', '.join(found.only_second[:_WORDS])}",
                )
            ],
        )
    )


def _table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    lines = [
        "<tr>"
        + "".join(
            f'<td class="n">{cell:,}</td>' if isinstance(cell, int) else f"<td>{escape(str(cell))}</td>"
            for cell in row
        )
        + "</tr>"
        for row in rows
    ]
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>" if rows else "<p>None.</p>"


def _confusions(found: Sequence[Confusion]) -> str:
    rows = [
        (each.said or "(nothing)", each.should_be or "(nothing)", each.times, each.word) for each in found
    ]
    return _table(("said", "should be", "times", "for example"), rows)


def _reliability(bins: Sequence[Bin]) -> str:
    """Draw how often words are right by how sure the model was; areas are numbers of words."""
    size, edge = 300, 45

    def at(x: float, y: float) -> tuple[float, float]:
        return edge + x * size, 10 + (1 - y) * size

    lines = [_line(*at(0, 0), *at(1, 1), _GRID)]
    for tick in (0.0, 0.5, 1.0):
        x, y = at(tick, tick)
        lines += [_text(x, size + 28, f"{tick:.0%}", "middle"), _text(edge - 6, y + 4, f"{tick:.0%}", "end")]
    most = max(each.words for each in bins)
    for each in bins:
        x, y = at(each.expected, each.right)
        radius = 3 + 9 * (each.words / most) ** 0.5
        tip = f"{each.words:,} words: sure to {each.expected:.0%}, right {each.right:.0%}"
        lines.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{_RIGHT}" fill-opacity=".75">'
            f"<title>{tip}</title></circle>"
        )
    lines.append(_text(edge + size / 2, size + 46, "how sure the model was", "middle"))
    return _svg(size + edge + 20, size + 55, lines, "How often words are right by how sure the model was")


def _bars(shares: Sequence[Share], title: str) -> str:
    """Draw shares of wrong words as bars."""
    if not shares:
        return "<p>Too few words.</p>"
    row, left, width = 22, 70, 420
    top = max(share.share for share in shares) or 1.0
    lines = [_text(left - 8, 14, title, "end"), _text(left, 14, "words wrong", "start")]
    for number, share in enumerate(shares, 1):
        y = number * row
        length = width * share.share / top
        tip = f"{share.wrong:,} of {share.words:,} words"
        lines.append(
            f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{row - 6}" fill="{_WRONG}">'
            f"<title>{tip}</title></rect>"
        )
        lines.append(_text(left - 8, y + 13, share.of, "end"))
        lines.append(_text(left + length + 6, y + 13, f"{share.share:.1%} of {share.words:,}", "start"))
    return _svg(left + width + 140, (len(shares) + 1) * row + 4, lines, f"Share of words wrong by {title}")


def _heat_map(confusions: Sequence[Confusion]) -> str:
    """Draw how often which sound is said for which, of the sounds most often confused."""
    weight: dict[str, int] = {}
    for each in confusions:
        for sound in (each.said, each.should_be):
            weight[sound] = weight.get(sound, 0) + each.times
    sounds = sorted(weight, key=lambda sound: (-weight[sound], sound))[:_SOUNDS]
    if not sounds:
        return "<p>No sound is wrong.</p>"
    place = {sound: number for number, sound in enumerate(sounds)}
    shown = [each for each in confusions if each.said in place and each.should_be in place]
    most = max((each.times for each in shown), default=1)
    cell, left, top = 30, 80, 46
    lines = [_text(left, 14, "said", "start"), _text(left - 8, top - 8, "should be", "end")]
    for sound, number in place.items():
        name = sound or "(none)"
        lines.append(_text(left + number * cell + cell / 2, top - 8, name, "middle"))
        lines.append(_text(left - 8, top + number * cell + cell / 2 + 4, name, "end"))
    for each in shown:
        x, y = left + place[each.said] * cell, top + place[each.should_be] * cell
        tip = escape(f"{each.said or '(none)'} for {each.should_be or '(none)'}: {each.times:,} times")
        lines.append(
            f'<rect x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}" fill="{_WRONG}" '
            f'fill-opacity="{0.12 + 0.88 * each.times / most:.2f}"><title>{tip}</title></rect>'
        )
        lines.append(_text(x + cell / 2, y + cell / 2 + 4, f"{each.times}", "middle"))
    side = len(sounds) * cell
    return _svg(left + side + 10, top + side + 6, lines, "How often which sound is said for which")


def _svg(width: float, height: float, lines: Sequence[str], label: str) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(label)}">{"".join(lines)}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x: float, y: float, to_x: float, to_y: float, colour: str) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}" '
        'stroke-width="2"/>'
    )
