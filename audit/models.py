"""The models of the app, by subject."""

from audit.approvals.models import DECIDED, REQUESTED, Approval
from audit.books.models import BookCheck
from audit.chain.models import AuditSeal
from audit.claims.models import Claim
from audit.database_identity.models import DatabaseIdentity
from audit.decisions.models import Decision
from audit.limits.models import LimitChange
from audit.log.models import AuditLog, CurrentTransactionId
from audit.notes.models import Assignment, Note, NoteFile, NoteMention
from audit.notices.models import Notice, NoticePreference
from audit.personal_changes.models import PersonalChange
from audit.staff_movements.models import StaffMovement
from gigstream.core.rooms import load_rooms

load_rooms("audit", "models", "reports")

__all__ = [
    "DECIDED",
    "REQUESTED",
    "Approval",
    "Assignment",
    "AuditLog",
    "AuditSeal",
    "BookCheck",
    "Claim",
    "CurrentTransactionId",
    "DatabaseIdentity",
    "Decision",
    "LimitChange",
    "Note",
    "NoteFile",
    "NoteMention",
    "Notice",
    "NoticePreference",
    "PersonalChange",
    "StaffMovement",
]
