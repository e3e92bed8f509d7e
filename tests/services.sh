#!/bin/sh
# Programs that some tests drive, from Debian's packages. As root they are installed (but not started);
# otherwise what is missing is named: its tests skip on a laptop and fail in CI.
set -eu

PATH="$PATH:/usr/sbin" # where Debian puts nginx
missing=""
need() { # need PROGRAM PACKAGE WHAT
    if ! command -v "$1" >/dev/null 2>&1; then
        missing="$missing $2"
        echo "without $1 ($3) some tests skip: apt-get install $2"
    fi
}
need promtool prometheus "metrics, rules and dashboards are tried on it"
need redis-server redis-server "the bus is tried on Redis, beside the embedded Valkey"
need openssl openssl "makes certificates for TLS"
need cc "gcc libc6-dev" "makes machines whose clocks are wrong"
need nginx nginx "latencies are held against its own"
need systemd-analyze systemd "units are read with it"
need chromium chromium "the live page is driven in it"
need npm "nodejs npm" "brings Vendure, a shop that dialects are tried on, and Grafana's own types"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need initdb postgresql "shops are tried on it"

[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    # RUNLEVEL=1: install the programs, start no service.
    # shellcheck disable=SC2086  # a list of packages
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
