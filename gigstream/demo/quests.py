"""Quests of the demo: the house's daily check-in, a platform's post in a social network, and its pictures of
workplaces; with linked accounts of that network, and an account of another chain that signs in."""

import io
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eth_account import Account
from eth_account.messages import encode_defunct
from PIL import Image, ImageDraw

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from gigstream.core.unit import in_unit
from gigstream.demo import people as demo_data
from platforms.models import Platform
from reputation.models import Quest
from reputation.quests import services as quests
from reputation.quests.services import Fact, FactResult, Hold, QuestTerms
from reputation.quests.services.intake import Intake
from reputation.streaks import services as streaks
from reputation.submissions import services as submissions
from reputation.submissions.services import Reviewer
from workers import services as workers
from workers.models import Worker
from workers.social.networks import all_networks
from workers.social.oauth import SocialUser
from workers.social.services.linking import link_social_account
from workers.wallets import messages as wallet_messages
from workers.wallets.chains import find_chain
from workers.wallets.messages import Proof

STAFF = Actor(ActorType.STAFF, "demo")
# Network of the demo's posts, by name and title, where the settings have none.
USUAL_NETWORK = ("mastodon", "Mastodon")
# Workers who have linked their account there, and its id.
ACCOUNTS = {
    "Alice": "109341",
    "Bob": "109344",
    "David": "109348",
    "Frank": "109352",
    "Grace": "109355",
    "Henry": "109361",
    "Iris": "109363",
    "Jack": "109370",
}
# Days ago on which each worker claimed their check-in.
CHECK_INS = {"Alice": (7, 6, 5, 4, 3, 2, 1), "Bob": (6, 5, 3), "Grace": (1,)}
SHARED_DEVICE = (
    "Another account has posted from the same device. If a second person uses it, write to"
    " support@gigstream.example and say who; the reward is then granted."
)
# Person at the platform who looks at pictures, by the platform's own id.
PLATFORM_REVIEWER = "mara"
ONE_PERSON = "Both accounts belong to one person, and each person is rewarded once."


class QuestScenes:
    """Scenes with quests, in the history that ends `now`. All workers work for the platform."""

    def __init__(self, now: datetime, people: Mapping[str, Worker], platform: Platform) -> None:
        self._now = now
        self._people = people
        self._platform = platform

    def live_so_far(self) -> None:
        """Open the quests, and let workers take part until yesterday."""
        self._check_in = self._open_check_in(self._ago(14))
        self._post = self._open_post(self._ago(12))
        for name in ACCOUNTS:
            self._link_account(name, self._ago(9, hours=1))
        self._add_identity("Alice", self._ago(8))
        self._claim("David", self._ago(9))
        self._claim("Bob", self._ago(8))
        refused = self._hold("Henry", self._ago(6), accounts=["Henry", "Jack"])
        with acting(STAFF):
            quests.keep_held(event_id=refused, reason=ONE_PERSON, now=self._ago(4))
        self._hold("Frank", self._ago(3), accounts=["Frank", "David"])
        self._review_pictures()
        for days_ago in range(7, 0, -1):
            self._claim_check_ins(days_ago)

    def live_today(self) -> None:
        """Reward a post, keep a place for another, and leave one to the first run of the job that grants."""
        self._hand_in("Iris", self._ago(hours=2))
        self._claim("Grace", self._ago(hours=0.4))
        with self._as_worker("Iris"):
            quests.reserve_place(
                quest_id=self._post.pk, worker_id=self._people["Iris"].pk, now=self._ago(hours=0.3)
            )
        with self._as_worker("Jack"):
            self._receive("Jack", self._ago(hours=0.02))

    # --- quests -----------------------------------------------------------------------------------------

    def _open_check_in(self, at: datetime) -> Quest:
        terms = QuestTerms(
            slug="daily-check-in",
            title="Daily check-in",
            instructions="Open GigStream and claim your check-in. Each date gives 10 points.",
            kind="check_in",
            reward_kind="points",
            reward_amount="10",
            period="daily",
            limit_per_worker=1,
        )
        with acting(STAFF):
            quest = quests.create_quest(platform_id=None, terms=terms, now=at)
            return quests.open_quest(quest_id=quest.pk, now=at)

    def _open_post(self, at: datetime) -> Quest:
        network, title = network_of_posts()
        terms = QuestTerms(
            slug="first-task-post",
            title="Post about your first task",
            instructions=(
                f"Write on {title} what your first task for QuickTask was, in your own words, with the tag"
                " #QuickTask. Claim with the address of your post."
            ),
            kind="social_check",
            network=network,
            is_claimable=True,
            reward_kind="payout",
            reward_amount="2",
            period="once",
            limit_per_worker=1,
            limit_total=20,
            min_account_age_days=7,
        )
        with self._as_platform():
            quest = quests.create_quest(platform_id=self._platform.pk, terms=terms, now=at)
            quests.fund_quest(quest_id=quest.pk, amount="40", now=at)
            return quests.open_quest(quest_id=quest.pk, now=at)

    def _open_pictures(self, at: datetime) -> Quest:
        terms = QuestTerms(
            slug="your-workplace",
            title="Show your workplace",
            instructions="Take a picture of the desk, van or kitchen where you work. Nobody may be on it.",
            kind="submission",
            reward_kind="points",
            reward_amount="50",
            period="once",
            limit_per_worker=1,
        )
        with self._as_platform():
            quest = quests.create_quest(platform_id=self._platform.pk, terms=terms, now=at)
            return quests.open_quest(quest_id=quest.pk, now=at)

    # --- pictures ---------------------------------------------------------------------------------------

    def _review_pictures(self) -> None:
        """Approve a picture, and reject another, whose worker appeals."""
        self._pictures = self._open_pictures(self._ago(6))
        reviewer = Reviewer.of_platform(self._platform.pk, PLATFORM_REVIEWER)
        approved, rejected = self._hand_in("Emma", self._ago(5)), self._hand_in("David", self._ago(4))
        with self._as_platform():
            submissions.approve_submission(
                submission_id=approved, reviewer=reviewer, feedback="A tidy desk.", now=self._ago(4)
            )
            submissions.reject_submission(
                submission_id=rejected,
                reviewer=reviewer,
                feedback="The picture shows a street. Take one of the place where you work.",
                now=self._ago(3),
            )
        with self._as_worker("David"):
            submissions.appeal_submission(
                submission_id=rejected,
                worker_id=self._people["David"].pk,
                words="I deliver by bicycle: the street is where I work.",
                now=self._ago(2),
            )

    def _hand_in(self, name: str, at: datetime) -> UUID:
        """Let the worker hand in a picture, and process it; return the submission's id."""
        with self._as_worker(name):
            handed_in = submissions.submit_image(
                quest_id=self._pictures.pk, worker_id=self._people[name].pk, content=_picture(name), now=at
            )
        submissions.process_submissions(now=at + timedelta(minutes=1))
        return handed_in.submission.pk

    # --- events -----------------------------------------------------------------------------------------

    def _claim_check_ins(self, days_ago: int) -> None:
        for name, days in CHECK_INS.items():
            if days_ago in days:
                with self._as_worker(name):
                    streaks.claim_check_in(worker_id=self._people[name].pk, now=self._ago(days_ago))

    def _claim(self, name: str, at: datetime) -> None:
        with self._as_worker(name):
            quests.claim_reward(
                quest_id=self._post.pk,
                worker_id=self._people[name].pk,
                external_id=_address_of_post(name),
                now=at,
            )

    def _hold(self, name: str, at: datetime, *, accounts: list[str]) -> int:
        """Record the worker's post and hold its reward; return the event's number."""
        with self._as_worker(name):
            (result,) = self._receive(name, at)
        evidence = {"device": "shared", "accounts": [str(self._people[one].pk) for one in accounts]}
        hold, later = Hold(SHARED_DEVICE, evidence), at + timedelta(minutes=1)
        with acting(STAFF):
            return quests.hold_event(event_id=result.event_id or 0, hold=hold, now=later).pk

    @in_unit
    def _receive(self, name: str, at: datetime) -> list[FactResult]:
        """Record the worker's post without granting its reward, as when many claim at the same time."""
        fact = Fact(
            worker_id=self._people[name].pk,
            event_type=self._post.kind,
            external_id=ACCOUNTS[name],
            event_date=None,
            occurred_at=at,
            evidence={
                "act": _address_of_post(name),
                "network": self._post.network,
                "username": _username(name),
            },
        )
        intake = Intake(self._post, [fact], at)
        intake.record()
        return intake.conclude()

    # --- accounts elsewhere -----------------------------------------------------------------------------

    def _link_account(self, name: str, at: datetime) -> None:
        user = SocialUser(self._post.network, ACCOUNTS[name], _username(name))
        with self._as_worker(name):
            link_social_account(worker_id=self._people[name].pk, user=user, now=at)

    def _add_identity(self, name: str, at: datetime) -> None:
        """Let an account of another chain sign that it signs the worker in."""
        worker, chain = self._people[name], find_chain("eip155:1")
        key = demo_data.wallet_key(f"{name} on Ethereum")
        nonce = workers.make_nonce(now=at)
        statement = wallet_messages.identity_statement(worker.pk)
        text = wallet_messages.compose_message(
            Account.from_key(key).address.lower(),
            nonce=nonce.nonce,
            now=at,
            expires_at=nonce.expires_at,
            statement=statement,
            chain=chain,
        )
        signature = Account.sign_message(encode_defunct(text=text), key).signature
        proof = Proof(text, f"0x{bytes(signature).hex()}")
        signed = wallet_messages.verify_account(proof, chain=chain, now=at, statement=statement)
        with self._as_worker(name):
            workers.add_identity(worker_id=worker.pk, signed=signed, now=at)

    def _ago(self, days: float = 0, *, hours: float = 0) -> datetime:
        return self._now - timedelta(days=days, hours=hours)

    def _as_platform(self) -> Any:
        return acting(Actor(ActorType.PLATFORM, str(self._platform.pk)))

    def _as_worker(self, name: str) -> Any:
        return acting(Actor(ActorType.WORKER, str(self._people[name].pk)))


def network_of_posts() -> tuple[str, str]:
    """Return the name and title of the network in which workers post: the usual, or else the first of those
    in the settings."""
    known, usual = all_networks(), USUAL_NETWORK[0]
    if not known:
        return USUAL_NETWORK
    found = known[usual if usual in known else min(known)]
    return found.name, found.title


def _username(name: str) -> str:
    return f"{name.lower()}@mastodon.example"


def _address_of_post(name: str) -> str:
    return f"https://mastodon.example/@{name.lower()}/{112_000_000 + len(name)}"


def _picture(name: str) -> bytes:
    """Return a picture of a window, a table and what stands on it, in colours that follow from the name."""
    dice = random.Random(name)  # noqa: S311 - colours
    image = Image.new("RGB", (640, 480), _shade(dice))
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 40, 300, 240), fill=_shade(dice), outline="white", width=12)
    draw.rectangle((0, 340, 640, 480), fill=_shade(dice))
    for number in range(4):
        left, height = 40 + 150 * number + dice.randrange(40), 40 + dice.randrange(160)
        draw.rectangle((left, 340 - height, left + 90, 360), fill=_shade(dice))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()


def _shade(dice: random.Random) -> tuple[int, int, int]:
    return dice.randrange(30, 230), dice.randrange(30, 230), dice.randrange(30, 230)
