"""Texts about a product, invented from its number: what makes a page as long as a real one."""

from __future__ import annotations

import random

from loadgen.demoshop.catalogue import Product

_OPENINGS = (
    "Some things are bought once and kept for good, and the {name} was made to be one of them.",
    "There are days on which only the {name} will do, and then it had better be at hand.",
    "We asked our visitors what they missed, and the answer was nearly always the {name}.",
    "The {name} comes from a small workshop that has made nothing else for forty years.",
)
_SENTENCES = (
    "Every edge is finished by hand, every seam is sewn twice, and each piece is looked at before it leaves.",
    "The colours were chosen in daylight and stay the same for many years, whatever the weather brings.",
    "It weighs less than it seems, finds its place in any room, and is packed without a gram of plastic.",
    "Should a part ever break, it can be ordered alone and changed in a minute without any tools.",
    "The material is bought close to where it is worked, which saves a long way and keeps the quality steady.",
    "In our tests it was folded, dropped, washed and left in the rain, and looked the better for it.",
    "It goes with what you have, it grows with what you need, and it makes a present that is not forgotten.",
    "Take two of them when you order: the second always finds an owner sooner than you would think.",
)
_PRAISE = (
    "Exactly what I was looking for. It arrived a day early and has been in use ever since.",
    "Bought as a present, kept for myself. I have ordered a second one now and mean to give that away.",
    "Well made and honestly described. The picture does not do justice to the colour.",
    "Good, but the box was larger than it had to be. The thing itself is beyond reproach.",
    "My neighbour has one, my sister has one, and now I know why. Would buy it again.",
)
_NAMES = ("Anna", "Bela", "Chiara", "Dario", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Kaja", "Luis")


def description(product: Product) -> list[str]:
    """Paragraphs of praise, the same each time they are asked for."""
    dice = random.Random(product.number)
    opening = dice.choice(_OPENINGS).format(name=product.name.lower())
    return [
        " ".join([opening, *dice.sample(_SENTENCES, 4)]),
        " ".join(dice.sample(_SENTENCES, 5)),
        " ".join(dice.sample(_SENTENCES, 4)),
    ]


def reviews(product: Product) -> list[tuple[str, int, str]]:
    """What others said: name, stars from 3 to 5, text."""
    dice = random.Random(-product.number)
    return [(name, dice.randint(3, 5), dice.choice(_PRAISE)) for name in dice.sample(_NAMES, 5)]


def weight_grams(product: Product) -> int:
    """What a piece weighs."""
    return 120 + product.number * 37 % 2400
