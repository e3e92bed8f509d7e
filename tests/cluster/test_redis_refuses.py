"""Redis is there and refuses: each kind of refusal for a second or so, one after the other, in one run."""

import shutil
import threading
import time
from contextlib import contextmanager, suppress

import redis
from cluster.harness import assert_exact, ended_by_itself, finish, look, one_page, reach

LONG_ENOUGH_S = 1.2
"""So long lasts each refusal: several attempts of every part, and far less than a lease."""


@contextmanager
def read_only(_, say):
    say("REPLICAOF", "127.0.0.1", "1")
    yield
    say("REPLICAOF", "NO", "ONE")


@contextmanager
def out_of_memory(_, say):
    say("CONFIG", "SET", "maxmemory", "1")
    yield
    say("CONFIG", "SET", "maxmemory", "0")


@contextmanager
def disk_that_takes_nothing(server, say):
    say("CONFIG", "SET", "save", "3600 1")
    gone = server.folder / "gone"
    gone.mkdir()
    say("CONFIG", "SET", "dir", str(gone))
    gone.rmdir()
    say("BGSAVE")
    yield
    say("CONFIG", "SET", "dir", str(server.folder))
    say("CONFIG", "SET", "save", "")


@contextmanager
def busy_with_a_script(server, say):
    say("CONFIG", "SET", "busy-reply-threshold", "20")
    with server.client(socket_timeout=20) as client:

        def loop() -> None:
            with suppress(redis.RedisError):
                client.eval("while true do end", 0)

        thread = threading.Thread(target=loop)
        thread.start()
        yield
        say("SCRIPT", "KILL")
        thread.join()


@contextmanager
def another_password(_, say):
    say("CONFIG", "SET", "requirepass", "changed")
    say("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    yield
    say("CONFIG", "SET", "requirepass", "")


@contextmanager
def no_room_for_answers(_, say):
    say("CONFIG", "SET", "client-output-buffer-limit", "normal 1 0 0")
    yield
    say("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")


@contextmanager
def connections_that_are_killed(_, say):
    until_s = time.monotonic() + LONG_ENOUGH_S
    while time.monotonic() < until_s:
        say("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        time.sleep(0.05)
    yield


@contextmanager
def no_answers(_, say):
    say("CLIENT", "PAUSE", int(LONG_ENOUGH_S * 1000), "ALL")
    yield


@contextmanager
def no_more_connections(_, say):
    say("CONFIG", "SET", "maxclients", "3")
    say("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    yield
    say("CONFIG", "SET", "maxclients", "1000")


REFUSALS = [
    read_only,
    out_of_memory,
    disk_that_takes_nothing,
    busy_with_a_script,
    another_password,
    no_room_for_answers,
    connections_that_are_killed,
    no_answers,
    no_more_connections,
]


def lines_of_complaint(cluster) -> list[int]:
    """How often each process said that Redis was away."""
    logs = [log for log in cluster.folder.glob("*.log") if log.name.startswith(("worker", "coordinator"))]
    return [log.read_text().count("trying again") for log in logs]


def test_whatever_redis_refuses_the_run_goes_on_and_every_request_is_counted(servers, cluster_at):
    server = servers.make().start()
    cluster = cluster_at(server.url)
    shop = cluster.shop()
    cluster.start("coordinator")
    cluster.nodes(2)
    follower = cluster.submit(cluster.plan(one_page(shop, 26)))
    reach(follower, 1)
    with server.client() as control:
        for refusal in REFUSALS:
            assert follower.stats.last_second < 23, f"no time left for {refusal.__name__}"
            with refusal(server, control.execute_command):
                time.sleep(LONG_ENOUGH_S)
            look(follower)
            reach(follower, follower.stats.last_second + 1)
        refused, stats = control.info("errorstats"), control.info("stats")
    assert {"READONLY", "OOM", "MISCONF", "BUSY", "NOAUTH"} <= {kind.removeprefix("errorstat_") for kind in refused}
    assert stats["rejected_connections"] > 0
    assert stats["client_output_buffer_limit_disconnections"] > 0
    finish(follower)
    assert ended_by_itself(follower), follower.record.verdict
    assert_exact(follower, shop)
    assert 1 <= max(lines_of_complaint(cluster)) <= 3 * len(REFUSALS), lines_of_complaint(cluster)
    shutil.rmtree(server.folder / "gone", ignore_errors=True)
