"""Bodies are unpacked as browsers unpack them, and no bomb goes off."""

from __future__ import annotations

import gzip
import random
import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.http import content as content_module
from loadgen.journey.http.codings import MAX_PARTS
from loadgen.journey.http.content import ACCEPT_ENCODING, Unpacker, unpack
from loadgen.journey.http.failures import ProtocolBroken, RequestFailed, TooLarge

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 1024 * 1024
KIB = 1024


def raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


def skippable_frame(content: bytes) -> bytes:
    return struct.pack("<II", 0x184D2A50, len(content)) + content


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP": gzip.compress,
    "deflate": zlib.compress,
    "deflate ": raw_deflate,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "identity": bytes,
    "": bytes,
    "br, identity": brotli.compress,
    "gzip, br": lambda content: brotli.compress(gzip.compress(content)),
    "deflate,gzip,zstd": lambda content: zstd.compress(gzip.compress(zlib.compress(content))),
    "gzip, gzip, gzip, gzip": lambda c: gzip.compress(gzip.compress(gzip.compress(gzip.compress(c)))),
}
CONTENTS = {
    "empty": b"",
    "small": b"hello",
    "a page": b"<p>a page of a shop</p>" * 400,
    "a step exactly": bytes(64 * KIB),
    "two steps exactly": bytes(128 * KIB),
    "noise": random.Random(7).randbytes(300 * KIB),
    "runs": b"".join(bytes([n]) * 3000 for n in range(200)),
}


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def streamed(encodings: str, chunks: list[bytes], limit: int = LIMIT) -> bytes:
    unpacker = Unpacker(encodings, limit)
    return b"".join(map(unpacker.feed, chunks)) + unpacker.finish()


@pytest.mark.parametrize("encodings", PACKERS)
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_what_was_packed_comes_out(encodings: str, content: bytes) -> None:
    packed = PACKERS[encodings](content)

    assert unpack(encodings, [packed], LIMIT) == content
    assert unpack(encodings, in_pieces(packed, 1000), LIMIT) == content
    assert streamed(encodings, in_pieces(packed, 1000)) == content


@pytest.mark.parametrize("encodings", PACKERS)
def test_a_body_may_come_byte_by_byte(encodings: str) -> None:
    content = b"one byte after the other, " * 20

    assert streamed(encodings, in_pieces(PACKERS[encodings](content), 1)) == content


@pytest.mark.parametrize("encodings", PACKERS)
def test_a_body_that_is_not_there_is_empty(encodings: str) -> None:
    assert unpack(encodings, [], LIMIT) == b""
    assert unpack(encodings, [b""], LIMIT) == b""
    assert streamed(encodings, []) == b""


@pytest.mark.parametrize("encodings", [name for name in PACKERS if name.strip() not in ("", "identity")])
def test_a_body_cut_short_anywhere_is_broken(encodings: str) -> None:
    packed = PACKERS[encodings](b"all of this or nothing " * 10)

    for length in range(1, len(packed)):
        with pytest.raises(ProtocolBroken):
            unpack(encodings, [packed[:length]], LIMIT)
        with pytest.raises(ProtocolBroken):
            streamed(encodings, in_pieces(packed[:length], 7))


def test_a_body_is_told_as_soon_as_it_can_be() -> None:
    packer = zlib.compressobj(wbits=31)
    unpacker = Unpacker("gzip", LIMIT)

    assert unpacker.feed(packer.compress(b"now") + packer.flush(zlib.Z_SYNC_FLUSH)) == b"now"


@pytest.mark.parametrize("size", [1, 10, 40, 10_000])
def test_gzip_members_and_zstd_frames_follow_one_another(size: int) -> None:
    members = gzip.compress(b"one, ") + gzip.compress(b"") + gzip.compress(b"two")
    frames = zstd.compress(b"one, ") + skippable_frame(b"not this") + zstd.compress(b"two")

    assert unpack("gzip", in_pieces(members, size), LIMIT) == b"one, two"
    assert unpack("zstd", in_pieces(frames, size), LIMIT) == b"one, two"


@pytest.mark.parametrize("size", [1, 10, 10_000])
@pytest.mark.parametrize("rest", [b"\0" * 512, b"<!-- cached -->"])
def test_what_follows_a_gzip_or_deflate_body_is_ignored(size: int, rest: bytes) -> None:
    assert unpack("gzip", in_pieces(gzip.compress(b"page") + rest, size), LIMIT) == b"page"
    assert unpack("deflate", in_pieces(zlib.compress(b"page") + rest, size), LIMIT) == b"page"


@pytest.mark.parametrize("encodings", ["br", "zstd"])
def test_what_follows_a_brotli_or_zstd_body_is_refused(encodings: str) -> None:
    with pytest.raises(ProtocolBroken, match=f"cannot be unpacked as {encodings}"):
        unpack(encodings, [PACKERS[encodings](b"page"), b"rest"], LIMIT)


@pytest.mark.parametrize("encodings", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_a_body_that_is_not_what_the_header_says_is_broken(encodings: str) -> None:
    with pytest.raises(ProtocolBroken, match="cannot be unpacked as"):
        unpack(encodings, [b"<html>not packed at all</html>"], LIMIT)


def test_a_checksum_that_does_not_hold_is_broken() -> None:
    packed = bytearray(gzip.compress(b"page"))
    packed[-8] ^= 1

    with pytest.raises(ProtocolBroken, match="incorrect data check"):
        unpack("gzip", [bytes(packed)], LIMIT)


def test_an_unknown_coding_is_named() -> None:
    with pytest.raises(ProtocolBroken, match="unknown way: 'pack200-gzip'"):
        unpack("gzip, pack200-gzip", [b"x"], LIMIT)
    with pytest.raises(ProtocolBroken, match="unknown way"):
        Unpacker("sdch", LIMIT)


def test_a_body_packed_more_than_four_times_is_refused() -> None:
    with pytest.raises(ProtocolBroken, match="packed 5 times"):
        Unpacker("gzip, gzip, br, gzip, gzip", LIMIT)


def test_what_shoppers_accept_can_be_unpacked() -> None:
    for name in ACCEPT_ENCODING.split(", "):
        assert unpack(name, [PACKERS[name](b"page")], LIMIT) == b"page"


@pytest.mark.parametrize("encodings", PACKERS)
def test_the_limit_itself_is_allowed_and_one_byte_more_is_not(encodings: str) -> None:
    packed = PACKERS[encodings](CONTENTS["noise"])
    size = len(CONTENTS["noise"])

    assert len(unpack(encodings, [packed], size)) == size
    with pytest.raises(TooLarge, match="larger than 300 KiB unpacked"):
        unpack(encodings, [packed], size - 1)
    with pytest.raises(TooLarge):
        streamed(encodings, in_pieces(packed, 5000), size - 1)


BOMBS = {
    "gzip": gzip.compress(bytes(50_000_000)),
    "deflate": zlib.compress(bytes(50_000_000)),
    "br": brotli.compress(bytes(50_000_000), quality=5),
    "zstd": zstd.compress(bytes(50_000_000)),
    "gzip, gzip": gzip.compress(gzip.compress(bytes(50_000_000))),
    "gzip, br, zstd": zstd.compress(brotli.compress(gzip.compress(bytes(50_000_000)))),
}


@pytest.mark.parametrize("encodings", BOMBS)
@pytest.mark.parametrize("limit", [1, 100 * KIB, 4 * LIMIT])
def test_a_bomb_is_stopped_at_the_limit_without_holding_much_more(encodings: str, limit: int) -> None:
    bomb = [BOMBS[encodings]]

    for unpacking in (lambda: unpack(encodings, bomb, limit), lambda: streamed(encodings, bomb, limit)):
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge):
                unpacking()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 1.15 * limit + 512 * KIB  # growing buffers keep an eighth in reserve; a few pieces are under way


def test_a_bomb_inside_that_never_becomes_content_is_stopped_too() -> None:
    inside = gzip.compress(b"small") + bytes(50_000_000)  # ignored after the end, but it has to be unpacked

    with pytest.raises(TooLarge):
        unpack("gzip, br", [brotli.compress(inside, quality=5)], LIMIT)


@pytest.mark.parametrize(("encodings", "part"), [("gzip", gzip.compress(b"")), ("zstd", zstd.compress(b""))])
def test_a_body_of_countless_empty_parts_is_refused(encodings: str, part: bytes) -> None:
    assert unpack(encodings, [part * 1000], LIMIT) == b""
    with pytest.raises(ProtocolBroken, match="more than 10000 parts"):
        unpack(encodings, [part * (MAX_PARTS + 1)], LIMIT)


def test_a_window_that_takes_much_memory_is_refused() -> None:
    options = {zstd.CompressionParameter.window_log: 27}
    packer = zstd.ZstdCompressor(options=options)

    with pytest.raises(ProtocolBroken, match="too much memory"):
        unpack("zstd", [packer.compress(b"page") + packer.flush()], LIMIT)


CODINGS = st.lists(st.sampled_from(["gzip", "x-gzip", "deflate", "br", "zstd", "identity", "junk"]), max_size=5)


@given(CODINGS.map(", ".join) | st.text(max_size=20), st.lists(st.binary(max_size=200), max_size=5), st.integers(0, 99))
def test_garbage_fails_in_a_known_way(encodings: str, chunks: list[bytes], limit: int) -> None:
    for unpacking in (unpack, streamed):
        with suppress(ProtocolBroken, TooLarge):
            assert len(unpacking(encodings, chunks, limit)) <= limit


@given(
    st.sampled_from([name for name in PACKERS if name]),
    st.binary(max_size=300),
    st.integers(0, 10_000),
    st.integers(0, 255),
    st.integers(1, 50),
)
def test_a_damaged_body_is_unpacked_or_fails_in_a_known_way(
    encodings: str, content: bytes, place: int, damage: int, size: int
) -> None:
    packed = bytearray(PACKERS[encodings](content))
    if packed:
        packed[place % len(packed)] ^= damage
    results = []
    for chunks in ([bytes(packed)], in_pieces(bytes(packed), size)):
        for unpacking in (unpack, streamed):
            try:
                results.append(unpacking(encodings, chunks, LIMIT))
            except RequestFailed as error:
                results.append(error.reason)

    if "zstd" in encodings:  # its library compares a frame with the size it declares only when it has all of it at once
        results = [result for result in results if result != "protocol"]
    assert len(set(results)) <= 1


@given(st.binary(max_size=3000), st.integers(0, 9), st.integers(0, 10_000), st.integers(0, 255), st.integers(1, 5000))
def test_the_fast_library_unpacks_as_zlib_does(content: bytes, level: int, place: int, damage: int, limit: int) -> None:
    packed = bytearray(gzip.compress(content, level))
    packed[place % len(packed)] ^= damage

    def outcome() -> bytes | str:
        try:
            return unpack("gzip", [bytes(packed)], limit)
        except RequestFailed as error:
            return str(error)

    with pytest.MonkeyPatch.context() as patch:
        fast = outcome()
        patch.setattr(content_module, "fastest", zlib)
        assert outcome() == fast


def test_flags_that_gzip_does_not_know_are_refused() -> None:
    packed = bytearray(gzip.compress(b"page"))
    packed[3] |= 0x40

    with pytest.raises(ProtocolBroken, match="unknown header flags"):
        unpack("gzip", [bytes(packed)], LIMIT)
