"""The demo shop with banks as they are: some want to see their customers first, some say no."""

from __future__ import annotations

from typing import ClassVar

from demo import DemoShop

from loadgen.journey import Shopper

ASKED, DECLINED = "4000000000003220", "4000000000000002"
"""Cards that the demo shop's bank knows: it asks for 3-D Secure, or declines."""


class DemoShopWithBanks(DemoShop):
    """The demo shop, where each visitor has a card of its own.

    Attributes:
        asked: share of visitors whose bank asks for 3-D Secure.
        declined: share of those whose card is declined, always.
    """

    asked: ClassVar[float] = 0.3
    declined: ClassVar[float] = 0.02

    def __init__(self, shopper: Shopper) -> None:
        super().__init__(shopper)
        luck = shopper.dice_for("card").random()
        if luck < self.asked:
            self.card_number = ASKED
        elif luck >= 1 - self.declined:
            self.card_number = DECLINED
