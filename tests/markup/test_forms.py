"""Forms are read as a browser would send them."""

from __future__ import annotations

from loadgen.markup import Form, forms_of

PAGE = """
<form action="/search"><input name="q" type="search"><button>Find</button></form>
<input name="outside" value="no">
<form action="/buy?now=1&amp;x=2" method="post">
  <input type="hidden" name="csrf" value="a&quot;b">
  <input name="quantity" type="number" value="1"><input type="text" value="nameless">
  <input type="checkbox" name="gift"><input type="checkbox" name="news" checked>
  <input type="radio" name="delivery" value="standard" checked><input type="radio" name="delivery" value="express">
  <input type="submit" name="go" value="Buy"><input type="file" name="upload"><input name="off" disabled value="x">
  <select name="country"><option value="de">Germany<option value="fr" selected>France</select>
  <select name="size"><option value="s">S</option><option value="m">M</option></select>
  <textarea name="note">two &lt;
lines</textarea>
</form>
"""


def test_a_form_has_its_hidden_fields_defaults_and_choices_and_nothing_else() -> None:
    search, buy = forms_of(PAGE)
    assert search == Form("/search", "GET", {"q": ""})
    assert buy == Form(
        "/buy?now=1&x=2",
        "POST",
        {
            "csrf": 'a"b',
            "quantity": "1",
            "news": "on",
            "delivery": "standard",
            "country": "fr",
            "size": "s",
            "note": "two <\nlines",
        },
        buttons={"go": "Buy", "upload": ""},
    )


def test_a_page_without_forms_has_none() -> None:
    assert forms_of("<p>no") == []


def test_a_form_that_is_never_closed_is_read_to_the_end() -> None:
    assert forms_of('<form action="/x"><input name="a" value="1">')[0].fields == {"a": "1"}


def test_a_form_in_a_table_has_its_fields_though_no_tree_could_hold_them() -> None:
    page = "<table><form action=/x><tr><td><input name=a value=1></td></tr></form></table><input name=b>"
    assert forms_of(page) == [Form("/x", "GET", {"a": "1"})]


def test_options_without_a_value_send_their_text() -> None:
    page = "<form><select name=size><option>S &amp; M<option selected> very\n large </select></form>"
    assert forms_of(page)[0].fields == {"size": "very large"}


def test_a_disabled_select_sends_nothing() -> None:
    assert forms_of("<form><select name=a disabled><option value=1></select></form>")[0].fields == {}


def test_what_only_looks_like_a_form_is_none() -> None:
    page = "<!-- <form action=/a> --><script>'<form action=/b>'</script><form action=/c><textarea name=t><input name=n>"
    assert forms_of(page) == [Form("/c", "GET", {"t": "<input name=n>"})]
