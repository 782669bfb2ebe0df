"""Models of the app, by subject."""

from gigstream.core.rooms import load_rooms
from workers.identities.models import ChainIdentity
from workers.profiles.models import MAX_REPUTATION, STARTING_REPUTATION, Worker, percent_field
from workers.sign_in.models import PasswordReset, RefreshToken, Registration, WorkerSession
from workers.social.models import SocialAccount, SocialAuthorization, SocialConflict
from workers.wallets.models import WalletChange, WalletChangeQuerySet, WalletNonce

load_rooms("workers", "models", "reports")

__all__ = [
    "MAX_REPUTATION",
    "STARTING_REPUTATION",
    "ChainIdentity",
    "PasswordReset",
    "RefreshToken",
    "Registration",
    "SocialAccount",
    "SocialAuthorization",
    "SocialConflict",
    "WalletChange",
    "WalletChangeQuerySet",
    "WalletNonce",
    "Worker",
    "WorkerSession",
    "percent_field",
]
