"""Every way to reach a server does all that loadgen does with it: users, sockets, clusters, Sentinel, TLS."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time

import pytest
from bus.refusing import PASSWORD, refused

from loadgen.bus import ClusterBus, RunBus, connect
from loadgen.bus.connection import urlsplit
from loadgen.bus.embedded import server_program
from loadgen.children import start_child, stop_child
from loadgen.errors import BusError
from loadgen.messages import Seat

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
