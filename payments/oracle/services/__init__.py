"""Services of the oracle: what is written to the chain, sent, followed, read back and compared."""
