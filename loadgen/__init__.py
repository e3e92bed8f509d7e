"""loadgen: a distributed load-generation cluster for online shops.

Importing this package patches nothing and starts nothing. gevent enters by
:mod:`loadgen.journey` and :mod:`loadgen.worker` only.
"""

__version__ = "0.1.0"
