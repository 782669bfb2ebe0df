"""Submissions for staff: their images, and decisions about them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gigstream.adminkit import (
    EMPTY,
    ActionForm,
    ReadOnlyAdmin,
    RowAction,
    Table,
    by_email,
    by_text,
    by_uuid,
    show_on,
)
from gigstream.adminkit.actions import LONGEST_REASON
from gigstream.adminkit.list_exports import Exports
from reputation.models import Quest, Submission, SubmissionReview
from reputation.submissions import services
from reputation.submissions.admin.review import review_page
from reputation.submissions.enums import WAITING
from reputation.submissions.selectors import image_url
from reputation.submissions.services import Reviewer
from reputation.submissions.services.reviewing import describe_reward
from workers.models import Worker


class FeedbackForm(ActionForm):
    """Feedback that the worker reads."""

    feedback = forms.CharField(
        max_length=LONGEST_REASON, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class RejectionForm(ActionForm):
    """The reason for a rejection, which the worker reads."""

    feedback = forms.CharField(
        label="Reason, for the worker", max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3})
    )


def _approve(submission: Submission, feedback: str = "") -> object:
    return services.approve_submission(
        submission_id=submission.pk, reviewer=Reviewer.of_staff(), feedback=feedback
    )


def _reject(submission: Submission, feedback: str) -> object:
    return services.reject_submission(
        submission_id=submission.pk, reviewer=Reviewer.of_staff(), feedback=feedback
    )


def _waits(submission: Submission) -> bool:
    return submission.status in WAITING


@admin.register(Submission)
class SubmissionAdmin(Exports, ReadOnlyAdmin):
    """Submissions to quests; staff decide about those that wait."""

    list_display = ("created_at", "quest", "worker", "status", "proof", "code", "reviewed_by", "reviewed_at")
    list_select_related = ("quest", "worker", "reservation")
    list_filter = ("status", "proof")
    belongs = ("quest", "worker")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_uuid("id", "quest_id", "worker_id"), by_text("sha256", "link"), by_email("worker__email"))
    search_help_text = "id of a submission, quest or worker, a link, a SHA-256, or a worker's email"
    fieldsets = (
        (None, {"fields": ("image", ("quest", "worker"), ("status", "created_at"))}),
        ("Proof", {"fields": (("proof", "link"), ("sha256", "size"), ("width", "height"))}),
        (
            "Decision",
            {
                "fields": (
                    "feedback",
                    ("reviewed_by", "reviewed_at"),
                    ("code", "numbers"),
                    ("appeal", "appealed_at"),
                    ("event", "reservation"),
                )
            },
        ),
        ("Files", {"fields": (("attempts", "next_attempt_at"), ("images_deleted_at", "erased_at"))}),
    )
    change_list_template = "admin/gigstream/submissions.html"
    actions = (
        RowAction(
            name="approve",
            label="Approve",
            done="approved",
            run=_approve,
            form=FeedbackForm,
            when=_waits,
            effect=lambda submission: (
                f"{describe_reward(submission)} is granted at once, or after a second reviewer has"
                " approved it too."
            ),
        ),
        RowAction(
            name="reject",
            label="Reject",
            done="rejected",
            run=_reject,
            form=RejectionForm,
            when=_waits,
            effect=lambda submission: f"{describe_reward(submission)} is not granted.",
            note="The worker reads the reason and can appeal once, which another reviewer decides.",
        ),
    )

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.review)
        return [path("review/", page, name="reputation_submission_review"), *super().get_urls()]

    def review(self, request: HttpRequest) -> HttpResponse:
        """Show the submissions that wait, one after another."""
        return review_page(self, request)

    def image(self, submission: Submission) -> SafeString | str:
        """Return the image, linked to its file, or the link that was handed in."""
        url = image_url(submission)
        if url is not None:
            return format_html('<img class="proof" src="{}" alt="the image that was handed in">', url)
        if not submission.link:
            return EMPTY
        return format_html(
            '<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>',
            submission.link,
            submission.link,
        )


@admin.register(SubmissionReview)
class SubmissionReviewAdmin(Exports, ReadOnlyAdmin):
    """Verdicts of reviewers on submissions."""

    list_display = ("created_at", "submission", "reviewer", "verdict", "feedback", "of_appeal")
    list_select_related = ("submission",)
    list_filter = ("verdict",)
    belongs = ("submission",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("submission_id"), by_text("reviewer"))
    search_help_text = "id of a submission, or staff:number"


_COLUMNS: tuple[Any, ...] = ("created_at", "status", "proof", "code", "reviewed_at")
show_on(
    Submission,
    Table(SubmissionReview, by="submission", columns=("created_at", "reviewer", "verdict", "feedback")),
)
show_on(Quest, Table(Submission, by="quest", columns=("created_at", "worker", *_COLUMNS[1:])))
show_on(Worker, Table(Submission, by="worker", columns=("created_at", "quest", *_COLUMNS[1:])))
