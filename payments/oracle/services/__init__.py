"""Services of the oracle: operations are made, sent, followed, read back and compared."""
