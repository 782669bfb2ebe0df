"""History of three months for the demo, created through the services with times in the past."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eth_account import Account
from eth_account.messages import encode_defunct

from audit.chain import services as sealing
from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from gigstream.demo import people as demo_data
from gigstream.demo.catalogue import CREATORS, CatalogueScenes
from gigstream.demo.oracle import write_to_chain
from gigstream.demo.quests import QuestScenes
from gigstream.demo.royalties import distribute_by_use
from gigstream.demo.staff import actor_of, let_staff_in
from gigstream.demo.usage import UsageScenes
from gigstream.letters.services import discard_waiting_letters
from loans.applications import services as applications_services
from loans.disbursement import services as loans
from loans.exceptions.services import lend_by_exception
from loans.models import Loan
from loans.repayment import services as repayment_services
from payments import services as payments
from payments.models import Stream
from payments.settlement.provider.protocol import PaymentProvider
from payments.settlement.sandbox.provider import SandboxProvider
from platforms import services as platforms
from platforms.models import Platform, Task
from platforms.services import MilestonePlan, TaskPlan
from reputation.scores import services as reputation
from workers import services as workers
from workers.models import Worker
from workers.profiles.enums import PayoutSchedule
from workers.wallets import messages as wallet_messages

ProviderAt = Callable[[datetime], PaymentProvider]
STAFF, SECOND = Actor(ActorType.STAFF, "demo"), Actor(ActorType.STAFF, "demo-2")
HOUR, DAY = 3600, 86_400


class Story:
    """History of the demo up to `now`, deterministic except for the ids."""

    def __init__(self, now: datetime, provider_at: ProviderAt | None = None) -> None:
        """Settle payouts through the provider of each time: the sandbox's, if none is given."""
        self.now = now
        self.provider_at = provider_at or sandbox_at
        self.workers: dict[str, Worker] = {}
        self.platforms: dict[str, Platform] = {}
        self.consents: set[tuple[UUID, UUID]] = set()

    def create(self) -> None:
        """Create the whole history in the order of time."""
        self._register_all()
        for scene in (self._past_streams, self._fixed_tasks, self._milestones, self._loans):
            scene()
        quests = QuestScenes(self.now, self.workers, self.platforms["QuickTask"])
        quests.live_so_far()
        self._running_streams()
        quests.live_today()
        CatalogueScenes(self.workers, self.platforms["MicroGigs"]).publish()
        UsageScenes(self.now, self.platforms["MicroGigs"]).report()
        let_staff_in()
        distribute_by_use(
            self.platforms["MicroGigs"],
            requester=actor_of(demo_data.STAFF_USERNAME),
            approver=actor_of(demo_data.STAFF_BY_ROLE["finance"]),
            now=self.ago(hours=1),
        )
        write_to_chain(self.platforms["MicroGigs"], self.provider_at, at=self.ago(hours=0.5))
        self._finish()

    def ago(self, days: float = 0, *, hours: float = 0) -> datetime:
        return self.now - timedelta(days=days, hours=hours)

    # --- workers and platforms --------------------------------------------------------------------------

    def _register_all(self) -> None:
        for name, fee_bps, funds in demo_data.PLATFORMS:
            at = self.ago(90)
            platform = platforms.register_platform(
                name=name,
                contact_email=f"ops@{name.lower()}.example",
                fee_bps=fee_bps,
                wallet_address=_derived_address(name),
                now=at,
            )
            self.platforms[name] = platform
            with acting(Actor(ActorType.PLATFORM, str(platform.pk))):
                payments.book_deposit(
                    platform_id=platform.pk,
                    amount=funds,
                    tx_hash=_derived_hash(f"deposit {name}"),
                    from_wallet=_derived_address(f"treasury {name}"),
                    now=at,
                )
        platforms.create_api_key(
            platform_id=self.platforms["QuickTask"].pk,
            name="demo",
            prefix=demo_data.PLATFORM_KEY_PREFIX,
            secret=demo_data.PLATFORM_KEY_SECRET,
        )
        for name, days, record in demo_data.WORKERS:
            self._join(name, self.ago(days), record)

    def _join(self, name: str, at: datetime, record: int) -> None:
        first = name.split()[0]
        worker = workers.register_worker(
            email=f"{first.lower()}@example.com",
            full_name=name,
            password=demo_data.WORKER_PASSWORD,
            now=at,
        )
        self._name_wallet(worker, name, at)
        self.workers[first] = worker
        with acting(STAFF):
            reputation.adjust_reputation(
                worker_id=worker.pk, delta=record, reason="record brought from another platform", now=at
            )
        # QuickTask, whose key the demo prints, has a consent of each worker.
        self._invite(self.platforms["QuickTask"], first, at + timedelta(minutes=30))
        if first in CREATORS:
            self._invite(self.platforms["MicroGigs"], first, at + timedelta(hours=1))

    def _name_wallet(self, worker: Worker, name: str, at: datetime) -> None:
        """Sign with the worker's wallet that payouts go to it."""
        key = demo_data.wallet_key(name)
        nonce = workers.make_nonce(now=at)
        statement = wallet_messages.payout_statement(worker.pk)
        text = wallet_messages.compose_message(
            Account.from_key(key).address.lower(),
            nonce=nonce.nonce,
            now=at,
            expires_at=nonce.expires_at,
            statement=statement,
        )
        signature = Account.sign_message(encode_defunct(text=text), key).signature
        signed = wallet_messages.verify_message(
            text, f"0x{bytes(signature).hex()}", now=at, statement=statement
        )
        with acting(Actor(ActorType.WORKER, str(worker.pk))):
            workers.change_wallet(worker_id=worker.pk, signed=signed, now=at)

    # --- steps ------------------------------------------------------------------------------------------

    def _post(
        self, platform: str, title: str, amount: str, task_type: str, at: datetime, **kwargs: Any
    ) -> Task:
        owner = self.platforms[platform]
        with self._as(owner):
            plan = TaskPlan(
                title=title,
                amount=amount,
                task_type=task_type,
                external_task_id=title.lower().replace(" ", "-"),
                **kwargs,
            )
            return platforms.create_task(platform_id=owner.pk, plan=plan, now=at)

    def _as(self, platform: Platform) -> Any:
        return acting(Actor(ActorType.PLATFORM, str(platform.pk)))

    def _give(self, task: Task, worker: str, at: datetime, *, start: bool = True) -> Task:
        self._invite(task.platform, worker, at - timedelta(minutes=30))
        with self._as(task.platform):
            platforms.assign_task(task_id=task.pk, worker_id=self.workers[worker].pk, now=at)
            if start:
                platforms.start_task(task_id=task.pk, now=at + timedelta(minutes=10))
        return task

    def _invite(self, platform: Platform, worker: str, at: datetime) -> None:
        """Let the worker accept an invitation of the platform, unless there is a consent already."""
        holder = self.workers[worker]
        if (platform.pk, holder.pk) in self.consents:
            return
        self.consents.add((platform.pk, holder.pk))
        with self._as(platform):
            invitation = platforms.invite_worker(platform_id=platform.pk, email=holder.email, now=at)
            token = platforms.make_token(invitation=invitation)
        with acting(Actor(ActorType.WORKER, str(holder.pk))):
            platforms.accept_invitation(worker_id=holder.pk, token=token, now=at + timedelta(minutes=5))

    def _cash_out(self, worker: str, at: datetime) -> None:
        """Cash out the worker's balance and settle the payout."""
        holder = self.workers[worker]
        with acting(Actor(ActorType.WORKER, str(holder.pk))):
            payments.cash_out(worker_id=holder.pk, now=at)
        self._settle(at)

    def _settle(self, at: datetime) -> None:
        payments.submit_payouts(now=at, provider=self.provider_at(at))
        later = at + timedelta(minutes=1)
        payments.poll_settlements(now=later, provider=self.provider_at(later))

    def _stream(
        self, platform: str, title: str, amount: str, worker: str, at: datetime, *, hours: int, interval: int
    ) -> Stream:
        task = self._post(
            platform,
            title,
            amount,
            "time_based",
            at - timedelta(hours=2),
            duration_seconds=hours * HOUR,
            release_interval=interval,
        )
        self._give(task, worker, at - timedelta(minutes=10))
        return Stream.objects.get(task=task)

    # --- scenes -----------------------------------------------------------------------------------------

    def _past_streams(self) -> None:
        """Create three streams that have ended."""
        for platform, title, amount, worker, day in (
            ("DeliveryHub", "Evening delivery shift", "96", "Alice", 70),
            ("FieldOps", "Site survey north", "144", "Carol", 52),
            ("TaskRunner", "Warehouse count", "120", "Emma", 40),
        ):
            start = self.ago(day)
            self._stream(platform, title, amount, worker, start, hours=8, interval=300)
            for hour in (2, 5, 8):
                payments.release_due_streams(now=start + timedelta(hours=hour))
            self._cash_out(worker, start + timedelta(hours=9))

    def _fixed_tasks(self) -> None:
        done = (
            ("QuickTask", "Translate a menu", "45", "Bob", 35, False),
            ("MicroGigs", "Label 500 images", "30", "Grace", 28, False),
            ("QuickTask", "Assemble a desk", "80", "David", 24, True),
        )
        for platform, title, amount, worker, day, late in done:
            at = self.ago(day)
            task = self._post(platform, title, amount, "fixed", at, due_at=at + timedelta(days=1))
            self._give(task, worker, at)
            finished = at + timedelta(days=2 if late else 0, hours=6)
            with self._as(task.platform):
                platforms.complete_task(task_id=task.pk, now=finished)
            if worker == "Bob":
                with self._as(task.platform):
                    platforms.rate_worker(task_id=task.pk, rating=5, now=finished + timedelta(hours=1))
            self._cash_out(worker, finished + timedelta(hours=2))
        self._give(
            self._post("TaskRunner", "Paint a fence", "150", "fixed", self.ago(1)),
            "Henry",
            self.ago(1),
            start=False,
        )
        self._post("MicroGigs", "Transcribe an interview", "25", "fixed", self.ago(2))
        self._post(
            "FieldOps",
            "Photograph ten shops",
            "60",
            "fixed",
            self.ago(1),
            due_at=self.now + timedelta(days=3),
        )
        off = self._give(
            self._post("DeliveryHub", "Parcel across town", "18", "fixed", self.ago(12)), "Iris", self.ago(12)
        )
        with self._as(off.platform):
            platforms.cancel_task(task_id=off.pk, reason="the sender withdrew", now=self.ago(11))
        contested = self._give(
            self._post("FieldOps", "Repair a router", "90", "fixed", self.ago(8)), "Frank", self.ago(8)
        )
        with self._as(contested.platform):
            platforms.dispute_task(
                task_id=contested.pk, severity=2, reason="the line still drops", now=self.ago(6)
            )

    def _milestones(self) -> None:
        steps = [MilestonePlan("Draft", "60"), MilestonePlan("Review", "40"), MilestonePlan("Final", "100")]
        website = self._give(
            self._post("QuickTask", "Small shop website", "200", "milestone", self.ago(30), milestones=steps),
            "Grace",
            self.ago(30),
        )
        for number, day in ((1, 27), (2, 22), (3, 18)):
            with self._as(website.platform):
                platforms.approve_milestone(task_id=website.pk, number=number, now=self.ago(day))
            if number != 2:
                self._cash_out("Grace", self.ago(day, hours=-1))
        two = [MilestonePlan("First half", "75"), MilestonePlan("Second half", "75")]
        survey = self._give(
            self._post("MicroGigs", "Customer survey", "150", "milestone", self.ago(10), milestones=two),
            "Henry",
            self.ago(10),
        )
        with self._as(survey.platform):
            platforms.approve_milestone(task_id=survey.pk, number=1, now=self.ago(5))
        self._give(
            self._post("TaskRunner", "Move an office", "150", "milestone", self.ago(3), milestones=two),
            "Jack",
            self.ago(3),
        )
        self._post("DeliveryHub", "Route handbook", "150", "milestone", self.ago(1), milestones=two)

    def _loans(self) -> None:
        self._disbursed("Alice", "40", self.ago(20))
        self._disbursed("Bob", "60", self.ago(15))
        self._disbursed("Carol", "50", self.ago(9))
        self._lend("Emma", "120", self.ago(hours=2.5))
        applications_services.request_loan(
            worker_id=self.workers["Grace"].pk, amount="80", fee_bps=350, now=self.ago(hours=1)
        )

    def _lend(self, worker: str, amount: str, at: datetime) -> Loan:
        """Lend to a worker with too few tasks here, by a decision of two members of staff."""
        with acting(SECOND):
            return lend_by_exception(
                worker_id=self.workers[worker].pk,
                amount=amount,
                requested_by=str(STAFF),
                approved_by=str(SECOND),
                reason="record brought from another platform",
                now=at,
            )

    def _disbursed(self, worker: str, amount: str, at: datetime) -> Loan:
        """Disburse an advance up to the worker's wallet."""
        loan = self._lend(worker, amount, at)
        with acting(STAFF):
            loans.disburse_loan(loan_id=loan.pk, now=at + timedelta(hours=1))
        self._settle(at + timedelta(hours=1))
        return loan

    def _running_streams(self) -> None:
        """Create five streams that still run; the earnings of two of them repay advances."""
        shifts = (
            ("DeliveryHub", "Courier month", "7200", "Alice", 6, 30 * 24),
            ("FieldOps", "Meter readings", "4200", "Bob", 4, 14 * 24),
            ("TaskRunner", "Night stock taking", "2016", "David", 3, 7 * 24),
            ("QuickTask", "Live chat support", "1440", "Emma", 2, 5 * 24),
            ("MicroGigs", "Content review", "900", "Jack", 1, 3 * 24),
        )
        for platform, title, amount, worker, day, hours in shifts:
            self._stream(platform, title, amount, worker, self.ago(day), hours=hours, interval=60)
        # Jack is paid at once; the pay of the others is an hour old when the demo begins.
        jack = self.workers["Jack"]
        with acting(Actor(ActorType.WORKER, str(jack.pk))):
            payments.set_payout_schedule(worker_id=jack.pk, schedule=PayoutSchedule.AT_ONCE, now=self.ago(1))
        for day, worker in ((3, "Alice"), (2, "Bob"), (1, "David")):
            payments.release_due_streams(now=self.ago(day))
            self._cash_out(worker, self.ago(day, hours=-1))
        # The last hour is left to the first tick of the running system.
        payments.release_due_streams(now=self.ago(hours=1))

    def _finish(self) -> None:
        alice = Loan.objects.get(worker=self.workers["Alice"])
        if alice.owed:
            with acting(Actor(ActorType.WORKER, str(alice.worker_id))):
                repayment_services.repay_early(loan_id=alice.pk, amount=alice.owed, now=self.ago(hours=1))
        emma = Loan.objects.get(worker=self.workers["Emma"])
        with acting(STAFF):
            loans.disburse_loan(loan_id=emma.pk, now=self.ago(hours=0.1))
        workers.age_accounts(now=self.now)
        # Letters about events of the past are not sent.
        discard_waiting_letters()
        sealing.seal()


def _derived_address(name: str) -> str:
    return "0x" + hashlib.sha256(name.encode()).hexdigest()[:40]


def _derived_hash(name: str) -> str:
    return "0x" + hashlib.sha256(name.encode()).hexdigest()


def sandbox_at(at: datetime) -> PaymentProvider:
    """Return the sandbox's provider at the time `at`."""
    return SandboxProvider(clock=lambda: at)
