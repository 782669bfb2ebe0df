"""Simulator of Circle's API for developer-controlled wallets: custody and chain on this machine, over HTTP.

It replaces Circle in the demo and in tests, and is independent of its caller: it accepts Circle's paths and
headers, keeps its own books, and fails on command. Play money only.
"""
