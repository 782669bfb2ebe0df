"""Simulator of a social network's server of OAuth 2.0, over HTTP, for tests and the demo.

It is independent of its caller: it keeps its own users and codes, verifies clients and PKCE by the RFCs, and
fails on command.
"""
