"""Links are found where a browser finds them."""

from __future__ import annotations

from loadgen.markup import links_of

PAGE = """
<a href="/one">one</a> <A class=x HREF='/two?a=1&amp;b=2'>two</a> <a name="here">no link</a>
<!-- <a href="/comment">no</a> --> <script>"<a href='/script'>"</script> <template><a href=/later></a></template>
<link href="/style.css"> <a href=/three>three
"""


def test_links_come_as_written_and_in_order() -> None:
    assert links_of(PAGE) == ["/one", "/two?a=1&b=2", "/three"]


def test_a_page_without_links_has_none() -> None:
    assert links_of("<p>no") == []
