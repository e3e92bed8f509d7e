"""Answers whose head came before are taken as llhttp would have read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.journey.http import answers
from loadgen.journey.http.answers import AnswerReader
from loadgen.journey.http.failures import RequestFailed, TooLarge
from loadgen.journey.http.heads import LUCK, MOST_KNOWN, REST, KnownHeads
from loadgen.journey.http.settings import ClientSettings

SETTINGS = ClientSettings()


@pytest.fixture(autouse=True)
def heads(monkeypatch):
    heads = KnownHeads()
    monkeypatch.setattr(answers, "_heads", heads)
    return heads


def page(body: bytes = b"hello", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%bX: y\r\n\r\n%b" % (len(body), more, body)


def read(data: bytes, settings: ClientSettings = SETTINGS, *, no_body: bool = False):
    """What a reader makes of an answer in one piece: whether that was all, its state, and the answer."""
    reader = AnswerReader.lent(settings, no_body=no_body)
    belongs = reader.feed(data)
    state = belongs, reader.headers_done, reader.is_complete, reader.stays
    answer = reader.answer()
    reader.give_back()
    return state, answer.status, answer.headers, b"".join(answer.chunks), answer.sets_cookies


@pytest.mark.interpreted
def test_the_third_time_nothing_is_parsed(heads):
    first, second = read(page()), read(page())
    assert heads.find(page()) is not None
    assert read(page()) == first == second


@pytest.mark.interpreted
def test_another_body_of_the_same_length_is_taken_as_it_is(heads):
    for _ in range(2):
        read(page(b"hello"))
    assert heads.find(page(b"world")) is not None
    assert read(page(b"world"))[3] == b"world"


@pytest.mark.parametrize("data", [page()[:-1], page() + b"!", page() + page()])
def test_a_known_head_with_less_or_more_than_its_body_is_read_anew(heads, data):
    for _ in range(2):
        read(page())
    assert heads.find(data) is None


@pytest.mark.parametrize(
    "data",
    [
        page(more=b"Set-Cookie: a=b\r\n"),
        page(more=b"Connection: close\r\n"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + page(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
    ],
)
def test_what_says_more_than_a_plain_answer_is_never_known(heads, data):
    told = [read(data) for _ in range(4)]
    assert heads.find(data) is None
    assert told[1:] == told[:-1]


def test_the_answer_to_head_is_no_answer_to_get():
    known = page()
    for _ in range(3):
        read(known)
    head = known[: known.index(b"\r\n\r\n") + 4]
    assert read(head, no_body=True)[3] == b""
    for _ in range(3):
        assert read(head)[0] == (True, True, False, False), "its body is still to come"


def test_a_reader_with_lower_limits_does_not_take_what_another_learned():
    for _ in range(3):
        read(page(b"x" * 100))
    with pytest.raises(TooLarge):
        read(page(b"x" * 100), ClientSettings(max_body_bytes=99))


ANSWERS = st.builds(
    lambda status, headers, body, close: (
        b"HTTP/1.1 %d OK\r\n%b%bContent-Length: %d\r\n\r\n%b"
        % (
            status,
            b"".join(b"%b\r\n" % header for header in headers),
            b"Connection: close\r\n" * close,
            len(body),
            body,
        )
    ),
    st.sampled_from([200, 304, 404]),
    st.lists(st.sampled_from([b"A: b", b"A:", b"Set-Cookie: a=b", b"Vary: *", b"Content-Encoding: gzip"]), max_size=3),
    st.sampled_from([b"", b"a", b"bb", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]),
    st.booleans(),
)


@given(st.lists(st.tuples(ANSWERS, st.booleans()), max_size=12))
def test_whatever_came_before_an_answer_is_read_as_if_nothing_had(exchanges):
    def one_by_one(forget: bool):
        made = []
        for data, no_body in exchanges:
            if forget:
                answers._heads.__init__()
            try:
                made.append(read(data, no_body=no_body))
            except RequestFailed as error:
                made.append((type(error), str(error)))
        return made

    answers._heads.__init__()
    assert one_by_one(forget=False) == one_by_one(forget=True)


def test_nothing_is_looked_for_while_nothing_is_found(heads):
    for n in range(LUCK):
        assert heads.find(page(more=b"N: %d\r\n" % n)) is None
    for _ in range(2):
        heads.remember(page(), 200, [], 5)
    for _ in range(REST):
        assert heads.find(page()) is None
    for _ in range(2):
        heads.remember(page(), 200, [], 5)
    assert heads.find(page()) is not None


def test_the_memory_is_bounded(heads):
    for n in range(3 * MOST_KNOWN):
        for _ in range(2):
            heads.remember(page(more=b"N: %d\r\n" % n), 200, [], 5)
    assert len(heads._known) <= MOST_KNOWN
