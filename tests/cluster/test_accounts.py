"""A customer's account is never used by two shoppers at once, in the whole cluster, whatever happens to workers."""

from __future__ import annotations

import json
import math
import os
import signal
import time

import pytest
from cluster.harness import finish, wait_until

from loadgen.bus import keys

ROWS = 60


@pytest.fixture
def log(tmp_path, monkeypatch):
    path = tmp_path / "accounts.log"
    monkeypatch.setenv("ACCOUNTS_LOG", str(path))
    return path


def lines(log) -> list[tuple[float, int, str, str]]:
    found = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [(float(at_s), int(pid), what, account) for at_s, pid, what, account in found]


def assert_never_two_at_once(log, silent: int = 0, since_s: float = math.inf) -> dict[str, set[int]]:
    """No account is begun while another has it; which processes used each.

    Args:
        log: what all of them wrote down.
        silent: a process that was killed or stood still: what it had is free for others from then on.
        since_s: when that was, by the clock of the log.
    """
    in_use: dict[str, int] = {}
    users: dict[str, set[int]] = {}
    for at_s, pid, what, account in sorted(lines(log)):
        if what == "begins":
            user = in_use.get(account)
            free = user is None or (user == silent and at_s > since_s)
            assert free, f"{account} is used by {user} and {pid}"
            in_use[account] = pid
            users.setdefault(account, set()).add(pid)
        elif pid != silent or at_s < since_s:  # woken up, it only ends what it had begun
            assert in_use.pop(account) == pid
    return users


def two_nodes(cluster, *args: str) -> None:
    for _ in range(2):
        cluster.start("worker", "--processes", "1", *args)
    wait_until(lambda: len(cluster.members()) == 2, "the machines join", 60)


def plan(cluster, shop, seconds: int, rows: int, level: int, **more):
    (cluster.folder / "accounts.csv").write_text("id,email\n" + "".join(f"{n},{n}@x.example\n" for n in range(rows)))
    return cluster.plan(
        {
            "name": "accounts",
            "target": {"base_url": shop.url},
            "journeys": [{"file": "accounts.py", "user": "Customer"}],
            "load": [{"model": "closed", "shape": {"constant": {"at": level, "for": f"{seconds}s"}}}],
            "data": [{"name": "accounts", "file": "accounts.csv", "access": "unique"} | more],
            "graceful_stop": "5s",
        }
    )


def test_no_account_is_used_twice_at_once_though_a_worker_is_killed_and_its_accounts_come_back(cluster, log):
    shop = cluster.shop()
    cluster.start("coordinator", "--metrics-port", "0")
    two_nodes(cluster, "--lease", "2")
    follower = cluster.submit(plan(cluster, shop, 22, ROWS, 40))
    wait_until(lambda: len({pid for _, pid, *_ in lines(log)}) == 2, "both workers use accounts")
    wait_until(lambda: len({account for *_, account in lines(log)}) == ROWS, "all accounts were used")

    dead = lines(log)[-1][1]
    os.kill(dead, signal.SIGKILL)
    died_at_s = time.monotonic()
    finish(follower, 90)

    users = assert_never_two_at_once(log, dead, died_at_s)
    held_by_dead = {account for account, pids in users.items() if dead in pids}
    used_later = {account for at_s, pid, _, account in lines(log) if at_s > died_at_s + 1}
    assert held_by_dead
    assert used_later == set(users), "the accounts of the dead worker are used again"
    key = keys.run_key(follower.record.run, "rows-held")
    wait_until(lambda: cluster.bus.client.hlen(key) == 0 or cluster.bus.client.ttl(key) > 0, "nothing stays for ever")


def test_a_worker_that_stands_still_uses_no_account_that_went_to_another(cluster, log):
    shop = cluster.shop()
    cluster.start("coordinator", "--metrics-port", "0")
    two_nodes(cluster, "--lease", "1")
    follower = cluster.submit(plan(cluster, shop, 20, ROWS, 30))
    wait_until(lambda: len({account for *_, account in lines(log)}) == ROWS, "all accounts were used")

    still = lines(log)[-1][1]
    os.kill(still, signal.SIGSTOP)
    stopped, stopped_at_s = len(lines(log)), time.monotonic()
    in_use = {}
    for _, pid, what, account in sorted(lines(log)):
        if pid == still:
            in_use[account] = what == "begins"
    open_accounts = {account for account, used in in_use.items() if used}
    assert open_accounts, "it stands still with accounts in use"
    key = keys.run_key(follower.record.run, "rows-held")
    wait_until(
        lambda: {account for _, _, _, account in lines(log)[stopped:]} >= open_accounts, "its accounts go to others", 15
    )
    os.kill(still, signal.SIGCONT)
    finish(follower, 90)

    begun = [(at_s, account) for at_s, pid, what, account in lines(log)[stopped:] if pid == still and what == "begins"]
    assert begun == []
    assert_never_two_at_once(log, still, stopped_at_s)
    assert cluster.bus.client.ttl(key) != -1


def test_accounts_that_are_handed_out_once_end_the_run(cluster, log):
    shop = cluster.shop()
    cluster.start("coordinator", "--metrics-port", "0")
    two_nodes(cluster)
    follower = finish(cluster.submit(plan(cluster, shop, 60, 40, 6, exhausted="stop")))

    begun = [account for _, _, what, account in lines(log) if what == "begins"]
    assert sorted(begun, key=int) == [str(number) for number in range(40)]
    assert "all rows of accounts were handed out" in json.dumps(follower.record.model_dump(mode="json"))
    assert follower.stats.total.counters["Customer", "accounts_exhausted"] >= 1
