"""Whom a worker may aim at. The addresses and names here belong to nobody; nothing may ever be sent to them."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.errors import TargetError
from loadgen.worker.targets import AllowedTargets, is_loopback


@pytest.mark.parametrize(
    ("pattern", "host", "port", "allowed"),
    [
        ("shop.example", "shop.example", 443, True),
        ("shop.example", "shop.example", 80, True),
        ("shop.example", "SHOP.Example.", 443, True),
        ("Shop.Example", "shop.example", 443, True),
        ("shop.example", "www.shop.example", 443, False),
        ("shop.example", "shop.example.evil.example", 443, False),
        ("shop.example", "myshop.example", 443, False),
        ("shop.example:443", "shop.example", 443, True),
        ("shop.example:443", "shop.example", 80, False),
        ("shop.example:443", "shop.example", None, True),
        ("*.shop.example", "www.shop.example", 443, True),
        ("*.shop.example", "a.b.shop.example", 443, True),
        ("*.shop.example", "shop.example", 443, False),
        ("*.shop.example", "evilshop.example", 443, False),
        ("*.shop.example:8443", "a.shop.example", 8443, True),
        ("*.shop.example:8443", "a.shop.example", 443, False),
        ("198.51.100.7", "198.51.100.7", 80, True),
        ("198.51.100.7", "198.51.100.70", 80, False),
        ("198.51.100.7:80", "198.51.100.7", 81, False),
        ("198.51.100.*", "198.51.100.7", 80, True),
        ("2001:db8::1", "2001:db8::1", 80, True),
        ("2001:db8::1", "[2001:db8::1]", 80, True),
        ("[2001:db8::1]", "2001:db8::1", 80, True),
        ("[2001:db8::1]:443", "2001:db8::1", 443, True),
        ("[2001:db8::1]:443", "2001:db8::1", 80, False),
        ("2001:db8::1", "2001:db8::2", 80, False),
        ("*", "anything.example", 1, True),
        ("*:443", "anything.example", 443, True),
        ("*:443", "anything.example", 80, False),
        ("", "shop.example", 443, False),
        ("shop.example", "", 443, False),
    ],
)
def test_patterns(pattern, host, port, allowed):
    assert AllowedTargets([pattern]).allows(host, port) is allowed


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("localhost", True),
        ("shop.localhost", True),
        ("0.0.0.0", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("notlocalhost", False),
        ("2130706433", False),
        ("128.0.0.1", False),
        ("198.51.100.7", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_and_nothing_that_looks_like_it(host, own):
    assert is_loopback(host) is own
    assert AllowedTargets([]).allows(host, 80) is own


def test_addresses_of_an_allowed_name_are_allowed_on_its_ports():
    targets = AllowedTargets(["shop.example:443", "*.cdn.example"])
    assert not targets.allows("198.51.100.7", 443)
    targets.resolved("shop.example", ["198.51.100.7", "2001:db8::7"])
    targets.resolved("a.cdn.example", ["198.51.100.8"])
    targets.resolved("redis.example", ["198.51.100.9"])

    assert targets.allows("198.51.100.7", 443)
    assert targets.allows("2001:db8::7", 443)
    assert not targets.allows("198.51.100.7", 22)
    assert targets.allows("198.51.100.8", 22)
    assert not targets.allows("198.51.100.9", 443)


def test_a_target_that_is_not_allowed_is_refused_with_the_option_to_give():
    targets = AllowedTargets(["shop.example"])
    targets.check("shop.example", 443)

    with pytest.raises(TargetError, match=r"may not send to other\.example") as caught:
        targets.check("other.example", 443)
    assert "--allow-target other.example" in caught.value.hint


@given(st.text(), st.text(), st.one_of(st.none(), st.integers(0, 65535)))
def test_any_text_is_a_pattern_and_a_host(pattern, host, port):
    assert AllowedTargets([pattern]).allows(host, port) in {True, False}


# -- enforcement, each in a process of its own, as it cannot be undone


def enforced(code: str, *patterns: str) -> str:
    """What a process prints that may aim at these patterns; packets to the outside are counted as they are made."""
    setup = f"""
        from gevent import monkey
        monkey.patch_all()
        import errno, os, socket, sys
        from loadgen.worker import targets
        from loadgen.worker.targets import AllowedTargets, enforce

        allowed = AllowedTargets({list(patterns)!r})
        enforce(allowed, exempt=lambda: own)
        own = False

        def refused(call):
            try:
                call()
            except PermissionError as error:
                return error.errno == errno.EACCES and "no allowed target" in str(error)
            except OSError as error:
                return repr(error)
            return "done"

        def server():
            listener = socket.create_server(("127.0.0.1", 0))
            return listener, listener.getsockname()[1]
    """
    program = textwrap.dedent(setup) + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_literal_address_that_is_not_allowed_is_refused_before_any_packet():
    """With 198.51.100.0/24 (TEST-NET-2) a packet that did leave would come to nothing: the connect would hang."""
    code = """
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as plug:
                plug.settimeout(1)
                print(refused(lambda: plug.connect(("198.51.100.7", 80))), plug.getsockname())
                print(plug.connect_ex(("198.51.100.7", 80)) == errno.EACCES)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
            print(refused(lambda: plug.sendto(b"x", ("198.51.100.7", 53))))
            print(refused(lambda: plug.sendmsg([b"x"], [], 0, ("198.51.100.7", 53))))
        print(refused(lambda: socket.create_connection(("198.51.100.7", 80), timeout=1)))
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as plug:
            print(refused(lambda: plug.connect(("2001:db8::1", 80, 0, 0))))
    """
    lines = enforced(code, "shop.invalid").splitlines()

    assert lines[0] == lines[2] == "True ('0.0.0.0', 0)"
    assert set(lines[1:2] + lines[3:]) == {"True"}


def test_loopback_can_be_reached_by_address_and_name():
    code = """
        listener, port = server()
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, port), timeout=5) as plug:
                print(plug.getpeername()[1] == port)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
            print(refused(lambda: plug.sendto(b"x", ("127.0.0.1", port))))
    """
    assert enforced(code).split() == ["True", "True", "done"]


def test_an_allowed_name_is_resolved_and_its_address_is_reached():
    """The resolver is replaced by one that knows shop.invalid, so that no question leaves this machine."""
    code = """
        import gevent

        listener, port = server()
        hub = gevent.get_hub()
        asked = []

        class Known:
            def getaddrinfo(self, host, port, *args, **kwargs):
                asked.append(host)
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

            def gethostbyname(self, host, *args):
                asked.append(host)
                return "127.0.0.1"

            def gethostbyname_ex(self, host, *args):
                asked.append(host)
                return host, [], ["127.0.0.1"]

        hub.resolver._inner = Known()
        with socket.create_connection(("shop.invalid", port), timeout=5) as plug:
            print(plug.getpeername()[1] == port)
        print(socket.gethostbyname("shop.invalid"), socket.gethostbyname_ex("shop.invalid")[2])
        for call in (
            lambda: socket.getaddrinfo("other.invalid", 80),
            lambda: socket.gethostbyname("other.invalid"),
            lambda: socket.gethostbyname_ex("other.invalid"),
            lambda: socket.create_connection(("other.invalid", port), timeout=1),
        ):
            print(refused(call))
        print(set(asked))
    """
    assert enforced(code, "shop.invalid").splitlines() == [
        "True",
        "127.0.0.1 ['127.0.0.1']",
        "True",
        "True",
        "True",
        "True",
        "{'shop.invalid'}",
    ]


def test_what_is_said_to_redis_is_exempt_and_only_that(redis_url):
    code = f"""
        import contextlib, gevent
        from loadgen.bus import is_speaking
        from loadgen.bus.connection import speaking_to

        seen = []
        hook = targets.AllowedTargets([])
        enforce(hook, exempt=is_speaking)
        own = True
        with socket.socket() as plug:
            plug.settimeout(0.01)
            print(refused(lambda: plug.connect(("198.51.100.7", 80))))
        with speaking_to("redis"):
            print(is_speaking())
        print(is_speaking())
        from loadgen.bus import connect
        bus = connect({redis_url!r})
        print(bus.client.ping())
    """
    assert enforced(code).split() == ["True", "True", "False", "True"]


def test_unix_sockets_are_not_the_network(tmp_path):
    code = f"""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind({str(tmp_path / "s")!r})
        listener.listen()
        with socket.socket(socket.AF_UNIX) as plug:
            print(refused(lambda: plug.connect({str(tmp_path / "s")!r})))
    """
    assert enforced(code) == "done"
