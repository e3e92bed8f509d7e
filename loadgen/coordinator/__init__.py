"""The coordinator: a stream processor that turns frames into sealed seconds, and shares the load out.

``leader`` holds the lease and looks after every run under way, and ``rescue`` after those that Redis forgot;
``controller`` drives one run: ``recruiting`` finds its workers, ``seating`` says who has which share, and ``epochs``
lets shares change hands; ``accounts`` keeps its figures by asking ``intake`` (frames, each once and in order),
``losses`` (what workers left undone) and ``names`` (never more than the plan allows); ``logbook`` keeps its record.
``rows`` looks after what is dealt of a plan's data. All but the loops is pure, and all of it can be rebuilt from Redis
at any moment, so a standby takes over.
"""
