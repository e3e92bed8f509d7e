"""Each Lua script does what its header says; a write under an old fence writes nothing."""

from __future__ import annotations

import re
import time
from importlib import resources

import pytest

from loadgen.bus import keys

RUN = "r-1"


def dump(bus) -> dict:
    """All that lies in Redis."""
    redis = bus.client
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        b"stream": redis.xrange,
    }
    return {key: readers[redis.type(key)](key) for key in redis.scan_iter()}


SCRIPTS = sorted(resources.files("loadgen.bus").joinpath("lua").iterdir(), key=lambda path: path.name)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_says_what_it_needs_and_gives(script):
    text = script.read_text(encoding="utf-8")
    header = "".join(line for line in text.splitlines(keepends=True) if line.startswith("--"))

    assert text.startswith("-- ")
    for part in ("KEYS", "ARGV", "RETURNS"):
        assert f"-- {part} " in header
    used = {int(number) for number in re.findall(r"KEYS\[(\d+)\]", text)}
    assert used == set(range(1, len(used) + 1))
    assert all(re.search(rf"KEYS.*\b{number} ", header) for number in used)


# -- lead, resign


def test_the_first_to_ask_leads_and_nobody_else_while_its_lease_lasts(bus):
    leading, fence = bus.scripts.lead("a", 60)
    assert leading
    assert bus.scripts.lead("b", 60) == (False, "a")
    assert bus.scripts.lead("a", 60) == (True, fence)
    assert 59_000 < bus.client.pttl(keys.LEADER) <= 60_000


def test_every_new_leadership_has_a_higher_fence(bus):
    first = bus.scripts.lead("a", 60)
    assert bus.scripts.resign("a")
    second = bus.scripts.lead("a", 60)
    bus.client.delete(keys.LEADER)
    third = bus.scripts.lead("b", 60)
    assert (True, 0) < first < second < third


def test_the_fence_rises_even_where_redis_forgot_it(bus):
    before = bus.scripts.lead("a", 60)
    time.sleep(0.002)  # it is the server's clock, in milliseconds
    bus.client.flushall()
    after = bus.scripts.lead("b", 60)
    assert before < after


def test_the_fence_rises_even_where_the_clock_goes_back(bus):
    far = int(time.time() * 1000) + 10**9
    bus.client.set(keys.FENCE, far)
    assert bus.scripts.lead("a", 60) == (True, far + 1)
    assert int(bus.client.get(keys.FENCE)) == far + 1


def test_a_lease_that_is_not_renewed_ends(bus):
    bus.scripts.lead("a", 0.05)
    deadline = time.monotonic() + 5
    while not bus.scripts.lead("b", 60)[0]:
        assert time.monotonic() < deadline
    assert bus.client.get(keys.LEADER) == b"b"


def test_renewing_lengthens_the_lease(bus):
    bus.scripts.lead("a", 1)
    bus.scripts.lead("a", 60)

    assert bus.client.pttl(keys.LEADER) > 1000


def test_only_the_leader_can_resign(bus):
    bus.scripts.lead("a", 60)
    before = dump(bus)

    assert not bus.scripts.resign("b")
    assert dump(bus) == before
    assert bus.scripts.resign("a")
    assert not bus.scripts.resign("a")


# -- beat, leave


def test_a_beat_puts_a_worker_on_the_list_and_renews_its_lease(bus):
    assert bus.scripts.beat("w", 5, b"info") == (False, True, False)
    first = bus.client.zscore(keys.WORKERS, "w")
    assert bus.scripts.beat("w", 50, b"info") == (False, False, False)

    seconds, micros = bus.client.time()
    assert bus.client.zscore(keys.WORKERS, "w") > first
    assert bus.client.zscore(keys.WORKERS, "w") == pytest.approx(seconds * 1e6 + micros + 50e6, abs=5e6)


def test_a_beat_tells_whether_anyone_leads(bus):
    assert bus.scripts.beat("w", 5, b"info")[0] is False
    bus.scripts.lead("a", 60)
    assert bus.scripts.beat("w", 5, b"info")[0] is True


def test_the_version_of_the_list_rises_only_with_news(bus):
    def version():
        return int(bus.client.get(keys.MEMBERS) or 0)

    versions = [version()]
    for step in (
        lambda: bus.scripts.beat("w", 5, b"one"),
        lambda: bus.scripts.beat("w", 5, b"one"),
        lambda: bus.scripts.beat("w", 5, b"two"),
        lambda: bus.scripts.leave("w"),
        lambda: bus.scripts.leave("w"),
    ):
        step()
        versions.append(version())
    assert versions == [0, 1, 1, 2, 3, 3]


def test_leaving_removes_every_trace(bus):
    bus.scripts.beat("w", 5, b"info")
    assert bus.scripts.leave("w")
    assert not bus.scripts.leave("w")

    assert dump(bus).keys() == {keys.MEMBERS.encode(), keys.LEFT.encode()}
    assert bus.client.zrange(keys.LEFT, 0, -1) == [b"w"]


def test_who_comes_back_has_not_left(bus):
    bus.scripts.leave("w")
    bus.scripts.beat("w", 5, b"info")

    assert bus.client.zrange(keys.LEFT, 0, -1) == []


def test_that_somebody_left_is_remembered_for_an_hour(bus):
    bus.client.zadd(keys.LEFT, {"long ago": time.time() - 3700, "lately": time.time() - 3500})
    bus.scripts.leave("w")

    assert bus.client.zrange(keys.LEFT, 0, -1) == [b"lately", b"w"]
    assert 3600 < bus.client.ttl(keys.LEFT) <= 7200


def test_a_worker_that_renewed_its_lease_in_time_is_not_removed(bus):
    bus.scripts.beat("w", 5, b"info")
    until_s = bus.client.zscore(keys.WORKERS, "w") / 1e6
    before = dump(bus)

    assert not bus.scripts.leave("w", until_s - 1)
    assert dump(bus) == before
    assert not bus.scripts.leave("stranger", until_s + 1)
    assert bus.scripts.leave("w", until_s + 1)


def test_a_worker_that_comes_back_is_told_that_it_was_gone(bus):
    bus.scripts.beat("w", 5, b"info")
    bus.scripts.leave("w")

    assert bus.scripts.beat("w", 5, b"info") == (False, True, False)


def test_one_that_serves_a_run_is_told_that_it_was_taken_off_as_often_as_it_asks(bus):
    """One answer may be lost, and the next must not sound as if nothing had been."""
    bus.scripts.beat("w", 5, b"info", serves=True)
    bus.scripts.leave("w")

    assert bus.scripts.beat("w", 5, b"info", serves=True) == (False, True, True)
    assert bus.scripts.beat("w", 5, b"info", serves=True) == (False, False, True)
    assert bus.scripts.beat("w", 5, b"info") == (False, False, False)
    assert bus.scripts.beat("w", 5, b"info", serves=True) == (False, False, False)


# -- claim and the fenced writes


def test_a_run_is_claimed_by_ever_newer_leaders(bus):
    assert bus.scripts.claim(RUN, 3)
    assert bus.scripts.claim(RUN, 3)
    assert bus.scripts.claim(RUN, 10)
    assert not bus.scripts.claim(RUN, 9)
    assert bus.client.get(keys.run_key(RUN, "fence")) == b"10"


WRITES = {
    "record": lambda bus, fence: bus.scripts.record(RUN, fence, b"record"),
    "seats": lambda bus, fence: bus.scripts.seats(RUN, fence, {"w": b"seat", "v": b"other"}),
    "announce": lambda bus, fence: bus.scripts.announce(RUN, fence, 2, 10.0, ("v", "w"), {"w": b"seat"}),
    "seal": lambda bus, fence: bus.scripts.seal(RUN, fence, [b"s0", b"s1"], {0: "5-1"}, {"w": b"totals"}),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("fence", [1, 4, 40, 50])
def test_another_fence_writes_nothing(bus, write, fence):
    bus.scripts.claim(RUN, 5)
    WRITES[write](bus, 5)
    before = dump(bus)

    assert not WRITES[write](bus, fence)
    assert dump(bus) == before


@pytest.mark.parametrize("write", WRITES)
def test_a_run_that_nobody_claimed_is_not_written(bus, write):
    assert not WRITES[write](bus, 1)
    assert dump(bus) == {}


def test_sealing_writes_everything_in_one_step(bus):
    bus.scripts.claim(RUN, 5)
    assert WRITES["seal"](bus, 5)

    assert [fields for _, fields in bus.client.xrange(keys.run_key(RUN, "sealed"))] == [{b"s": b"s0"}, {b"s": b"s1"}]
    assert bus.client.hgetall(keys.run_key(RUN, "positions")) == {b"0": b"5-1"}
    assert bus.client.hgetall(keys.run_key(RUN, "totals")) == {b"w": b"totals"}


def test_a_step_that_was_done_already_is_not_done_again(bus):
    bus.scripts.claim(RUN, 5)
    step = (RUN, 5, [b"s0", b"s1"], {0: "5-1"}, {"w": b"totals"})
    assert bus.scripts.seal(*step, after=0) == 1
    before = dump(bus)

    assert bus.scripts.seal(*step, after=0) == -1
    assert dump(bus) == before
    assert bus.scripts.seal(RUN, 4, [], {}, {}, after=0) == 0
    assert bus.scripts.seal(RUN, 5, [b"s2"], {}, {}, after=2) == 1


def test_sealing_nothing_is_allowed(bus):
    bus.scripts.claim(RUN, 5)
    before = dump(bus)

    assert bus.scripts.seal(RUN, 5, [], {}, {})
    assert dump(bus) == before


def test_sealing_carries_any_bytes(bus):
    bus.scripts.claim(RUN, 5)
    bus.scripts.seal(RUN, 5, [bytes(range(256))], {0: "1-0", 1: "2-0"}, {"größe": b"\x00\xff"})

    assert bus.client.xrange(keys.run_key(RUN, "sealed"))[0][1] == {b"s": bytes(range(256))}
    assert bus.client.hget(keys.run_key(RUN, "totals"), "größe") == b"\x00\xff"


def test_seats_of_others_stay_as_they_are(bus):
    bus.scripts.claim(RUN, 5)
    bus.scripts.seats(RUN, 5, {"w": b"one", "v": b"two"})
    bus.scripts.seats(RUN, 5, {"w": b"three"})

    assert bus.client.hgetall(keys.run_key(RUN, "seats")) == {b"w": b"three", b"v": b"two"}


def test_scripts_are_loaded_again_where_a_server_forgot_them(bus):
    leading = bus.scripts.lead("a", 60)
    bus.client.script_flush()

    assert bus.scripts.lead("a", 60) == leading
