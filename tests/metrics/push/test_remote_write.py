from __future__ import annotations

import math

import pytest
from metrics.push.written import read

from loadgen.metrics import families
from loadgen.metrics.push import remote_write as module
from loadgen.metrics.push.endpoint import endpoint
from loadgen.metrics.push.receiver import SendError
from loadgen.metrics.push.remote_write import RemoteWrite

AT_MS = 1_700_000_000_000
KINDS = {"counter": 1, "gauge": 2, "histogram": 3, "summary": 5, "info": 6}


@pytest.fixture
def receiver(listening):
    return RemoteWrite(endpoint(f"{listening.url}/api/v1/write", headers={"X-Scope-OrgID": "shop"}))


def samples_of(make, snapshot):
    """What a scrape shows, with a job, and who sends where that is no run's."""
    job, instance = ("job", "loadgen"), ("instance", "c1")
    return {
        frozenset(
            {("__name__", sample.name), job, *((k, v) for k, v in sample.labels.items() if v)}
            | (set() if "run" in sample.labels else {instance})
        ): sample.value
        for family in make.scrape(snapshot).families.values()
        for sample in family.samples
    }


def test_what_is_sent_is_what_a_scrape_shows(make, listening, receiver):
    snapshot = make.cluster(make.busy_run())

    assert receiver.send(snapshot, 0.0, AT_MS)

    ((path, headers, body),) = listening.requests
    assert path == "/api/v1/write"
    assert headers["content-encoding"] == "snappy"
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["x-prometheus-remote-write-version"] == "0.1.0"
    assert headers["x-scope-orgid"] == "shop"
    told = read(body)
    wanted = samples_of(make, snapshot)
    assert told.values.keys() == wanted.keys()
    assert all(
        told.values[labels] == value or (math.isnan(told.values[labels]) and math.isnan(value))
        for labels, value in wanted.items()
    )
    assert told.at_ms == {AT_MS}
    for family in families.ALL:
        if told.families.get(family.name):
            assert told.families[family.name] == (KINDS[family.kind], family.text)
    assert told.families.keys() >= {"loadgen_requests_total", "loadgen_request_duration_seconds", "loadgen_run_info"}


def test_series_that_are_no_more_get_one_stale_marker(make, listening, receiver):
    receiver.send(make.cluster(make.busy_run()), 0.0, AT_MS)
    receiver.send(make.cluster(), 0.0, AT_MS + 1)
    receiver.send(make.cluster(), 0.0, AT_MS + 2)

    first, second, third = (read(body) for _, _, body in listening.requests)
    gone = {labels for labels, value in second.values.items() if value is None}
    assert gone == first.values.keys() - third.values.keys()
    assert {dict(labels)["run"] for labels in gone} == {"r1"}
    assert None not in third.values.values()


def test_a_coordinator_that_has_nothing_more_to_show_ends_every_series(make, listening, receiver):
    receiver.send(make.cluster(make.busy_run()), 0.0, AT_MS)

    assert receiver.send(None, 0.0, AT_MS + 1)
    assert not receiver.send(None, 0.0, AT_MS + 2)

    first, last = (read(body) for _, _, body in listening.requests)
    assert last.values == dict.fromkeys(first.values)


def test_series_that_were_not_taken_are_not_ended_and_those_before_them_are(make, listening, receiver):
    receiver.send(make.cluster(), 0.0, AT_MS)
    listening.status = 500
    with pytest.raises(SendError):
        receiver.send(make.cluster(make.busy_run()), 0.0, AT_MS + 1)
    listening.status = 204
    receiver.send(None, 0.0, AT_MS + 2)

    known, _, ended = (read(body) for _, _, body in listening.requests)
    assert ended.values == dict.fromkeys(known.values)


def test_many_series_go_in_several_requests(make, listening, receiver, monkeypatch):
    monkeypatch.setattr(module, "SERIES_MOST", 50)
    snapshot = make.cluster(make.busy_run())
    receiver.send(snapshot, 0.0, AT_MS)

    told = [read(body).values for _, _, body in listening.requests]
    assert len(told) > 3
    assert max(map(len, told)) == 50
    assert sum(map(len, told)) == len({labels for one in told for labels in one}) == len(samples_of(make, snapshot))


@pytest.mark.parametrize(
    ("status", "again"), [(400, False), (401, False), (302, False), (429, True), (500, True), (503, True)]
)
def test_a_refusal_says_the_status_and_whether_to_try_again(make, listening, receiver, status, again):
    listening.status = status
    with pytest.raises(SendError) as failed:
        receiver.send(make.cluster(), 0.0, AT_MS)

    assert (failed.value.reason, failed.value.again) == (f"answered {status}", again)
    assert len(listening.requests) == 1


def test_a_receiver_that_is_silent_is_given_up(make, listening, receiver, monkeypatch):
    monkeypatch.setattr(module, "SEND_S", 0.2)
    listening.holds.clear()
    with pytest.raises(SendError, match=r"did not answer within 0.2 s") as failed:
        receiver.send(make.cluster(), 0.0, AT_MS)

    assert failed.value.again


def test_a_receiver_that_is_away_may_come_back(make):
    with pytest.raises(SendError, match="cannot be reached") as failed:
        RemoteWrite(endpoint("http://ann:hunter2@127.0.0.1:1")).send(make.cluster(), 0.0, AT_MS)

    assert failed.value.again
    assert "hunter2" not in f"{failed.value} {failed.value.__cause__}"
