#!/bin/sh
# The systemd units on a machine of their own: Debian in a folder, set up by the commands of docs/deploy.md as they stand
# there, booted by its own systemd with a network of its own, and loaded while units are stopped and killed.
#
#   sh tests/deploy/plain_machine.sh       as root; takes about eight minutes and 1 GB; needs debootstrap, systemd-nspawn
set -eu

project=$(cd "$(dirname "$0")/../.." && pwd)
for tool in debootstrap systemd-nspawn; do
  command -v "$tool" >/dev/null || { echo "there is no $tool: apt-get install debootstrap systemd-container" >&2; exit 1; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
machine=$folder/machine
log=$folder/log

echo "installing Debian"
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,python3-venv,python3-dev,gcc,libc6-dev,ca-certificates,redis-server,procps \
  "${RELEASE:-bookworm}" "$machine" >"$log" 2>&1 || { tail "$log" >&2; exit 1; }
cp /etc/ssl/certs/ca-certificates.crt "$machine/etc/ssl/certs/" # whom this machine trusts for packages
cp /etc/resolv.conf "$machine/etc/"
mkdir "$machine/srv/loadgen"
git -C "$project" archive HEAD | tar -x -C "$machine/srv/loadgen"

# The first block of commands under "Plain machines". What fetches packages needs the network, what starts units a systemd.
awk '/^## Plain machines/ { here = 1 } here && /^```/ { if (inside) exit; inside = 1; next } inside' "$project/docs/deploy.md" \
  >"$folder/commands"
grep -q 'pip install \.' "$folder/commands" || { echo "docs/deploy.md has no commands for plain machines" >&2; exit 1; }

echo "installing loadgen"
{ echo "set -eu; export PIP_CERT=/etc/ssl/certs/ca-certificates.crt; cd /srv/loadgen"; grep -E 'venv|pip' "$folder/commands"; } >"$machine/srv/install.sh"
systemd-nspawn --quiet --register=no --keep-unit --directory="$machine" sh /srv/install.sh </dev/null >"$log" 2>&1 || { tail "$log" >&2; exit 1; }

{
  echo "set -eux; cd /srv/loadgen"
  # Debian's own settings are for the whole kernel, which this machine shares with others.
  grep -vE 'venv|pip' "$folder/commands" | sed 's#sysctl --system#sysctl --load=/etc/sysctl.d/60-loadgen.conf#'
  cat "$project/tests/deploy/on_the_machine.sh"
} >"$machine/srv/trial.sh"
cat >"$machine/etc/systemd/system/trial.service" <<'UNIT'
[Service]
Type=oneshot
StandardOutput=file:/srv/trial.log
StandardError=inherit
ExecStart=/bin/sh /srv/trial.sh
ExecStopPost=/bin/sh -c 'echo $EXIT_STATUS >/srv/code; exec systemctl --no-block poweroff'
[Install]
WantedBy=multi-user.target
UNIT
ln -s ../trial.service "$machine/etc/systemd/system/multi-user.target.wants/"

echo "booting"
SYSTEMD_NSPAWN_API_VFS_WRITABLE=network timeout 600 systemd-nspawn --quiet --register=no --keep-unit --private-network \
  --directory="$machine" --boot </dev/null >"$log" 2>&1 || { tail "$log" >&2; exit 1; }
grep -v '^+' "$machine/srv/trial.log"
code=$(cat "$machine/srv/code")
[ "$code" = 0 ] || { grep '^+' "$machine/srv/trial.log" | tail -n 3 >&2; echo "the trial failed with code $code" >&2; exit 1; }
