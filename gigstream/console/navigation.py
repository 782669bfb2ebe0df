"""Where staff go: the pages by job, each shown to those who may see it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from gigstream.console.queues import QUEUES, Queue
from gigstream.lib.admin import list_url


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is no list: `url` is the name of its address, `may` says who sees it, or else all."""

    words: str
    symbol: str
    url: str
    may: Callable[[HttpRequest], bool] = lambda request: True

    def item(self, request: HttpRequest) -> dict[str, Any] | None:
        """What the menu shows, or None for staff who may not see it."""
        return _item(request, self.words, self.symbol, reverse(self.url)) if self.may(request) else None


@dataclass(frozen=True, slots=True)
class List:
    """The list of a model, for staff who may see its rows."""

    words: str
    symbol: str
    label: str

    def item(self, request: HttpRequest) -> dict[str, Any] | None:
        """What the menu shows, or None for staff who may not see it."""
        if not _sees(self.label)(request):
            return None
        return _item(request, self.words, self.symbol, list_url(apps.get_model(self.label)))


def _sees(label: str) -> Callable[[HttpRequest], bool]:
    """Whether a member of staff sees the rows of the model."""
    return lambda request: admin.site.get_model_admin(apps.get_model(label)).has_view_permission(request)


@dataclass(frozen=True, slots=True)
class Work:
    """A queue of what waits for staff, for those who may see what waits in it."""

    queue: Queue

    def item(self, request: HttpRequest) -> dict[str, Any] | None:
        """What the menu shows, or None for staff who may not see it."""
        url = reverse("console:queue", args=[self.queue.slug])
        if not self.queue.may_see(request):
            return None
        return _item(request, self.queue.title, self.queue.symbol, url)


MENU: tuple[tuple[str, tuple[Page | List | Work, ...]], ...] = (
    ("", (Page("Overview", "monitoring", "admin:index"),)),
    ("Work waiting", tuple(map(Work, QUEUES))),
    (
        "Money",
        (
            List("Streams", "water", "payments.Stream"),
            List("Streams under way", "timelapse", "payments.ActiveStream"),
            List("Ledger", "menu_book", "payments.LedgerEntry"),
            List("Accounts", "account_balance", "payments.Account"),
            List("Adjustments", "balance", "payments.Adjustment"),
            List("Volume by day", "bar_chart", "payments.DailyTransactionSummary"),
            List("Closed days", "event_available", "payments.TransactionDay"),
        ),
    ),
    (
        "Payouts & settlement",
        (
            List("Transactions", "payments", "payments.Transaction"),
            List("Calls to the provider", "call_made", "payments.SettlementAttempt"),
            List("Provider's notices", "call_received", "payments.ProviderNotification"),
            List("Provider's breakers", "electric_bolt", "payments.ProviderBreaker"),
            List("Holds", "pan_tool", "payments.PayoutHold"),
            List("Held earnings", "lock", "payments.PayoutHoldPart"),
            List("Covered earnings", "checklist", "payments.CoveredParts"),
            List("Covered tasks", "assignment_turned_in", "payments.CoveredTask"),
            List("Platforms' parts", "pie_chart", "payments.PlatformPayout"),
            List("Switches", "toggle_on", "payments.PaymentSwitch"),
            List("Reconciliations", "compare_arrows", "payments.Reconciliation"),
            List("Breaks", "difference", "payments.ReconciliationBreak"),
            List("Deposits seen", "savings", "payments.ObservedTransfer"),
            List("Wallet orders", "add_card", "payments.WalletOrder"),
            List("Chain", "link", "payments.ChainCursor"),
            List("Withdrawal addresses", "outbound", "platforms.WithdrawalAddress"),
            List("Sandbox transfers", "science", "payments.SandboxTransfer"),
            List("Sandbox wallets", "wallet", "payments.SandboxWallet"),
            List("Sandbox faults", "bug_report", "payments.SandboxFault"),
        ),
    ),
    (
        "Work",
        (
            List("Tasks", "task", "platforms.Task"),
            List("Disputes", "gavel", "platforms.Dispute"),
            List("Milestones", "flag", "platforms.Milestone"),
            List("Work events", "history", "platforms.WorkEvent"),
            List("Completion", "percent", "platforms.TaskCompletionStats"),
            List("Tallies", "tag", "platforms.TaskTally"),
        ),
    ),
    (
        "People",
        (
            List("Workers", "engineering", "workers.Worker"),
            List("Earnings", "attach_money", "loans.WorkerEarnings"),
            List("Wallet changes", "currency_exchange", "workers.WalletChange"),
            List("Sessions", "devices", "workers.WorkerSession"),
            List("Refresh tokens", "autorenew", "workers.RefreshToken"),
            List("Registrations", "person_add", "workers.Registration"),
            List("Password resets", "lock_reset", "workers.PasswordReset"),
            List("Sign-in attempts", "password", "workers.SignInAttempts"),
            List("Wallet nonces", "casino", "workers.WalletNonce"),
        ),
    ),
    (
        "Platforms",
        (
            List("Platforms", "storefront", "platforms.Platform"),
            List("Performance", "speed", "payments.PlatformPerformance"),
            List("Consents", "how_to_reg", "platforms.Consent"),
            List("Engagements", "handshake", "platforms.Engagement"),
            List("Invitations", "mail", "platforms.Invitation"),
            List("API keys", "key", "platforms.ApiKey"),
            List("Webhooks", "webhook", "platforms.WebhookEndpoint"),
            List("Deliveries", "outbox", "platforms.WebhookDelivery"),
        ),
    ),
    (
        "Reputation & loans",
        (
            List("Loans", "request_quote", "loans.Loan"),
            List("Repayment", "trending_up", "loans.LoanRepaymentStatus"),
            List("Risk", "shield", "loans.WorkerRiskAssessment"),
            List("Reputation events", "star", "reputation.ReputationEvent"),
            List("Reputation history", "star_half", "reputation.ReputationHistory"),
        ),
    ),
    (
        "Records",
        (
            List("Audit log", "policy", "audit.AuditLog"),
            List("Corrections", "edit_note", "audit.PersonalChange"),
            List("Moved alone", "person_alert", "audit.StaffMovement"),
            List("All approvals", "order_approve", "audit.Approval"),
            List("Limits", "tune", "audit.LimitChange"),
            List("Claimed work", "assignment_ind", "audit.Claim"),
            List("Seals", "verified", "audit.AuditSeal"),
            Page("Integrity", "health_and_safety", "admin:audit_integrity", _sees("audit.BookCheck")),
            List("Checks of the books", "fact_check", "audit.BookCheck"),
            List("Jobs", "schedule", "audit.JobHeartbeat"),
            List("Letters", "stacked_email", "audit.Letter"),
            List("Events", "campaign", "platforms.Event"),
            List("Event counters", "123", "platforms.EventCounter"),
            List("Answered requests", "question_answer", "audit.AnsweredRequest"),
        ),
    ),
    (
        "Staff",
        (
            List("Staff", "badge", "auth.User"),
            List("Groups", "groups", "auth.Group"),
            Page("My second factor", "phonelink_lock", "console:second-factor"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu as this member of staff sees it: a group with nothing in it for them is not there."""
    groups = [(title, [one.item(request) for one in entries]) for title, entries in MENU]
    found = [(title, [item for item in items if item]) for title, items in groups]
    return [{"title": title, "items": items, "collapsible": bool(title)} for title, items in found if items]


def account(request: HttpRequest) -> list[dict[str, str]]:
    """What a member of staff does about their own account, in the menu under their name."""
    return [
        {"title": "Change password", "link": reverse("admin:password_change")},
        {"title": "Second factor", "link": reverse("console:second-factor")},
    ]


def _item(request: HttpRequest, words: str, symbol: str, link: str) -> dict[str, Any]:
    here = request.path
    inside = here == link or (
        here.startswith(link) and link != reverse("admin:index") and not _is_a_page(here)
    )
    return {"title": words, "icon": symbol, "link": link, "active": inside}


def _is_a_page(address: str) -> bool:
    """Whether the menu leads there by an entry of its own, and not only to the list above it."""
    return any(
        isinstance(one, Page) and reverse(one.url) == address for _, entries in MENU for one in entries
    )


def environment(request: HttpRequest) -> tuple[str, str]:
    """Which system this is, and the colour to say it in."""
    return ("production", "danger") if settings.PRODUCTION else ("development", "info")


def style(request: HttpRequest) -> str:
    """The address of the console's own styles."""
    return static("gigstream/console.css")


def script(request: HttpRequest) -> str:
    """The address of what makes the menu usable by keyboard."""
    return static("gigstream/menu.js")


def command_script(request: HttpRequest) -> str:
    """Return the address of what Enter does in the search box that Ctrl + K opens."""
    return static("gigstream/command.js")


def reasons_script(request: HttpRequest) -> str:
    """Return the address of what keeps words that were not sent."""
    return static("gigstream/reasons.js")


def icon(request: HttpRequest) -> str:
    """The address of the picture that browsers show on the tab."""
    return static("gigstream/icon.svg")
