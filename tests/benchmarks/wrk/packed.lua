-- Asks for a packed answer, and does not unpack it.
wrk.headers["Accept-Encoding"] = "gzip, deflate, br"
