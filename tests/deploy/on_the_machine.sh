# shellcheck shell=sh
# What is tried on the machine of plain_machine.sh once it is set up; run by root there, from the checkout.
PATH=$PATH:/opt/loadgen/bin
export LOADGEN_REDIS=redis://127.0.0.1:6379 LOADGEN_KEY=a-key-for-this-trial-alone
sed -i "s#^LOADGEN_REDIS=.*#LOADGEN_REDIS=$LOADGEN_REDIS#; s#^LOADGEN_KEY=.*#LOADGEN_KEY=$LOADGEN_KEY#" /etc/loadgen/cluster.env
sed -i 's#^WORKER_OPTIONS=.*#WORKER_OPTIONS=--processes 1 --allow-target 127.0.0.1 --label zone=a#' /etc/loadgen/worker.env
loadgen --version | grep -F '(compiled)'
test "$(cat /proc/sys/net/ipv4/tcp_tw_reuse)" = 1

systemctl enable --now loadgen-coordinator loadgen-worker
systemd-run --quiet --unit=shop /opt/loadgen/bin/loadgen demo-shop --port 8100

wait_for() { # until a command succeeds, for a minute at most
  left=120
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    test "$left" -gt 0
    sleep 0.5
  done
}
shop_says() { python3 -c "import json, urllib.request as r; print(json.load(r.urlopen('http://127.0.0.1:8100/_shop/stats'))['received_total'])"; }
has_heard() { test "$(shop_says)" -gt "$1"; }
wait_for shop_says

sed 's#base_url:.*#base_url: http://127.0.0.1:8100#' journeys/plans/smoke.yaml >journeys/plans/here.yaml

rehearse() { # what is done to the units once the shop has visitors; the report must have what the shop has heard
  before=$(shop_says)
  loadgen run journeys/plans/here.yaml --no-web --json /srv/report.json >/srv/run.log 2>&1 &
  run=$!
  wait_for has_heard "$((before + 50))"
  "$@"
  wait "$run" || test $? = 13 # what was missed meanwhile makes the run invalid, rightly
  heard=$(($(shop_says) - before))
  python3 - "$heard" "$*" <<'CHECK'
import json, sys

report, heard = json.load(open("/srv/report.json")), int(sys.argv[1])
requests, sent, planned = report["totals"]["requests"], report["totals"]["sent"], report["arrivals"]["planned"]
print(f"{sys.argv[2] or 'nothing is done'}: {report['outcome']}; {requests} requests counted, {heard} heard by the shop")
assert 50 < requests <= heard <= sent <= requests + 5, "only what was under way at a kill may have no answer"
assert "KILL loadgen-worker" in sys.argv[2] or requests == sent
assert report["arrivals"]["started"] + report["arrivals"]["missed"] == planned == 30
CHECK
}

rehearse
rehearse systemctl stop loadgen-worker # its shoppers are seen out
grep -q 'leaves and gives its share back' /srv/run.log
systemctl start loadgen-worker
rehearse systemctl kill --signal=KILL loadgen-worker # comes back, and sends what the dead one had counted
journalctl --unit=loadgen-worker | grep -q 'sent in its name'
rehearse systemctl kill --signal=KILL loadgen-coordinator # comes back, and goes on where the dead one was
systemctl is-active loadgen-coordinator loadgen-worker
