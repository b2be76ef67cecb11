"""A report as one HTML page that loads nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Final

__all__ = ["INK", "html_page"]

INK: Final = "#333333"
"""Colour of text."""
_STYLE: Final = f"""
body {{ font: 16px/1.45 system-ui, sans-serif; color: {INK}; max-width: 70rem; margin: 2rem auto; }}
body {{ padding: 0 1rem; }}
h1 {{ font-size: 1.4rem; overflow-wrap: anywhere; }} h2 {{ font-size: 1.15rem; margin-top: 2.2rem; }}
table {{ border-collapse: collapse; }} td {{ overflow-wrap: anywhere; }}
td, th {{ padding: .2rem .9rem .2rem 0; text-align: left; vertical-align: top; }}
"""


def html_page(title: str, body: str, style: str = "") -> str:
    """Return a page.

    Parameters
    ----------
    title : str
        As plain text.
    body : str
        HTML.
    style : str
        What the page adds to the style that all have.
    """
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )
