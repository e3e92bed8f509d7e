"""The shopper's HTTP client, on gevent sockets and llhttp (``httptools``).

::

    FastHttpUser ── client ──▶ Client.request ──▶ Exchange over a Connection ──▶ Response
                                 │  cookies, redirects, bodies      │  wires: plain, TLS
                                 ▼                                  ▼
                               Recorder                           dialing: DNS, proxy, source address

The generator's CPU is the price of every test, so the common case (a kept connection, small headers, a body in one
piece) takes the straight path through every module; what is rare is looked for once and handled aside.
"""
