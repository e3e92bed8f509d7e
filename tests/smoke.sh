#!/bin/sh
# The wheel, as a stranger gets it: installed into an empty environment, and run in an empty folder.
set -eu

python=$1
wheel=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
project=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "$wheel"
cd "$folder"

venv/bin/loadgen --version | grep "(compiled)"
venv/bin/loadgen init rehearsals
mv rehearsals/* .
venv/bin/loadgen plan check plan.yaml
venv/bin/loadgen plan check journeys/plans/*.yaml
code=0
venv/bin/loadgen run journeys/plans/smoke.yaml --demo-shop --json report.json --html report.html || code=$?
venv/bin/python - "$code" <<'CHECK'
import json, pathlib, sys

report = json.loads(pathlib.Path("report.json").read_text())
assert report["exit_code"] == int(sys.argv[1]), report["exit_code"]
assert report["outcome"] in {"passed", "invalid"}, report["reason"]  # a starved machine may be called invalid, rightly
assert report["arrivals"]["started"] + report["arrivals"]["missed"] == report["arrivals"]["planned"] == 30
assert report["totals"]["requests"] == report["totals"]["sent"] > 100
assert pathlib.Path("report.html").stat().st_size > 1_000_000
print("smoke run from the wheel:", report["outcome"], report["totals"]["requests"], "requests")
CHECK

# Without a compiler there is a wheel too, and any machine takes it.
LOADGEN_COMPILE=never "$project/.venv/bin/pip" wheel --quiet --no-deps --wheel-dir pure "$project"
venv/bin/pip install --quiet --force-reinstall --no-deps pure/loadgen-*-py3-none-any.whl
venv/bin/loadgen --version | grep "(interpreted)"
