"""What data_beside.py knows."""

import csv
from pathlib import Path


def terms():
    with (Path(__file__).parent / "terms.csv").open(newline="") as file:
        return [row["term"] for row in csv.DictReader(file)]
