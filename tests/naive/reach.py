"""What candidates can say, by trying every one."""

from __future__ import annotations

from collections.abc import Sequence

from goldzone.g2p.model import G2PModel


def naive_can_say(model: G2PModel, symbols: Sequence[int], text: str) -> bool:
    """Tell whether some choice of chunks, one a letter, spells a text."""
    if not symbols:
        return not text
    candidates = model.candidates
    chunks: list[int] = []
    if symbols[0] >= 0:
        chunks = candidates.chunk[
            candidates.offsets[symbols[0]] : candidates.offsets[symbols[0] + 1]
        ].tolist()
    spelled = ["".join(model.segments[index] for index in model.chunks[chunk]) for chunk in chunks]
    return any(
        text.startswith(start) and naive_can_say(model, symbols[1:], text[len(start) :])
        for start in spelled or [""]
    )
