from __future__ import annotations

import base64
import sys

import pytest

from loadgen.errors import UsageError
from loadgen.metrics.push.endpoint import endpoint, read_headers
from loadgen.metrics.push.opening import otlp_endpoint, receivers, remote_write_endpoint

SECRET = "hunter2"


def test_user_and_password_become_a_header_and_are_shown_nowhere():
    one = endpoint("https://ann:hunter2%21@prom.example:9090/api/v1/write?key=hunter2")

    assert one.shown == "https://prom.example:9090/api/v1/write"
    assert one.url == "https://prom.example:9090/api/v1/write?key=hunter2"
    assert one.headers == {"Authorization": f"Basic {base64.b64encode(b'ann:hunter2!').decode()}"}
    assert SECRET not in repr(one)


@pytest.mark.parametrize(
    "text",
    [
        *("", "prom:9090", "ftp://prom/", "http://", "http://a:99999/", "http://[::1", "http://a b/", "http://a/#b"),
        *("http://ä/", f"ftp://u:{SECRET}@host/", f"http://u:{SECRET}@host:port/", f"http://u:{SECRET}@[/"),
    ],
)
def test_what_is_no_url_is_refused_without_repeating_it(text):
    with pytest.raises(ValueError, match="expected a URL such as") as refused:
        endpoint(text)

    assert SECRET not in str(refused.value)


def test_a_bare_address_gets_the_usual_path():
    assert remote_write_endpoint("http://prom:9090", {}).url == "http://prom:9090/api/v1/write"
    assert remote_write_endpoint("http://mimir/api/v1/push", {}).url == "http://mimir/api/v1/push"
    assert otlp_endpoint("http://collector:4318/", {}).url == "http://collector:4318/v1/metrics"


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://localhost:4318/v1/metrics"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:1/x/"}, "http://c:1/x/v1/metrics"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://m/a"},
            "http://m/a",
        ),
    ],
)
def test_opentelemetrys_variables_say_where_if_asked_to(environ, url):
    assert otlp_endpoint("env", environ).url == url


def test_headers_come_from_the_environment():
    assert read_headers("Authorization=Bearer%20a, X-Scope-OrgID=shop") == {
        "Authorization": "Bearer a",
        "X-Scope-OrgID": "shop",
    }
    at = remote_write_endpoint("http://prom", {"LOADGEN_REMOTE_WRITE_HEADERS": "X-Scope-OrgID=shop"})
    assert at.headers == {"X-Scope-OrgID": "shop"}


@pytest.mark.parametrize("text", ["hunter2", "a b=hunter2", "a=hunter2%0d%0ab: c", "=hunter2"])
def test_headers_that_are_none_are_refused_without_repeating_them(text):
    with pytest.raises(UsageError) as refused:
        remote_write_endpoint("http://prom", {"LOADGEN_REMOTE_WRITE_HEADERS": text})

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [
        ("loadgen.metrics.push.remote_write", "cramjam", "remote-write"),
        ("loadgen.metrics.push.otlp", "opentelemetry.exporter.otlp.proto.http.metric_exporter", "otlp"),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_extra(module, missing, extra, monkeypatch):
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    wanted = ("http://a", None) if extra == "remote-write" else (None, "http://a")
    with pytest.raises(UsageError) as refused:
        receivers(*wanted, {})

    assert refused.value.message == f"--{extra} needs {missing.partition('.')[0]}, which is not installed"
    assert refused.value.hint == f"pip install 'loadgen[{extra}]'"
