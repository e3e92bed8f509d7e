#!/bin/sh
# The Compose stack as docs/deploy.md tells: built, brought up, rehearsed with three times, while nobody, the coordinator
# that leads, and a worker is killed, and taken down again. The report must have what the shop has heard, and no counter
# may fall in Prometheus.
#
#   sh tests/deploy/stack.sh       with Docker and Compose; takes about ten minutes, and the ports 3000, 8100, 9090, 9647
#
# COMPOSE_FILE may name more files, as everywhere with Compose: deploy/compose/compose.yaml:mine.yaml
set -eu

cd "$(dirname "$0")/../.."
export COMPOSE_FILE="${COMPOSE_FILE:-deploy/compose/compose.yaml}" COMPOSE_PROJECT_NAME=loadgen-trial
folder=$(mktemp -d)
trap 'docker compose down --volumes --timeout 20 >/dev/null 2>&1; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

docker compose up --build --wait >"$folder/log" 2>&1 || { tail -n 20 "$folder/log" >&2; exit 1; }
docker compose ps --format '{{.Service}} {{.Status}}'

ask() { # what the JSON at a URL says, by the keys that lead there
  python3 - "$@" <<'ASK'
import json, sys, urllib.request

said = json.load(urllib.request.urlopen(sys.argv[1], timeout=10))
for key in sys.argv[2:]:
    said = said[int(key) if isinstance(said, list) else key]
print(said)
ASK
}
heard() { ask http://127.0.0.1:8100/_shop/stats received_total; }
at_least() { test "$(heard)" -ge "$1"; }
prometheus() { ask "http://127.0.0.1:9090/api/v1/query?query=$1" data result 0 value 1; }
wait_for() { # until a command succeeds, for two minutes at most
  left=120
  until "$@"; do
    left=$((left - 1))
    test "$left" -gt 0 || { echo "in vain: $*" >&2; exit 1; }
    sleep 1
  done
}
loadgen() { docker compose run --rm --no-TTY --user "$(id -u):$(id -g)" --volume "$folder:/reports" loadgen "$@"; }

kill_the_leader() {
  docker kill "$(docker compose run --rm --no-TTY loadgen status 2>/dev/null | sed -n 's/^leader *\([0-9a-f]*\)-.*/\1/p')" >/dev/null
}
kill_a_worker() { docker kill "$(docker compose ps --quiet worker | head -n 1)" >/dev/null; }

rehearse() { # what is done to the stack in mid-run
  before=$(heard)
  loadgen run rehearsal.yaml --json /reports/report.json >"$folder/log" 2>&1 &
  run=$!
  wait_for at_least $((before + 4000))
  "$@"
  code=0
  wait "$run" || code=$?
  test "$code" = 10 || test "$code" = 13 || { tail -n 20 "$folder/log" >&2; exit 1; }
  python3 - "$folder" "$(($(heard) - before))" "${*:-nothing is done}" <<'CHECK'
import json, sys

report, heard = json.load(open(f"{sys.argv[1]}/report.json")), int(sys.argv[2])
requests, sent, arrivals = report["totals"]["requests"], report["totals"]["sent"], report["arrivals"]
print(f"{sys.argv[3]}: {report['outcome']}; {requests} requests counted of {sent} sent; the shop has heard {heard}")
assert requests <= heard <= sent and sent - requests <= 50, "only what was under way at a kill may have no answer"
assert sys.argv[3] == "kill_a_worker" or requests == heard
assert arrivals["started"] + arrivals["missed"] == arrivals["planned"] > 2000
print(requests, file=open(f"{sys.argv[1]}/counted", "a"))
CHECK
  docker compose up --wait >"$folder/log" 2>&1 || { tail -n 20 "$folder/log" >&2; exit 1; }
}

rehearse
rehearse kill_the_leader
rehearse kill_a_worker

has_all() { test "$(prometheus 'sum(max+by(run,journey,step,name,method,result)(max_over_time(loadgen_requests_total%5B1h%5D)))')" = "$1"; }
counted=$(awk '{ sum += $1 } END { print sum }' "$folder/counted")
wait_for has_all "$counted"
fell=$(prometheus 'sum(resets(loadgen_requests_total%5B1h%5D))')
echo "Prometheus has all $counted requests; counters that fell: $fell"
test "$fell" = 0
