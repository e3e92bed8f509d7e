"""The coordinator: a stream processor that turns frames into sealed seconds, and shares the load out.

``leader`` holds the lease and looks after every run under way; ``controller`` drives one run by asking the pure parts:
``seating`` (who serves it, with which share), ``intake`` (frames, each once and in order), ``planned`` (what the plan
asks of each second) and the verdict. Its state can be rebuilt from Redis at any moment, so a standby takes over.
"""
