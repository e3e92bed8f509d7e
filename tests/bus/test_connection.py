"""Opening Redis: whatever is wrong is said clearly, with a hint, within five seconds and without the password."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import time

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from loadgen.bus import ClusterBus, RunBus, connect, connection
from loadgen.bus.connection import _hosts, _without_secrets, speaking_to, urlsplit
from loadgen.bus.embedded import server_program
from loadgen.children import start_child, stop_child
from loadgen.errors import BusError, LoadgenError, UsageError
from loadgen.messages import Seat

PASSWORD = "s3cret-p4ss"


def refused(url: str) -> LoadgenError:
    """The error of a URL, with all that holds for every one of them."""
    began = time.monotonic()
    with pytest.raises((BusError, UsageError)) as caught:
        connect(url)
    assert time.monotonic() - began < 5
    error = caught.value
    assert error.hint
    for text in (error.message, error.hint):
        assert PASSWORD not in text
        assert "Connection(" not in text  # redis-py's own view of its objects
        assert text.isprintable()
    return error


# -- URLs


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost:6379",
        "redis://localhost:port",
        "redis://localhost:99999",
        "redis://localhost/first",
        "redis://[::1",
        "redis://localhost?timeout=5",
        "redis://localhost?socket_timeout=soon",
        "redis://localhost?protocol=7",
        "rediss://localhost?ssl_cert_reqs=sometimes",
        "redis+sentinel://localhost:26379",
        "redis+sentinel://localhost/m/first",
        "redis+sentinel:///m",
        "redis+cluster://",
        "redis+cluster://a,,b",
        "redis+cluster://a:b",
        f"redis://user:{PASSWORD}/more@localhost",
        f"{PASSWORD}@localhost",
        f"user:{PASSWORD}@localhost",
        "redis\x00://\x1b[31m",
    ],
)
def test_a_url_that_makes_no_sense_is_a_usage_error(url):
    assert isinstance(refused(url), UsageError)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://user:pass@host", "redis://user:***@host"),
        ("redis://:pass@host", "redis://:***@host"),
        ("redis://pass@host", "redis://:***@host"),
        ("redis://user:pa@ss@host", "redis://user:***@host"),
        ("redis://user:pa/ss@host/0", "redis://user:***@host/0"),
        ("redis://user:pa:ss@host", "redis://user:***@host"),
        ("redis://host?password=pass&db=1", "redis://host?password=***&db=1"),
        ("rediss://host?ssl_password=pass", "rediss://host?ssl_password=***"),
        ("unix://user:pass@/run/redis.sock?db=1", "unix://user:***@/run/redis.sock?db=1"),
        ("redis+sentinel://u:pass@a,b:1/m", "redis+sentinel://u:***@a,b:1/m"),
        ("user:pass@host", "user:***@host"),
        ("redis://ho\x1bst", "redis://ho�st"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url, shown):
    assert _without_secrets(url) == shown


@given(st.text(min_size=6), st.sampled_from(["redis://{}@h", "redis://u:{}@h", "redis://:{}@h/0", "{}@h", "u:{}@h:1"]))
def test_no_password_is_ever_shown(password, url):
    shown = _without_secrets(url.format(password))

    assert password not in shown or password in url


@pytest.mark.parametrize(
    ("place", "hosts"),
    [
        ("a", [("a", 26379)]),
        ("a:1", [("a", 1)]),
        ("a:1,b,c:3", [("a", 1), ("b", 26379), ("c", 3)]),
        ("user:pass@a,b:2", [("a", 26379), ("b", 2)]),
        ("[::1]", [("::1", 26379)]),
        ("[::1]:5,10.0.0.1:6", [("::1", 5), ("10.0.0.1", 6)]),
    ],
)
def test_several_hosts_are_read(place, hosts):
    assert _hosts(urlsplit(f"redis+sentinel://{place}/m"), 26379) == hosts


# -- nobody there, or somebody else


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize(
    "url",
    [
        "redis://user:{password}@127.0.0.1:{port}/0",
        "rediss://user:{password}@127.0.0.1:{port}/0",
        "valkey://127.0.0.1:{port}",
        "redis://127.0.0.1:{port}/0?password={password}",
        "redis+cluster://user:{password}@127.0.0.1:{port}",
        "redis+sentinel://user:{password}@127.0.0.1:{port}/m",
        "redis://user:{password}@nowhere.invalid:{port}",
        "unix:///nonexistent/{port}.sock",
    ],
)
def test_a_server_that_cannot_be_reached(closed_port, url):
    error = refused(url.format(password=PASSWORD, port=closed_port))

    assert isinstance(error, BusError)
    assert f"{closed_port}" in error.message


def silent(connection):
    while connection.recv(4096):
        pass


def slow_drip(connection):
    """Every answer comes just before the patience for one command is over."""
    while connection.recv(4096):
        time.sleep(3)
        connection.sendall(b"+OK\r\n")


def test_a_server_that_does_not_answer(impostor):
    error = refused(f"redis://user:{PASSWORD}@127.0.0.1:{impostor(slow_drip)}/0")

    assert "does not answer in time" in error.message


@pytest.mark.parametrize("scheme", ["redis", "rediss", "redis+cluster", "redis+sentinel"])
def test_no_kind_of_server_is_waited_for_longer(impostor, scheme, monkeypatch):
    monkeypatch.setattr(connection, "ANSWER_S", 0.3)
    began = time.monotonic()
    error = refused(f"{scheme}://user:{PASSWORD}@127.0.0.1:{impostor(silent)}/{'m' if 'sent' in scheme else ''}")

    assert "does not answer in time" in error.message
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"\x00\xff\x13",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"220 mail\r\n",
    ],
)
@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_a_server_that_is_no_redis(impostor, answer, scheme):
    def treat(connection):
        connection.recv(4096)
        connection.sendall(answer)
        silent(connection)

    error = refused(f"{scheme}://user:{PASSWORD}@127.0.0.1:{impostor(treat)}")
    assert "is no Redis" in error.message or "Redis Cluster" in error.message


def test_a_server_that_hangs_up(impostor):
    assert (
        "cannot reach Redis" in refused(f"redis://127.0.0.1:{impostor(lambda connection: connection.close())}").message
    )


def test_a_port_without_tls_is_told_from_one_that_is_closed(impostor):
    def treat(connection):
        connection.recv(4096)
        connection.sendall(b"-ERR unknown command\r\n")

    assert "TLS" in refused(f"rediss://127.0.0.1:{impostor(treat)}").hint


def answers_info(version: bytes):
    """A tiny server that only says its version, whatever it is asked."""
    info = b"# Server\r\nredis_version:" + version + b"\r\n" if version else b"# Server\r\n"

    def treat(connection):
        waiting = b""
        while data := connection.recv(4096):
            waiting += data
            while found := re.match(rb"\*(\d+)\r\n", waiting):
                words = re.match(rb"\*\d+\r\n" + rb"\$\d+\r\n([^\r]*)\r\n" * int(found[1]), waiting)
                if words is None:
                    break
                waiting = waiting[words.end() :]
                asked = words[1].upper() == b"INFO"
                connection.sendall(b"$%d\r\n%s\r\n" % (len(info), info) if asked else b"-ERR unknown command\r\n")

    return treat


@pytest.mark.parametrize("version", ["5.0.3", "6.0.16", "2.8"])
def test_a_server_that_is_too_old(impostor, version):
    error = refused(f"redis://127.0.0.1:{impostor(answers_info(version.encode()))}")

    assert f"is version {version}, loadgen needs 6.2 or newer" in error.message
    assert "upgrade" in error.hint


@pytest.mark.parametrize("version", ["6.2.0", "7.0.15", "8.4.2", "10.0"])
def test_a_server_that_is_new_enough(impostor, version):
    connect(f"redis://127.0.0.1:{impostor(answers_info(version.encode()))}").close()


@pytest.mark.parametrize("version", [b"", b"unknown"])
def test_a_server_that_does_not_say_its_version(impostor, version):
    assert "does not say which version" in refused(f"redis://127.0.0.1:{impostor(answers_info(version))}").message


# -- users and rights


def test_a_wrong_password(redis_server):
    assert "refuses the user or password" in refused(f"redis://:{PASSWORD}@127.0.0.1:{redis_server.port}").message
    assert "refuses the user or password" in refused(f"redis://nobody:{PASSWORD}@127.0.0.1:{redis_server.port}").message
    assert "refuses the user or password" in refused(f"redis://127.0.0.1:{redis_server.port}").message


@pytest.fixture
def user(bus, redis_server):
    """Make a user with some rights; gives its URL."""

    def make(*rules: str) -> str:
        bus.client.execute_command("ACL", "SETUSER", "tester", "reset", "on", f">{PASSWORD}", *rules)
        return f"redis://tester:{PASSWORD}@127.0.0.1:{redis_server.port}/0"

    yield make
    bus.client.execute_command("ACL", "DELUSER", "tester")


def test_a_user_without_rights(user):
    error = refused(user())

    assert "may not do what loadgen needs" in error.message
    assert "+@all" in error.hint


def test_a_user_with_too_few_rights_is_told_where_it_fails(user):
    bus = connect(user("+info", "~{loadgen}*", "+@read"))
    with pytest.raises(BusError, match="may not do what loadgen needs") as caught:
        ClusterBus(bus).lead("me", 5)
    assert PASSWORD not in caught.value.message
    bus.close()


def test_the_rights_that_the_hint_names_are_enough(user, everything):
    rules = refused(user()).hint.removeprefix("ACL SETUSER must give it ").split()
    bus = connect(user(*rules))
    everything(bus)
    bus.close()


@pytest.fixture
def everything(make_spec, make_row):
    """Do once all that loadgen does with Redis."""

    def do(bus):
        from loadgen.bus import Sealing
        from loadgen.clock import ClusterClock
        from loadgen.messages import ControlMessage, RunRecord, WorkerEvent, WorkerInfo, WorkerTotals

        cluster, run = ClusterBus(bus), RunBus(bus, "r-1")
        cluster.sync_clock(ClusterClock())
        fence = cluster.lead("me", 5).fence
        assert cluster.leader() == "me"
        cluster.announce("http://x", 5)
        assert cluster.announced() == "http://x"
        info = WorkerInfo(worker="w", node="n", pid=1)
        cluster.beat(info, 5)
        assert cluster.members_version() == 1
        assert cluster.members().keys() == {"w"}
        cluster.say(ControlMessage(kind="invite", run="r-1"))
        assert len(cluster.listen("0-0", 0.01)[1]) == 1
        assert cluster.control_position() != "0-0"
        cluster.submit(make_spec("r-1"), b"code")
        assert cluster.queued() == ["r-1"]
        cluster.activate("r-1")
        assert cluster.active() == cluster.runs() == ["r-1"]
        assert cluster.submitted_at("r-1") > 0
        assert (run.spec().run, run.code(), run.exists()) == ("r-1", b"code", True)
        run.claim(fence)
        run.write_seats(fence, {"w": Seat(epoch=1)})
        assert run.seat("w") == run.seats()["w"] == Seat(epoch=1)
        run.tell(WorkerEvent(kind="ready", worker="w"))
        assert len(run.events("0-0")[1]) == 1
        run.send("w", [b"rubbish"])
        positions, _, bad = run.frames({}, 10)
        run.quarantine(bad)
        run.seal(fence, Sealing([make_row(0)], positions, {"w": WorkerTotals(worker="w", sequence=3)}))
        assert (run.positions(), run.sealed_sequence("w")) == (positions, 3)
        assert run.totals().keys() == {"w"}
        assert len(run.sealed("0-0")[1]) == 1
        run.write_record(fence, RunRecord(run="r-1", name="x", submitted_at=1))
        assert run.record().name == "x"
        cluster.retire("r-1")
        run.expire()
        cluster.forget(["r-1"])
        assert cluster.leave("w")
        cluster.resign("me")

    return do


# -- other ways to reach a server


@pytest.fixture
def server(tmp_path):
    """Start servers with some configuration; gives their process."""
    children = []

    def start(*lines: str, mode: str = "", ready=None):
        configuration = tmp_path / f"{len(children)}.conf"
        configuration.write_text("\n".join(("bind 127.0.0.1", f"dir {tmp_path}", 'save ""', *lines)))
        log = (tmp_path / f"{len(children)}.log").open("wb")
        with log:
            child = start_child(
                [server_program(), str(configuration), *([mode] if mode else [])], stdout=log, stderr=log
            )
        children.append(child)
        deadline = time.monotonic() + 10
        while not ready():
            assert child.poll() is None, (tmp_path / f"{len(children) - 1}.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return child

    yield start
    for child in children:
        stop_child(child)


def answers(url: str):
    """Whether a server can be connected to."""

    def ready() -> bool:
        try:
            connect(url).close()
        except BusError:
            return False
        return True

    return ready


@pytest.fixture
def free_port(closed_port):
    return closed_port


@pytest.fixture
def another_port(free_port):
    with socket.create_server(("127.0.0.1", free_port)), socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_unix_socket(server, tmp_path, everything):
    url = f"unix://{tmp_path}/redis.sock"
    server("port 0", f"unixsocket {tmp_path}/redis.sock", ready=(tmp_path / "redis.sock").exists)
    bus = connect(url)
    everything(bus)
    bus.close()


def test_a_cluster(server, free_port, everything):
    """A Redis Cluster, of one server: the client is another, and keys of one script must share a slot."""
    port = free_port if free_port <= 55_000 else free_port - 10_000  # its bus listens 10,000 above
    plain = f"redis://127.0.0.1:{port}"
    server(f"port {port}", "cluster-enabled yes", ready=answers(plain))
    bus = connect(plain)
    bus.client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    deadline = time.monotonic() + 10
    while b"cluster_state:ok" not in bytes(str(bus.client.execute_command("CLUSTER", "INFO")), "utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    bus.close()

    bus = connect(f"redis+cluster://127.0.0.1:{port}")
    everything(bus)
    bus.close()


def test_a_sentinel(server, redis_server, free_port, everything):
    password = urlsplit(redis_server.url).password
    master = f"sentinel monitor shop 127.0.0.1 {redis_server.port} 1"
    sentinel = f"127.0.0.1:{free_port}"
    url = f"redis+sentinel://:{password}@{sentinel}/shop"
    server(f"port {free_port}", master, f"sentinel auth-pass shop {password}", mode="--sentinel", ready=answers(url))
    bus = connect(url)
    bus.client.flushall()
    everything(bus)
    bus.close()

    assert "no Sentinel" in refused(f"redis+sentinel://:{PASSWORD}@{sentinel}/other").message


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for localhost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have openssl")
        pytest.skip("needs openssl: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def tls_port(certificate, redis_server, impostor):
    """TLS in front of the embedded server (whose program may have been built without)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")

    def treat(connection):
        with (
            context.wrap_socket(connection, server_side=True) as outside,
            socket.create_connection(("127.0.0.1", redis_server.port)) as inside,
        ):
            while data := outside.recv(65536):
                inside.sendall(data)
                outside.sendall(inside.recv(65536))

    return impostor(treat)


def test_tls_with_a_certificate_that_is_named(tls_port, certificate, redis_server):
    password = urlsplit(redis_server.url).password
    url = f"rediss://:{password}@localhost:{tls_port}/0?ssl_ca_certs={certificate}/cert.pem"
    bus = connect(url)

    assert bus.client.ping()
    assert password not in bus.url
    bus.close()


def test_tls_with_a_certificate_that_nobody_signed_is_refused_with_a_hint(tls_port):
    error = refused(f"rediss://:{PASSWORD}@localhost:{tls_port}/0")

    assert "certificate" in error.message
    assert "ssl_ca_certs=FILE" in error.hint


def test_tls_whose_certificate_is_not_checked(tls_port, redis_server):
    password = urlsplit(redis_server.url).password
    connect(f"rediss://:{password}@localhost:{tls_port}/0?ssl_cert_reqs=none&ssl_check_hostname=false").close()


# -- errors later on


def test_an_error_of_the_network_is_a_bus_error():
    with pytest.raises(BusError, match="cannot speak to Redis at redis://h"), speaking_to("redis://h"):
        raise ConnectionResetError("gone")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"-LOADING Redis is loading\r\n", "still loading"),
        (b"-READONLY You can't write\r\n", "read-only replica"),
        (b"-OOM command not allowed\r\n", "out of memory"),
        (b"-NOPERM this user has no permissions\r\n", "may not do"),
        (b"-NOAUTH Authentication required.\r\n", "refuses the user or password"),
        (b"-MISCONF errors writing to disk\r\n", "cannot write to its disk"),
        (b"-TIREDOUT of it all\r\n", "answered with an error"),
    ],
)
def test_errors_of_the_server_are_told_apart(impostor, answer, words):
    def treat(connection):
        while connection.recv(4096):
            connection.sendall(answer)

    error = refused(f"redis://127.0.0.1:{impostor(treat)}/0")
    assert words in error.message


# -- while it is used


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("MISCONF Redis is configured to save RDB snapshots, but …", "takes nothing, as it cannot write to its disk"),
        ("BUSY Redis is busy running a script. You can only …", "is busy with somebody's script"),
        ("NOREPLICAS Not enough good replicas to write.", "takes nothing without its replicas"),
        ("UNBLOCKED force unblock from blocking operation, …", "has just become a replica"),
        ("ERR something else", "answered with an error: ERR something else"),
    ],
)
@pytest.mark.parametrize("before", ["", "Command # 1 (XADD {run:x}:frames f \x93(\n\xa7) of pipeline caused error: "])
def test_a_refusal_is_said_in_a_sentence_without_the_bytes_that_were_refused(error, says, before):
    with pytest.raises(BusError) as caught, speaking_to("redis://x"):
        raise redis.ResponseError(before + error)
    assert says in caught.value.message
    assert "XADD" not in caught.value.message
    assert caught.value.hint


def test_a_long_error_is_cut():
    with pytest.raises(BusError) as caught, speaking_to("redis://x"):
        raise redis.ResponseError("x" * 10_000)
    assert len(caught.value.message) < 400


def test_sentinels_with_a_password_of_their_own(server, free_port, another_port):
    port = free_port
    server(f"port {port}", ready=answers(f"redis://127.0.0.1:{port}"))
    watch = [f"port {another_port}", f"sentinel monitor shop 127.0.0.1 {port} 1", f"requirepass {PASSWORD}"]
    url = f"redis+sentinel://127.0.0.1:{another_port}/shop"
    server(*watch, mode="--sentinel", ready=answers(f"{url}?sentinel_password={PASSWORD}"))

    error = refused(url)
    assert "the Sentinels at" in error.message
    assert "refuse the user or password" in error.message
    assert "sentinel_password" in error.hint
    refused(f"{url}?sentinel_password=wrong-{PASSWORD}")
    bus = connect(f"{url}?sentinel_password={PASSWORD}&sentinel_username=default")
    assert PASSWORD not in bus.url
    bus.close()


@pytest.mark.parametrize("query", ["password=x", "sentinel_password", "sentinel_passwort=x"])
def test_a_sentinel_url_with_an_unknown_option_is_a_usage_error(query):
    assert isinstance(refused(f"redis+sentinel://localhost/shop?{query}"), UsageError)
