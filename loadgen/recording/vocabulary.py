"""What a step is called: the project's word for it where the address or the operation tells, else a word of the path.

::

    GET  /                         home             POST /basket/add/12/           add_to_cart
    GET  /search?q=lamp            search           POST /shop-api AddItem         add_to_cart
    GET  /p/classic-steel-lamp     product          GET  /checkout/shipping        delivery
    GET  /women/dresses            dresses          GET  /checkout/thank-you/      confirmation
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_PIECES: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_CART: Final = frozenset({"cart", "carts", "basket", "baskets", "bag", "trolley", "minicart"})
_ADDING: Final = frozenset({"add", "additem", "addtocart", "additems"})

_RULES: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("confirmation", frozenset({"confirmation", "thank", "thanks", "thankyou", "success", "receipt", "complete"})),
    ("register", frozenset({"register", "signup", "registration"})),
    ("login", frozenset({"login", "signin", "logon", "authenticate"})),
    ("payment", frozenset({"payment", "payments", "pay", "preview", "card"})),
    ("delivery", frozenset({"delivery", "shipping", "shipment", "address", "addresses", "pickup"})),
    ("cart", _CART),
    ("checkout", frozenset({"checkout", "onepage"})),
    ("search", frozenset({"search", "suggest", "autocomplete", "find"})),
    ("category", frozenset({"category", "categories", "collection", "collections", "department", "departments", "c"})),
    ("product", frozenset({"product", "products", "item", "article", "articles", "p", "dp", "pdp"})),
)
"""In this order: the first word that is there decides."""

_SHELVES: Final = frozenset({"catalogue", "catalog", "shop", "store"})
"""Folders that hold both categories and products."""

_SEARCHED: Final = frozenset({"q", "query", "search", "term", "keyword", "keywords", "searchterm", "text"})

KNOWN: Final = (
    frozenset(word for _, words in _RULES for word in words) | _SHELVES | _ADDING | {"account", "accounts", "order"}
)
"""Words of addresses that mean a place of every shop, never one of its articles."""

_OPERATIONS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("add_to_cart", frozenset({"additem", "additemtoorder", "addtocart", "cartlinesadd"})),
    ("cart", frozenset({"activeorder", "adjust", "adjustorderline", "removeorderline", "adjustitem"})),
    ("confirmation", frozenset({"orderbycode", "orderconfirmation"})),
    ("payment", frozenset({"topayment", "transitiontostate", "nextstates", "nextorderstates", "placeorder"})),
    ("checkout", frozenset({"setcustomer", "setcustomerfororder"})),
)
"""What GraphQL operations are often called, in small letters."""


def words_of(text: str) -> list[str]:
    """The words of a path or a name in small letters: ``thank-you`` and ``addToCart`` are several."""
    return [piece.lower() for piece in _PIECES.findall(text)]


def is_search_word(name: str) -> bool:
    """Whether a field of this name holds what a visitor searches for."""
    return name.lower().replace("_", "").rpartition("[")[2].rstrip("]") in _SEARCHED


def step_of_path(method: str, template: str, parameters: Iterable[str] = ()) -> str:
    """The step of a page or a request.

    Args:
        method: of the request.
        template: its path, with ``{slug}`` where it varies.
        parameters: names in its query.
    """
    literal = [segment for segment in template.split("/") if segment and not segment.startswith("{")]
    varies = template.rstrip("/").endswith("}")
    words = words_of("/".join(literal).removesuffix(".html").removesuffix(".php"))
    if not words or words in (["index"], ["home"]):
        return "search" if any(map(is_search_word, parameters)) else "product" if varies else "home"
    if _CART & set(words) and (_ADDING & set(words) or (method == "POST" and {"items", "lines"} & set(words))):
        return "add_to_cart"
    for step, known in _RULES:
        if known & set(words):
            return step
    if _SHELVES & set(words):
        return "product" if varies else "category"
    return snake(literal[-1])


def step_of_operation(operation: str) -> str:
    """The step of a GraphQL operation."""
    joined = operation.lower().replace("_", "")
    for step, known in _OPERATIONS:
        if joined in known:
            return step
    words = set(words_of(operation))
    if _CART & words and "add" in words:
        return "add_to_cart"
    for step, known in _RULES:
        if known & words:
            return step
    return snake(operation)


def snake(text: str) -> str:
    """A name for code and for the funnel: small letters, digits and underscores."""
    name = "_".join(words_of(text))[:40].strip("_")
    return name if name and not name[0].isdigit() else f"page_{name}".rstrip("_")


def singular(word: str) -> str:
    """``categories`` and ``category`` are one word."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 2 else word
