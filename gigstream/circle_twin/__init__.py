"""A twin of Circle's API for developer-controlled wallets: custody and chain on this machine, over HTTP.

It stands in for Circle in the demo and in tests, and knows nothing of who calls it: it takes Circle's paths
and headers, keeps its own books, and can be told to fail. Play money only.
"""
