"""A shopper's own random numbers, with the surface of ``random.Random``.

That one takes 2.5 KB of each waiting shopper, a sixth of all it has, and 8 µs to seed. This one is a counter of 64 bits
and a function that mixes them: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014),
which passes BigCrush. What is drawn, from ``choice`` to ``lognormvariate``, is drawn by the standard library's own
methods: they need no more of a generator than ``random`` and ``getrandbits``.
"""

from __future__ import annotations

from hashlib import blake2b
from inspect import isfunction
from random import Random
from typing import TYPE_CHECKING, Any, Final

_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
"""The golden ratio of 2⁶⁴, odd: the counter meets all values before it meets one again."""

_OF_THE_GENERATOR: Final = {"seed", "getstate", "setstate"}

if TYPE_CHECKING:
    _Draws = Random
else:
    _Draws = type(
        "_Draws",
        (),
        {
            "__slots__": (),
            **{
                name: method
                for name, method in vars(Random).items()
                if isfunction(method) and not name.startswith("__") and name not in _OF_THE_GENERATOR
            },
        },
    )


class Dice(_Draws):
    """A random generator.

    Args:
        seed: the same one gives the same numbers, in any process.
    """

    __slots__ = ("_counter", "gauss_next")

    def __init__(self, seed: object) -> None:
        self.seed(seed)

    def seed(self, a: object = None, version: int = 2) -> None:  # noqa: ARG002 - the surface of random.Random
        """Begin anew."""
        self._counter = int.from_bytes(blake2b(str(a).encode(), digest_size=8).digest())
        self.gauss_next: float | None = None

    def random(self) -> float:
        """A number in [0, 1), of 53 bits."""
        return (self._mixed() >> 11) * 2.0**-53

    def getrandbits(self, k: int, /) -> int:
        """A whole number of so many bits."""
        if k < 0:
            raise ValueError("number of bits must be non-negative")
        bits = self._mixed()
        for _ in range(64, k, 64):
            bits = bits << 64 | self._mixed()
        return bits >> -k % 64 if k else 0

    def getstate(self) -> tuple[Any, ...]:
        """What :meth:`setstate` takes."""
        return self._counter, self.gauss_next

    def setstate(self, state: tuple[Any, ...]) -> None:
        """Go on from where :meth:`getstate` was asked."""
        self._counter, self.gauss_next = state

    def _mixed(self) -> int:
        self._counter = mixed = self._counter + _STEP & _MASK
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _MASK
        return mixed ^ mixed >> 31
