"""Codes of quests, check-ins, points, identities and social accounts."""

import base64
from datetime import timedelta
from typing import Any

from gigstream.network.redis_cache import run_in_redis
from reputation.points.calculations import ALL_TIME, Board
from reputation.points.services import leaderboards
from reputation.points.services.leaderboards import key_of
from reputation.quests import services as quests
from tests.guide.codes.given import Given, how
from tests.support.api.client import Api
from tests.support.api.requests import ASKS
from tests.support.factories import WorkerFactory, consent
from tests.support.quests import claim, open_quest
from tests.support.rewards.points import give_points
from tests.support.servers.cosmos import CosmosAccount
from tests.support.servers.oauth import NAME, use_network
from workers import services as workers
from workers.sign_in.tokens import SignedAccount
from workers.social.oauth import SocialUser

QUEST = {
    "slug": "hello",
    "title": "Say hello",
    "kind": "custom",
    "reward_kind": "payout",
    "reward_amount": "5",
    "period": "once",
}


def _zig_account(g: Given, **changes: Any) -> Any:
    """Return the answer to an account `zig1…` that would be an identity, with changes of its proof."""
    account = CosmosAccount("11" * 32)
    body = {"chain": "cosmos:zigchain-1", "wallet_address": account.address}
    message = g.me.post("me/identities/nonce", body).json()["message"]
    return g.me.post("me/identities", account.proof(message, **changes))


@how("contract_address", 400)
def _(g: Given) -> Any:
    contract = "zig1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sl394vx"
    return g.nobody.post("auth/wallet/nonce", {"chain": "cosmos:zigchain-1", "wallet_address": contract})


@how("unknown_chain", 400)
def _(g: Given) -> Any:
    return g.nobody.post("auth/wallet/nonce", {"chain": "cosmos:osmosis-1", "wallet_address": "osmo1"})


@how("invalid_public_key", 400)
def _(g: Given) -> Any:
    return _zig_account(g, public_key="AAAA")


@how("key_of_another_address", 400)
def _(g: Given) -> Any:
    return _zig_account(g, key_type="ethsecp256k1")


@how("signature_not_low", 400)
def _(g: Given) -> Any:
    return _zig_account(g, signature=base64.b64encode(b"\x01" * 32 + b"\x80" * 32).decode())


@how("identity_taken", 409)
def _(g: Given) -> Any:
    ask = ASKS["add_identity"]()
    WorkerFactory(wallet_address=ask.body["message"].splitlines()[1])
    return ask.api().post(ask.path, ask.body)


@how("too_many_identities", 409)
def _(g: Given) -> Any:
    for number in range(10):
        signed = SignedAccount("eip155:1", f"0xa{number:039x}", workers.make_nonce().nonce)
        workers.add_identity(worker_id=g.worker.pk, signed=signed)
    return _zig_account(g)


def _social(g: Given, login: str = "1") -> dict[str, str]:
    """Return state and code of the worker's consent as this user of the network."""
    started = g.me.post("me/social-accounts", {"network": NAME}).json()
    sent_back = use_network(g.settings).consent(started["authorization_url"], login)
    return {name: sent_back[name] for name in ("state", "code")}


def _linked(g: Given, worker: Any) -> Any:
    return workers.link_social_account(worker_id=worker.pk, user=SocialUser(NAME, "1", "first"))


@how("unknown_network", 400)
def _(g: Given) -> Any:
    return g.me.post("me/social-accounts", {"network": "myspace"})


@how("social_state_refused", 400)
def _(g: Given) -> Any:
    return g.me.post("me/social-accounts/complete", {"state": "forged", "code": "forged"})


@how("social_code_refused", 400)
def _(g: Given) -> Any:
    use_network(g.settings)
    return g.me.post("me/social-accounts/complete", {**_social(g), "code": "forged"})


@how("social_network_unavailable", 503)
def _(g: Given) -> Any:
    network = use_network(g.settings)
    body = _social(g)
    network.fail("token", "error")
    return g.me.post("me/social-accounts/complete", body)


@how("social_account_taken", 409)
def _(g: Given) -> Any:
    use_network(g.settings)
    _linked(g, WorkerFactory(now=g.now))
    return g.me.post("me/social-accounts/complete", _social(g))


@how("social_account_reserved", 409)
def _(g: Given) -> Any:
    use_network(g.settings)
    other = WorkerFactory(now=g.now)
    workers.unlink_social_account(worker_id=other.pk, account_id=_linked(g, other).pk)
    return g.me.post("me/social-accounts/complete", _social(g))


@how("social_network_linked", 409)
def _(g: Given) -> Any:
    network = use_network(g.settings)
    network.add_user("2", "second")
    _linked(g, g.worker)
    return g.me.post("me/social-accounts/complete", _social(g, "2"))


@how("fact_already_reported", 409)
def report_the_post_of_another(g: Given) -> Any:
    quest = open_quest(g.platform, budget="20", kind="on_chain", is_claimable=False, now=g.now)
    for worker in (WorkerFactory(now=g.now), g.worker):
        consent(g.platform, worker, now=g.now)
        answer = g.api.post(
            f"quests/{quest.pk}/events", {"events": [{"worker_id": str(worker.pk), "external_id": "0xabc"}]}
        )
    (result,) = answer.json()["results"]
    return result["problem"]


@how("quest_already_reserved", 409)
def reserve_a_second_place(g: Given) -> Any:
    quest = open_quest(g.platform, budget="20", now=g.now)
    consent(g.platform, g.worker, now=g.now)
    g.me.post(f"me/quests/{quest.pk}/reserve", {})
    return g.me.post(f"me/quests/{quest.pk}/reserve", {})


@how("quest_cooldown", 409)
def claim_too_soon(g: Given) -> Any:
    quest = open_quest(g.platform, budget="20", limit_per_worker=None, cooldown_seconds=60, now=g.now)
    consent(g.platform, g.worker, now=g.now)
    g.me.post(f"me/quests/{quest.pk}/claim", {"external_id": "1"})
    return g.me.post(f"me/quests/{quest.pk}/claim", {"external_id": "2"})


@how("quest_reward_above_limit", 409)
def open_a_quest_of_large_rewards(g: Given) -> Any:
    quest = g.api.post("quests", QUEST).json()
    g.api.post(f"quests/{quest['id']}/fund", {"amount": "5"})
    g.settings.QUEST_OUTFLOW_OF_A_DAY = "4"
    return g.api.post(f"quests/{quest['id']}/open", {})


@how("quest_exhausted", 409)
def claim_without_a_place(g: Given) -> Any:
    return claim_of(g, budget="5", taken=True)


@how("quest_limit_reached", 409)
def claim_beyond_the_limit(g: Given) -> Any:
    quest = open_quest(g.platform, budget="20", limit_per_worker=2, now=g.now)
    consent(g.platform, g.worker, now=g.now)
    for number in range(2):
        g.me.post(f"me/quests/{quest.pk}/claim", {"external_id": str(number)})
    return g.me.post(f"me/quests/{quest.pk}/claim", {"external_id": "3"})


@how("quest_not_claimable", 409)
def claim_what_is_reported(g: Given) -> Any:
    return claim_of(g, is_claimable=False)


@how("quest_not_eligible", 409)
def claim_from_elsewhere(g: Given) -> Any:
    return claim_of(g, countries=["HU"])


@how("quest_not_open", 409)
def claim_before_it_begins(g: Given) -> Any:
    return claim_of(g, starts_at=g.now + timedelta(days=1))


@how("quest_slug_taken", 409)
def take_a_slug_twice(g: Given) -> Any:
    slug = open_quest(g.platform, budget="20", now=g.now).slug
    return g.api.post("quests", {**QUEST, "slug": slug})


@how("reservation_expired", 409)
def claim_after_the_lease(g: Given) -> Any:
    long_ago = g.now - timedelta(days=2)
    worker = WorkerFactory(now=long_ago)
    quest = open_quest(g.platform, budget="20", now=long_ago)
    consent(g.platform, worker, now=long_ago)
    quests.reserve_place(quest_id=quest.pk, worker_id=worker.pk, now=long_ago)
    return Api.as_worker(worker).post(f"me/quests/{quest.pk}/claim", {})


@how("invalid_fact", 422)
def report_a_transaction_without_its_hash(g: Given) -> Any:
    quest = open_quest(g.platform, budget="20", kind="on_chain", is_claimable=False, now=g.now)
    consent(g.platform, g.worker, now=g.now)
    answer = g.api.post(f"quests/{quest.pk}/events", {"events": [{"worker_id": str(g.worker.pk)}]})
    (result,) = answer.json()["results"]
    return result["problem"]


@how("social_account_needed", 409)
def claim_without_an_account_of_the_network(g: Given) -> Any:
    return claim_of(g, kind="social_check", network=NAME)


@how("invalid_quest", 422)
def draft_half_a_point(g: Given) -> Any:
    return g.api.post("quests", {**QUEST, "reward_kind": "points", "reward_amount": "1.5"})


def claim_of(g: Given, *, budget: str = "20", taken: bool = False, **terms: Any) -> Any:
    """Claim a quest with these terms, after somebody else where it is `taken`."""
    quest = open_quest(g.platform, budget=budget, now=g.now, **terms)
    if taken:
        claim(quest, WorkerFactory(now=g.now), now=g.now)
    consent(g.platform, g.worker, now=g.now)
    return g.me.post(f"me/quests/{quest.pk}/claim", {})


@how("time_zone_changed_recently", 409)
def _(g: Given) -> Any:
    g.me.post("me/check-ins/claim", {})
    g.me.patch("me", {"time_zone": "Asia/Tokyo"})
    return g.me.patch("me", {"time_zone": "Europe/Paris"})


@how("invalid_pause", 422)
def _(g: Given) -> Any:
    return g.me.post("me/check-ins/pauses", {"starts_on": "2026-03-01", "ends_on": "2026-03-02"})


@how("leaderboard_unavailable", 503)
def _(g: Given) -> Any:
    g.monkeypatch.setattr(leaderboards, "MOST_FROM_DATABASE", 0)
    give_points(g.worker, 5)
    run_in_redis("DEL", key_of(Board(None, ALL_TIME)))
    return g.me.get("leaderboards/all")
