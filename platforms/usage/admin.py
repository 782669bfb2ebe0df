"""Usage for staff: batches with receipts, corrections, sums by day, and plays that rules leave out of pay."""

from django.contrib import admin

from gigstream.adminkit import (
    ReadOnlyAdmin,
    RowAction,
    Table,
    add_actions,
    by_number,
    by_text,
    by_uuid,
    show_on,
)
from gigstream.adminkit.list_exports import Exports
from platforms import services
from platforms.models import (
    CorrectedEvent,
    CreatorDay,
    CreatorProfile,
    Platform,
    PlatformDay,
    ReceiptChain,
    SigningKey,
    UsageArchive,
    UsageBatch,
    UsageCorrection,
    UsageEvent,
    UsageExclusion,
    UsageFinding,
    UsageMark,
    UsageReceipt,
    UsageRule,
    Work,
    WorkDay,
)
from platforms.usage.enums import FindingStatus, RuleKind
from platforms.usage.forms import UsageRuleForm

_SUMS = ("plays", "listeners", "likes", "comments", "shares", "purchases", "sales", "tips")


@admin.register(UsageEvent)
class UsageEventAdmin(ReadOnlyAdmin):
    """Events as platforms reported them. Who listened is a number that leads to nobody."""

    list_display = ("number", "kind", "occurred_at", "work_number", "creator_number", "seconds", "amount")
    ordering = ("-number",)
    searches = (by_number("number"),)
    search_help_text = "number of an event"


@admin.register(UsageBatch)
class UsageBatchAdmin(ReadOnlyAdmin):
    list_display = ("id", "received_at", "platform", "given", "accepted", "replayed", "refused")
    list_select_related = ("platform",)
    belongs = ("platform",)
    ordering = ("-id",)
    searches = (by_number("id"), by_uuid("platform_id"))
    search_help_text = "number of a batch, or id of a platform"


@admin.register(UsageReceipt)
class UsageReceiptAdmin(ReadOnlyAdmin):
    list_display = ("id", "platform", "number", "kind", "count", "received_at", "root")
    list_select_related = ("platform",)
    belongs = ("platform",)
    ordering = ("-id",)
    searches = (by_uuid("platform_id"), by_number("id", "batch_id"))
    search_help_text = "id of a platform, or number of a row or batch"


@admin.register(ReceiptChain)
class ReceiptChainAdmin(ReadOnlyAdmin):
    list_display = ("platform", "last_number", "last_hash")
    list_select_related = ("platform",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "id of a platform"


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    """Keys of receipts. Another takes the place of one that may have become known."""

    list_display = ("name", "created_at", "retired_at")
    ordering = ("-id",)
    searches = (by_text("name"),)
    search_help_text = "name of a key"
    actions = (
        RowAction(
            name="rotate",
            label="Replace",
            done="replaced",
            run=lambda key, reason: services.rotate_signing_key(key_id=key.pk),
            when=lambda key: key.retired_at is None,
            note="Receipts that it has signed stay valid.",
        ),
    )


@admin.register(UsageCorrection)
class UsageCorrectionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "platform", "kind", "events", "reason", "reverts")
    list_select_related = ("platform", "reverts")
    list_filter = ("kind", "created_at")
    belongs = ("platform",)
    ordering = ("-created_at", "-id")
    searches = (by_uuid("id", "platform_id", "reverts_id"),)
    search_help_text = "id of a correction or platform"


@admin.register(CorrectedEvent)
class CorrectedEventAdmin(ReadOnlyAdmin):
    list_display = ("id", "correction", "event_number", "occurred_at", "replacement_number", "replaced_at")
    list_select_related = ("correction",)
    belongs = ("correction",)
    ordering = ("-id",)
    searches = (by_number("event_number"), by_uuid("correction_id"))
    search_help_text = "number of an event, or id of a correction"


@admin.register(UsageExclusion)
class UsageExclusionAdmin(ReadOnlyAdmin):
    list_display = ("event_number", "occurred_at")
    ordering = ("-event_number",)
    searches = (by_number("event_number"),)
    search_help_text = "number of an event"


@admin.register(UsageArchive)
class UsageArchiveAdmin(ReadOnlyAdmin):
    list_display = ("month", "events", "file", "bytes", "detached_at", "attached_at")
    ordering = ("-month",)
    searches = (by_text("sha256", "root"),)
    search_help_text = "hash of a file, or root of a month"


@admin.register(WorkDay)
class WorkDayAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "day", "work", "creator", *_SUMS)
    list_select_related = ("work", "creator")
    belongs = ("work", "creator")
    ordering = ("-id",)
    searches = (by_uuid("work__id", "creator__id"),)
    search_help_text = "id of a work or creator"


@admin.register(CreatorDay)
class CreatorDayAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "day", "creator", *_SUMS, "followers_gained", "followers_lost")
    list_select_related = ("creator",)
    belongs = ("creator",)
    ordering = ("-id",)
    searches = (by_uuid("creator__id"),)
    search_help_text = "id of a creator"


@admin.register(PlatformDay)
class PlatformDayAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "day", "platform", *_SUMS, "followers_gained", "followers_lost")
    list_select_related = ("platform",)
    belongs = ("platform",)
    ordering = ("-id",)
    searches = (by_uuid("platform__id"),)
    search_help_text = "id of a platform"


@admin.register(UsageRule)
class UsageRuleAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "platform", "kind", "threshold", "decided_by", "reason")
    list_select_related = ("platform",)
    list_filter = ("kind",)
    belongs = ("platform",)
    ordering = ("-id",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "id of a platform"


@admin.register(UsageFinding)
class UsageFindingAdmin(Exports, ReadOnlyAdmin):
    """Plays that a rule leaves out of pay, until staff decide or 30 days have passed."""

    list_display = ("id", "day", "creator", "kind", "plays", "status", "contested_at", "found_at")
    list_select_related = ("creator",)
    list_filter = ("status", "kind", ("contested_at", admin.EmptyFieldListFilter))
    belongs = ("creator",)
    ordering = ("-id",)
    searches = (by_number("id"), by_uuid("creator_id"))
    search_help_text = "number of a finding, or id of a creator"
    actions = (
        RowAction(
            name="confirm",
            label="Artificial",
            done="found artificial",
            run=lambda finding, reason: services.decide_finding(
                finding_id=finding.pk, is_artificial=True, reason=reason
            ),
            when=lambda finding: finding.status == FindingStatus.HELD,
            note="The plays are never paid. The creator can read the reason.",
        ),
        RowAction(
            name="dismiss",
            label="Not artificial",
            done="found not artificial",
            run=lambda finding, reason: services.decide_finding(
                finding_id=finding.pk, is_artificial=False, reason=reason
            ),
            when=lambda finding: finding.status == FindingStatus.HELD,
            note="The plays are paid. The creator can read the reason.",
        ),
    )


@admin.register(UsageMark)
class UsageMarkAdmin(ReadOnlyAdmin):
    list_display = ("event_number", "occurred_at", "work_number", "finding")
    list_select_related = ("finding",)
    belongs = ("finding",)
    ordering = ("-event_number",)
    searches = (by_number("event_number", "finding_id"),)
    search_help_text = "number of an event or finding"


show_on(
    CreatorProfile,
    Table(CreatorDay, by="creator", columns=("day", *_SUMS)),
    Table(
        UsageFinding,
        by="creator",
        columns=("day", "kind", "plays", "status", "contested_at"),
    ),
)
show_on(Work, Table(WorkDay, by="work", columns=("day", "creator", *_SUMS)))
show_on(
    Platform,
    Table(PlatformDay, by="platform", columns=("day", *_SUMS)),
    Table(UsageReceipt, by="platform", columns=("number", "kind", "count", "received_at")),
    Table(UsageCorrection, by="platform", columns=("created_at", "kind", "events", "reason")),
    Table(UsageRule, by="platform", columns=("created_at", "kind", "threshold", "decided_by")),
)
add_actions(
    Platform,
    RowAction(
        name="set_usage_rule",
        label="Set a rule of artificial use",
        done="given the rule",
        run=lambda platform, kind, threshold, reason: services.set_usage_rule(
            platform_id=platform.pk, kind=RuleKind(kind), threshold=threshold, reason=reason
        ),
        form=UsageRuleForm,
        when=lambda platform: platform.deleted_at is None,
        single=True,
        note="It is applied to days that have not been looked at yet.",
    ),
)
