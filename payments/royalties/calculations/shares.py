"""Shares of a sum by weights, exact to the micro-USDC."""

from collections.abc import Sequence

# A listener's weight, divided among creators by plays.
SCALE = 10**18


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Return parts of `total` in proportion to the weights: each rounded down, and the rest one by one to
    the largest remainders, of equal ones to the first. The weights are in the order of their owners' ids.
    Raises ValueError for weights that sum to zero or are below it.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights are not below zero and sum to more")
    parts, remainders = [], []
    for weight in weights:
        part, remainder = divmod(total * weight, whole)
        parts.append(part)
        remainders.append(remainder)
    left = total - sum(parts)
    for at in sorted(range(len(parts)), key=lambda at: -remainders[at])[:left]:
        parts[at] += 1
    return parts
