"""Given: creators with numbers that are written to the chain, and the registry contract on a real node."""
