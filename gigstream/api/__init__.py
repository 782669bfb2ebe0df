"""The frame of all endpoints: input, refusals, rate limits, lists and responses."""
