"""Network in which the demo's workers post."""

import pytest

from gigstream.demo.quests import network_of_posts

CHIRP = {
    "title": "Chirp",
    "client_id": "gigstream",
    "authorization_url": "https://chirp.example/authorize",
    "token_url": "https://chirp.example/token",
    "userinfo_url": "https://chirp.example/me",
    "user_id_at": "id",
    "username_at": "name",
}


@pytest.mark.parametrize(
    "networks, expected",
    [
        ({}, ("mastodon", "Mastodon")),
        ({"zeta": {**CHIRP, "title": "Zeta"}, "chirp": CHIRP}, ("chirp", "Chirp")),
        ({"chirp": CHIRP, "mastodon": {**CHIRP, "title": "Our Mastodon"}}, ("mastodon", "Our Mastodon")),
    ],
)
def test_workers_post_in_a_network_that_is_set_up(settings, networks, expected):
    settings.SOCIAL_NETWORKS = networks

    assert network_of_posts() == expected
