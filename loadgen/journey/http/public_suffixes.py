"""Which domains belong to a registry rather than to one shop: ``com``, ``co.uk``, ``github.io``.

A cookie for such a domain would reach every shop below it, so browsers refuse it. The list is Mozilla's
(https://publicsuffix.org), as shipped in the package ``publicsuffixlist``: nothing is fetched.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from publicsuffixlist import PublicSuffixList

_LIST: Final = PublicSuffixList(accept_encoded_idn=False)
"""Read on import, for reading takes some 40 ms, which in mid-run would stall every shopper of the process. (With
encoded names it would take thrice that; ours are decoded one at a time.)"""


@lru_cache(maxsize=1024)
def is_public_suffix(domain: str) -> bool:
    """Whether a domain is a registry's. A single label, like ``localhost`` or ``shop``, always is.

    Args:
        domain: in lower case; international names encoded (``xn--…``) or not.
    """
    return _LIST.is_public(_decoded(domain))


@lru_cache(maxsize=1024)
def site_of(host: str) -> str:
    """The site that a host is part of: what its owner registered, or the host itself where nobody did.

    Two hosts of one site are "same-site" to ``SameSite`` cookies. Addresses are sites of their own.

    Args:
        host: in lower case, without brackets.
    """
    if is_address(host):
        return host
    bare = host.removesuffix(".")
    registered = _LIST.privatesuffix(_decoded(bare)) or bare
    return ".".join(bare.split(".")[-registered.count(".") - 1 :])


def is_address(host: str) -> bool:
    """Whether a host is an IP address: it has a colon, or its last label is a number (as URLs are read)."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def _decoded(domain: str) -> str:
    if "xn--" not in domain:
        return domain
    return ".".join(_decoded_label(label) for label in domain.split("."))


def _decoded_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
