"""Menu of the staff pages, each entry shown to those who may view its page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from gigstream.adminkit import list_url
from gigstream.adminkit.filter_builder.list_query import VIEW
from gigstream.console.queues import QUEUES, Queue
from gigstream.saved_views.menu import entry_title, pinned_entries


@dataclass(frozen=True, slots=True)
class Page:
    """Menu entry of a page that is not a list: `url` is a URL name, `may` decides on its visibility."""

    words: str
    symbol: str
    url: str
    may: Callable[[HttpRequest], bool] = lambda request: True

    def item(self, request: HttpRequest) -> dict[str, Any] | None:
        """Return the item for the menu, or None for staff who may not view it."""
        return _menu_item(request, self.words, self.symbol, reverse(self.url)) if self.may(request) else None


@dataclass(frozen=True, slots=True)
class List:
    """Menu entry of a model's list, for staff who may view its rows."""

    words: str
    symbol: str
    label: str

    def item(self, request: HttpRequest) -> dict[str, Any] | None:
        """Return the item for the menu, or None for staff who may not view it."""
        if not _may_view(self.label)(request):
            return None
        return _menu_item(request, self.words, self.symbol, list_url(apps.get_model(self.label)))


def _may_view(label: str) -> Callable[[HttpRequest], bool]:
    """Return a test of whether a member of staff may view the model's rows."""
    return lambda request: admin.site.get_model_admin(apps.get_model(label)).has_view_permission(request)


def _admin_of(label: str) -> Any:
    return admin.site.get_model_admin(apps.get_model(label))


def _may_operate(label: str) -> Callable[[HttpRequest], bool]:
    """Return a test of whether a member of staff may use any action on the model's rows."""
    return lambda request: _admin_of(label).has_operate_permission(request)


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """Menu entry of a queue, for staff who may view its rows."""

    queue: Queue

    def item(self, request: HttpRequest) -> dict[str, Any] | None:
        """Return the item for the menu, or None for staff who may not view it."""
        url = reverse("console:queue", args=[self.queue.slug])
        if not self.queue.may_see(request):
            return None
        return _menu_item(request, self.queue.title, self.queue.symbol, url)


MENU: tuple[tuple[str, tuple[Page | List | QueueEntry, ...]], ...] = (
    (
        "",
        (
            Page("Overview", "monitoring", "admin:index"),
            Page(
                "Assigned to me",
                "assignment_ind",
                "admin:audit_assignment_mine",
                _may_view("audit.Assignment"),
            ),
        ),
    ),
    (
        "Queues",
        (
            *map(QueueEntry, QUEUES),
            Page(
                "Review submissions",
                "keyboard",
                "admin:reputation_submission_review",
                _may_operate("reputation.Submission"),
            ),
        ),
    ),
    (
        "Money",
        (
            List("Streams", "water", "payments.Stream"),
            List("Progress of streams", "timelapse", "payments.ActiveStream"),
            List("Ledger", "menu_book", "payments.LedgerEntry"),
            List("Earnings from reports", "fact_check", "payments.ReportedEarning"),
            List("Accounts", "account_balance", "payments.Account"),
            List("Adjustments", "balance", "payments.Adjustment"),
            List("Transactions by day", "bar_chart", "payments.DailyTransactionSummary"),
            List("Days added up", "event_available", "payments.TransactionDay"),
            List("Platform rewards", "redeem", "payments.PlatformRewards"),
        ),
    ),
    (
        "Payouts & settlement",
        (
            List("Transactions", "payments", "payments.Transaction"),
            List("Calls to the provider", "call_made", "payments.SettlementAttempt"),
            List("Provider's notifications", "call_received", "payments.ProviderNotification"),
            List("Pauses after failed calls", "electric_bolt", "gigstream_remote_calls.CircuitBreaker"),
            List("Held payouts", "pan_tool", "payments.PayoutHold"),
            List("Earnings that holds keep", "lock", "payments.PayoutHoldPart"),
            List("Earnings that payouts carry", "checklist", "payments.CoveredParts"),
            List("Tasks that payouts carry", "assignment_turned_in", "payments.CoveredTask"),
            List("Payouts by platform", "pie_chart", "payments.PlatformPayout"),
            List("Stopped payouts", "toggle_on", "payments.PaymentSwitch"),
            List("Reconciliations", "compare_arrows", "payments.Reconciliation"),
            List("Differences found", "difference", "payments.Discrepancy"),
            List("Deposits seen on the chain", "savings", "payments.ObservedTransfer"),
            List("Orders of custody wallets", "add_card", "payments.WalletOrder"),
            List("How far the chain is read", "link", "payments.ChainCursor"),
            List("Withdrawal addresses", "outbound", "platforms.WithdrawalAddress"),
            List("Sandbox transfers", "science", "payments.SandboxTransfer"),
            List("Sandbox wallets", "wallet", "payments.SandboxWallet"),
            List("Sandbox faults", "bug_report", "payments.SandboxFault"),
        ),
    ),
    (
        "Records on the chain",
        (
            Page(
                "Sync health",
                "monitor_heart",
                "admin:payments_sync_health",
                _may_view("payments.ChainOperation"),
            ),
            List("Operations on the chain", "hub", "payments.ChainOperation"),
            List("Calls to the chain", "call_made", "payments.ChainAttempt"),
            List("Creators' numbers", "analytics", "payments.CreatorSync"),
            List("Creators in operations", "group", "payments.OperationCreator"),
            List("Gas spent", "local_gas_station", "payments.GasSpending"),
            List("Months without gas", "event_busy", "payments.GasAlarm"),
            List("Signed calls", "draw", "payments.SignedCall"),
            List("Versions of signed calls", "history", "payments.SignedVersion"),
            List("Accounts that sign", "key", "payments.SignerAccount"),
        ),
    ),
    (
        "Tasks & disputes",
        (
            List("Tasks", "task", "platforms.Task"),
            List("Disputes", "gavel", "platforms.Dispute"),
            List("Milestones", "flag", "platforms.Milestone"),
            List("Reports by platforms", "history", "platforms.WorkEvent"),
            List("How long tasks take", "percent", "platforms.TaskCompletionStats"),
            List("Tasks counted by status", "tag", "platforms.TaskTally"),
        ),
    ),
    (
        "People",
        (
            List("Workers", "engineering", "workers.Worker"),
            List("Earnings of workers", "attach_money", "loans.WorkerEarnings"),
            List("Wallet changes", "currency_exchange", "workers.WalletChange"),
            List("Sessions", "devices", "workers.WorkerSession"),
            List("Refresh tokens", "autorenew", "workers.RefreshToken"),
            List("Registrations", "person_add", "workers.Registration"),
            List("Password resets", "lock_reset", "workers.PasswordReset"),
            List("Sign-in attempts", "password", "gigstream_sign_in.SignInAttempts"),
            List("Wallet nonces", "casino", "workers.WalletNonce"),
            List("Chain identities", "fingerprint", "workers.ChainIdentity"),
            List("Social accounts", "share", "workers.SocialAccount"),
            List("Social authorizations", "verified_user", "workers.SocialAuthorization"),
            List("Social conflicts", "group_off", "workers.SocialConflict"),
        ),
    ),
    (
        "Platforms",
        (
            List("Platforms", "storefront", "platforms.Platform"),
            List("Performance of platforms", "speed", "payments.PlatformPerformance"),
            List("Consents", "how_to_reg", "platforms.Consent"),
            List("Who worked for whom", "handshake", "platforms.Engagement"),
            List("Invitations", "mail", "platforms.Invitation"),
            List("API keys", "key", "platforms.ApiKey"),
            List("Webhooks", "webhook", "platforms.WebhookEndpoint"),
            List("Webhook deliveries", "outbox", "platforms.WebhookDelivery"),
        ),
    ),
    (
        "Catalogue",
        (
            List("Creators", "mic", "platforms.CreatorProfile"),
            List("Works", "music_note", "platforms.Work"),
            List("Rates of works", "price_change", "platforms.WorkRate"),
            List("Moves of works", "swap_horiz", "platforms.WorkMove"),
            List("Collections", "queue_music", "platforms.Collection"),
            List("Works of collections", "format_list_numbered", "platforms.CollectionWork"),
            List("Follows", "favorite", "platforms.Follow"),
            List("Listeners", "headphones", "platforms.Listener"),
            List("Keys of listeners", "key", "platforms.ListenerKey"),
        ),
    ),
    (
        "Pay of creators",
        (
            List("Distributions", "pie_chart", "payments.Distribution"),
            List("Shares of distributions", "donut_small", "payments.DistributionShare"),
            List("Periods of royalties", "date_range", "payments.RoyaltyPeriod"),
            List("Pay for use", "request_quote", "payments.PeriodPay"),
            List("Days of pay for use", "today", "payments.DailyAccrual"),
            List("Days to accrue", "pending_actions", "payments.DayToAccrue"),
            List("Payments for use", "payments", "payments.RoyaltyPayment"),
            List("Fundings of royalties", "savings", "payments.PeriodFunding"),
            List("Carried balances", "account_balance_wallet", "payments.CarriedBalance"),
            List("Statements of creators", "description", "payments.Statement"),
            List("Terms of royalties", "gavel", "payments.RoyaltyTerms"),
            List("Pools", "water_drop", "payments.Pool"),
            List("Members of pools", "groups", "payments.PoolMember"),
            List("Money of pools", "input", "payments.PoolWrite"),
        ),
    ),
    (
        "Usage",
        (
            List("Days of creators", "bar_chart", "platforms.CreatorDay"),
            List("Days of works", "stacked_bar_chart", "platforms.WorkDay"),
            List("Days of platforms", "area_chart", "platforms.PlatformDay"),
            List("Artificial use", "smart_toy", "platforms.UsageFinding"),
            List("Rules of artificial use", "rule", "platforms.UsageRule"),
            List("Marked events", "flag", "platforms.UsageMark"),
            List("Corrections of usage", "edit_note", "platforms.UsageCorrection"),
            List("Corrected events", "edit", "platforms.CorrectedEvent"),
            List("Events that do not count", "block", "platforms.UsageExclusion"),
            List("Events of usage", "play_circle", "platforms.UsageEvent"),
            List("Reported batches", "inbox", "platforms.UsageBatch"),
            List("Receipts of usage", "receipt_long", "platforms.UsageReceipt"),
            List("Chains of receipts", "link", "platforms.ReceiptChain"),
            List("Keys of receipts", "vpn_key", "platforms.SigningKey"),
            List("Files of months", "inventory_2", "platforms.UsageArchive"),
            List("Waiting for the store", "hourglass_top", "platforms.UsageStoreBatch"),
            List("Place of raw events", "dns", "platforms.UsageStoreSwitch"),
        ),
    ),
    (
        "Advances, reputation & quests",
        (
            List("Advances", "request_quote", "loans.Loan"),
            List("Repayment of advances", "trending_up", "loans.LoanRepaymentStatus"),
            List("Risk scores", "shield", "loans.WorkerRiskAssessment"),
            List("Reputation events", "star", "reputation.ReputationEvent"),
            List("Reputation history", "star_half", "reputation.ReputationHistory"),
            List("Quests", "flag", "reputation.Quest"),
            List("Events of quests", "task_alt", "reputation.QuestEvent"),
            List("Reserved places", "event_seat", "reputation.Reservation"),
            List("Submissions", "photo_library", "reputation.Submission"),
            List("Reviews of submissions", "rate_review", "reputation.SubmissionReview"),
            List("Fundings of quests", "savings", "reputation.QuestFunding"),
            List("Counts of quests", "pin", "reputation.QuestCount"),
            List("Transactions of quests", "link", "reputation.ChainProof"),
            List("Referrals", "group_add", "reputation.Referral"),
            List("Hours of quests", "hourglass_top", "reputation.QuestOutflow"),
            List("Days of workers in quests", "today", "reputation.WorkerOutflow"),
            List("Linked accounts", "hub", "reputation.Cluster"),
            List("Accounts in clusters", "group", "reputation.ClusterMember"),
            List("Ties of accounts", "link", "reputation.WorkerTie"),
            List("Different people", "how_to_reg", "reputation.Clearing"),
            List("Points", "leaderboard", "reputation.PointsBalance"),
            List("Entries of points", "add_circle", "reputation.PointsEntry"),
            List("Check-ins", "event_available", "reputation.CheckIn"),
            List("Pauses of streaks", "event_busy", "reputation.StreakPause"),
            List("Time zones of streaks", "public", "reputation.StreakZone"),
            List("Outages", "cloud_off", "reputation.Outage"),
            List("Milestones of creators", "emoji_events", "reputation.CreatorMilestone"),
            List("Rules of milestones", "rule", "reputation.MilestoneRule"),
            List("Conditions of milestones", "checklist", "reputation.MilestoneCondition"),
            List("Totals of creators", "functions", "reputation.CreatorTotal"),
            List("Values of tokens", "currency_exchange", "reputation.TokenValue"),
        ),
    ),
    (
        "Records",
        (
            List("Audit log", "policy", "audit.AuditLog"),
            List("Decisions", "rule", "audit.Decision"),
            List("Corrected names and contacts", "edit_note", "audit.PersonalChange"),
            List("Money moved by one person", "person_alert", "audit.StaffMovement"),
            List("All approvals", "order_approve", "audit.Approval"),
            List("Limits", "tune", "audit.LimitChange"),
            List("Taken items", "back_hand", "audit.Claim"),
            List("Assignments", "assignment", "audit.Assignment"),
            List("Notes", "sticky_note_2", "audit.Note"),
            List("Mentions in notes", "alternate_email", "audit.NoteMention"),
            List("Files of notes", "attach_file", "audit.NoteFile"),
            List("Notices to staff", "notifications", "audit.Notice"),
            List("Choices of notices", "edit_notifications", "audit.NoticePreference"),
            List("Seals of the audit log", "verified", "audit.AuditSeal"),
            Page("Integrity", "health_and_safety", "admin:audit_integrity", _may_view("audit.BookCheck")),
            List("Checks of the books", "fact_check", "audit.BookCheck"),
            List("Jobs", "schedule", "gigstream_jobs.JobHeartbeat"),
            List("Saved views", "bookmark", "gigstream_saved_views.SavedView"),
            List("Letters", "stacked_email", "gigstream_letters.Letter"),
            List("Events for platforms", "campaign", "platforms.PlatformEvent"),
            List("Numbers of events", "123", "platforms.EventCounter"),
            List("Requests answered once", "question_answer", "gigstream_api.AnsweredRequest"),
        ),
    ),
    (
        "Staff",
        (
            List("Staff", "badge", "auth.User"),
            List("Groups", "groups", "auth.Group"),
            Page("My second factor", "phonelink_lock", "console:second-factor"),
            Page("My notices", "notifications_active", "console:notice-ways"),
        ),
    ),
)


def visible_menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu for this member of staff, without groups that are empty for them."""
    pinned = pinned_entries(request)
    groups = [
        (title, [item for entry in entries for item in _items_of(entry, request, pinned)])
        for title, entries in MENU
    ]
    found = [(title, [item for item in items if item]) for title, items in groups]
    return [{"title": title, "items": items, "collapsible": bool(title)} for title, items in found if items]


def _items_of(
    entry: Page | List | QueueEntry, request: HttpRequest, pinned: dict[str, list[dict[str, Any]]]
) -> list[dict[str, Any] | None]:
    """Return the item of an entry, and below that of a list the views that the reader has put there."""
    item = entry.item(request)
    if item is None or not isinstance(entry, List):
        return [item]
    return [item, *(_view_item(request, one) for one in pinned.get(entry.label.lower(), []))]


def _view_item(request: HttpRequest, view: dict[str, Any]) -> dict[str, Any]:
    here = request.GET.get(VIEW) == str(view["pk"])
    return {"title": entry_title(view), "icon": "bookmark", "link": view["url"], "active": here}


def account_links(request: HttpRequest) -> list[dict[str, str]]:
    """Return the links for the own account, in the menu under the name."""
    return [
        {"title": "Change password", "link": reverse("admin:password_change")},
        {"title": "Second factor", "link": reverse("console:second-factor")},
        {"title": "My notices", "link": reverse("console:notice-ways")},
    ]


def _menu_item(request: HttpRequest, words: str, symbol: str, link: str) -> dict[str, Any]:
    here = request.path
    inside = here == link or (
        here.startswith(link) and link != reverse("admin:index") and not _is_a_page(here)
    )
    return {"title": words, "icon": symbol, "link": link, "active": inside}


def _is_a_page(address: str) -> bool:
    """Whether the menu has an entry for this address itself, not only for the list above it."""
    return any(
        isinstance(entry, Page) and reverse(entry.url) == address for _, entries in MENU for entry in entries
    )


def environment_label(request: HttpRequest) -> tuple[str, str]:
    """Return the label of this installation and its colour."""
    return ("production", "danger") if settings.PRODUCTION else ("development", "info")


def style_url(request: HttpRequest) -> str:
    """Return the address of the console's style sheet."""
    return static("gigstream/console.css")


def menu_script_url(request: HttpRequest) -> str:
    """Return the address of the script that opens the menu by keyboard."""
    return static("gigstream/menu.js")


def command_script_url(request: HttpRequest) -> str:
    """Return the address of the script for Enter in the search box of Ctrl + K."""
    return static("gigstream/command.js")


def copy_script_url(request: HttpRequest) -> str:
    """Return the address of the script of the buttons that copy."""
    return static("gigstream/copy.js")


def refresh_script_url(request: HttpRequest) -> str:
    """Return the address of the script that fetches the counts of menu and header again."""
    return static("gigstream/refresh.js")


def keys_script_url(request: HttpRequest) -> str:
    """Return the address of the script of the keyboard."""
    return static("gigstream/keys.js")


def reasons_script_url(request: HttpRequest) -> str:
    """Return the address of the script that has the server keep words which were not sent."""
    return static("gigstream/reasons.js")


def icon_url(request: HttpRequest) -> str:
    """Return the address of the icon for the browser's tab."""
    return static("gigstream/icon.svg")
