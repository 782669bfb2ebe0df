"""Workers, platforms and logins of the demo."""

import hashlib

STAFF_USERNAME = "staff"
STAFF_PASSWORD = "demo123"  # noqa: S105 - printed by the demo
STAFF_EMAIL = "staff@gigstream.example"
# A member of staff for each role, who signs in with this address and the common password.
STAFF_BY_ROLE = {
    "operations": "ops@gigstream.example",
    "finance": "finance@gigstream.example",
    "risk": "risk@gigstream.example",
    "support": "support@gigstream.example",
    "auditor": "auditor@gigstream.example",
}
WORKER_EMAIL = "alice@example.com"
WORKER_PASSWORD = "demo123"  # noqa: S105
PLATFORM_KEY_PREFIX = "demo0001"
PLATFORM_KEY_SECRET = "quicktask-demonstration-key-000000001"  # noqa: S105
PLATFORM_API_KEY = f"gs_test_{PLATFORM_KEY_PREFIX}_{PLATFORM_KEY_SECRET}"


def wallet_key(name: str) -> bytes:
    """Return the private key of a demo worker's wallet, which is derived from the name and not secret."""
    return hashlib.sha256(f"gigstream demo wallet: {name}".encode()).digest()


# Name, days since registration, and points from another platform (added to the starting score).
WORKERS = (
    ("Alice Johnson", 90, 380),
    ("Bob Smith", 88, 290),
    ("Carol Davis", 85, 330),
    ("David Wilson", 80, 180),
    ("Emma Brown", 74, 240),
    ("Frank Miller", 66, 120),
    ("Grace Lee", 60, 200),
    ("Henry Taylor", 45, 90),
    ("Iris Chen", 30, 60),
    ("Jack Wilson", 21, 50),
)

# Name, fee in basis points, deposit in USDC.
PLATFORMS = (
    ("QuickTask", 200, "12000"),
    ("DeliveryHub", 150, "25000"),
    ("FieldOps", 250, "18000"),
    ("MicroGigs", 200, "9000"),
    ("TaskRunner", 300, "15000"),
)
