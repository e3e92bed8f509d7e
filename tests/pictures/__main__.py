"""``make pictures``: photograph a real run and write ``docs/images/`` (about six minutes).

``python -m pictures draw`` only draws the dashboards once more, from what the last run has left in ``build/pictures``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from pictures.drawing import draw
from pictures.page import shoot
from pictures.panels import asked_of
from pictures.rehearsal import DRAWN_UNTIL_S, SHOT_AT_S, rehearsed
from PIL import Image

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
COLOURS = 128
"""As many as a picture is left with: a third of its size, and nobody sees it."""

KEPT = ROOT / "build" / "pictures"
"""What was taken of the last run; ``draw`` draws it once more."""


def take() -> None:
    """Run, photograph the page, and ask Prometheus."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, rehearsed(Path(folder)) as stage:
        stage.reach(SHOT_AT_S)
        shoot(stage, KEPT)
        stage.reach(DRAWN_UNTIL_S)
        record = stage.follower.record
        assert record.started_at is not None
        span = record.started_at - 3, record.started_at + DRAWN_UNTIL_S
        (KEPT / "answers.json").write_text(json.dumps(asked_of(stage.prometheus, record.run, "product", *span)))


def finish() -> None:
    """Draw the dashboards from what was kept, and put all pictures where the guides show them."""
    with tempfile.TemporaryDirectory() as scratch:
        complaints = draw(json.loads((KEPT / "answers.json").read_text()), Path(scratch), KEPT)
    for path in KEPT.glob("*.png"):
        small = Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(IMAGES / path.name, optimize=True)
    for complaint in dict.fromkeys(complaints):
        print(complaint, file=sys.stderr)  # noqa: T201 -- for the person who draws


if __name__ == "__main__":
    if sys.argv[1:] != ["draw"]:
        take()
    finish()
