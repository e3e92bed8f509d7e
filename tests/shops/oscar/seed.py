"""Fills an empty shop: what is in it is always the same.

=================  ====================================================================================================
50 articles        in eight categories, as many of each as anyone may want
a limited one      ten of it: the one that everybody wants
a sold-out one     none of it
one in three sizes an article whose variants are bought
40 customers       ``customer1@example.com`` to ``customer40@example.com``, with one password
``TENTH``          a coupon for a tenth off
``FIRST3``         a coupon for £5 off, for the first three orders
=================  ====================================================================================================
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402 -- Django must be set up first
from django.contrib.sites.models import Site  # noqa: E402
from django.db import transaction  # noqa: E402
from oscar.apps.catalogue.categories import create_from_breadcrumbs  # noqa: E402
from oscar.core.loading import get_model  # noqa: E402

PASSWORD = "a long way to Tipperary"

KINDS = {
    "Books > Fiction": "Novel",
    "Books > Science": "Textbook",
    "Clothing > Shirts": "Shirt",
    "Clothing > Shoes": "Sneaker",
    "Home > Kitchen": "Kettle",
    "Home > Garden": "Trowel",
    "Electronics > Phones": "Phone",
    "Electronics > Audio": "Speaker",
}
LOOKS = ["Blue", "Green", "Compact", "Classic", "Deluxe", "Portable", "Vintage"]
PLENTY = 1_000_000

Product = get_model("catalogue", "Product")


def seed() -> None:
    """All of it, or nothing."""
    Site.objects.update_or_create(pk=1, defaults={"domain": "127.0.0.1", "name": "Oscar"})
    country("GB", "United Kingdom")
    country("US", "United States")
    articles()
    coupons()
    looked_at()
    for number in range(1, 41):
        get_user_model().objects.create_user(f"customer{number}", f"customer{number}@example.com", PASSWORD)


def country(code: str, name: str) -> None:
    get_model("address", "Country").objects.create(
        iso_3166_1_a2=code, printable_name=name, name=name, is_shipping_country=True
    )


def articles() -> None:
    kind = get_model("catalogue", "ProductClass").objects.create(name="Item", requires_shipping=True, track_stock=True)
    partner = get_model("partner", "Partner").objects.create(code="acme", name="Acme")
    categories = {name: create_from_breadcrumbs(name) for name in KINDS}
    dice = random.Random(7)

    def article(upc: str, title: str, category: str, price: Decimal | None, stock: int, **more: object) -> object:
        made = Product.objects.create(upc=upc, title=title, description=f"<p>{title}: as good as any.</p>", **more)
        if category:
            made.categories.add(categories[category])
        if price is not None:
            made.stockrecords.create(partner=partner, partner_sku=upc, price=price, num_in_stock=stock)
        return made

    for number, (look, category) in enumerate([(look, each) for look in LOOKS for each in KINDS][:50], start=1):
        price = Decimal(dice.randint(199, 9999)) / 100
        article(f"A{number:03}", f"{look} {KINDS[category]}", category, price, PLENTY, product_class=kind)
    article("LIMITED", "Limited Turntable", "Electronics > Audio", Decimal("49.99"), 10, product_class=kind)
    article("GONE", "Forgotten Turntable", "Electronics > Audio", Decimal("19.99"), 0, product_class=kind)
    jacket = article("JACKET", "Trail Jacket", "Clothing > Shirts", None, 0, product_class=kind, structure="parent")
    for size in ("S", "M", "L"):
        price = Decimal("79.00")
        article(f"JACKET-{size}", f"Trail Jacket {size}", "", price, PLENTY, structure="child", parent=jacket)


def looked_at() -> None:
    """Somebody has seen every article before. Two visitors who are the first at once get an error from Oscar."""
    records = get_model("analytics", "ProductRecord")
    records.objects.bulk_create(records(product=each) for each in Product.objects.all())
    Product.objects.first().primary_image()  # fetches the picture for articles without one


def coupons() -> None:
    everything = get_model("offer", "Range").objects.create(name="Everything", includes_all_products=True)
    condition = get_model("offer", "Condition").objects.create(range=everything, type="Count", value=1)
    for code, kind, value, limit in (("TENTH", "Percentage", 10, None), ("FIRST3", "Absolute", 5, 3)):
        benefit = get_model("offer", "Benefit").objects.create(range=everything, type=kind, value=value)
        offer = get_model("offer", "ConditionalOffer").objects.create(
            name=code, offer_type="Voucher", condition=condition, benefit=benefit, max_global_applications=limit
        )
        begin, end = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
        voucher = get_model("voucher", "Voucher").objects.create(
            name=code, code=code, usage="Multi-use", start_datetime=begin, end_datetime=end
        )
        voucher.offers.add(offer)


if __name__ == "__main__":
    with transaction.atomic():
        seed()
