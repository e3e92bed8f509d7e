"""Pictures of the guides: each is there, shown somewhere with words for those who cannot see it, and small."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from pictures.rehearsal import JOURNEYS, PAST, REHEARSAL, written

from loadgen.plan.read import load_plan

ROOT = Path(__file__).parents[1]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
IMAGES = ROOT / "docs" / "images"
SHOWN = re.compile(r"!\[(?P<alt>[^]]*)\]\((?P<path>[^)#]+\.png)\)|(?:src|srcset)=\"(?P<source>[^\"]+\.png)\"")
ALL_BYTES = 1_500_000


def shown() -> dict[Path, str]:
    """The pictures that guides show, each with a guide that does."""
    return {
        (guide.parent / (found["path"] or found["source"])).resolve(): guide.name
        for guide in GUIDES
        for found in SHOWN.finditer(guide.read_text())
    }


def test_every_picture_that_is_shown_is_there_and_the_other_way_round() -> None:
    assert set(shown()) == set(IMAGES.iterdir())


def test_every_picture_has_words() -> None:
    for guide in GUIDES:
        text = guide.read_text()
        assert all(found["alt"] for found in SHOWN.finditer(text) if found["path"]), guide.name
        assert all('alt="' in tag for tag in re.findall(r"<img[^>]*>", text)), guide.name


def test_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < ALL_BYTES


def test_the_run_that_is_photographed_is_a_plan(tmp_path: Path) -> None:
    shutil.copytree(JOURNEYS, tmp_path / "journeys")
    for load in (*PAST.values(), REHEARSAL):
        load_plan(written(tmp_path, "photographed", load, "http://127.0.0.1:8100"))
