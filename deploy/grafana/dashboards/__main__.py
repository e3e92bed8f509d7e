"""``cd deploy/grafana && python -m dashboards``: write the JSON of all dashboards."""

from pathlib import Path

from dashboards.written import DASHBOARDS, text_of

FOLDER = Path(__file__).parents[1] / "json"

if __name__ == "__main__":
    for name, make in DASHBOARDS.items():
        (FOLDER / f"{name}.json").write_text(text_of(make()), encoding="utf-8")
