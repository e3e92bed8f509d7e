"""What a shop deals in, whoever runs it: articles, carts, customers, orders, and the ways in which a shop says no.

Pure values. Dialects (:mod:`loadgen.journey.dialect`) make them of a shop's pages or answers, journeys decide by them,
and nothing in them says whether the shop speaks HTML, JSON or GraphQL. Money is in whole cents of the shop's currency,
with tax, as a visitor sees it.
"""

from loadgen.commerce.customers import Address, Customer
from loadgen.commerce.goods import Article, Category, Filter, Listing
from loadgen.commerce.orders import Branch, Cart, Line, Method, Order
from loadgen.commerce.refusals import (
    Challenged,
    CouponRefused,
    Declined,
    LoginRefused,
    NoSuchOrder,
    Queued,
    Refusal,
    SoldOut,
    Unsupported,
)

__all__ = [
    "Address",
    "Article",
    "Branch",
    "Cart",
    "Category",
    "Challenged",
    "CouponRefused",
    "Customer",
    "Declined",
    "Filter",
    "Line",
    "Listing",
    "LoginRefused",
    "Method",
    "NoSuchOrder",
    "Order",
    "Queued",
    "Refusal",
    "SoldOut",
    "Unsupported",
]
