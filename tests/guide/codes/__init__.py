"""Ways to meet each code of a refusal over the API."""

from tests.guide.codes import requests, rewards, stories
from tests.guide.codes.given import HOWS, Given
from tests.support.subjects import merged

HOWS |= merged("CODES")

__all__ = ["HOWS", "Given", "requests", "rewards", "stories"]
