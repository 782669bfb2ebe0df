"""Codes that a single request meets."""

from datetime import timedelta

from platforms.services import MilestonePlan
from tests.guide.codes.given import HOWS, PASSWORD, TASK
from tests.support.api.client import Api
from tests.support.factories import (
    TaskFactory,
    assigned,
    running_stream,
    started,
)

HOWS |= {
    ("bad_request", 400): lambda g: g.api.client.get("/api/v1/tasks", headers={"Host": "evil.example"}),
    ("malformed_json", 400): lambda g: g.api.post("tasks", raw=b"{"),
    ("invalid_input", 400): lambda g: g.api.post("tasks", {**TASK, "color": "red"}),
    ("idempotency_key_missing", 400): lambda g: g.api.post("deposits", {"amount": "5"}, key=""),
    ("idempotency_key_invalid", 400): lambda g: g.api.post("deposits", {"amount": "5"}, key="a b"),
    ("invalid_webhook_url", 400): lambda g: g.api.put("webhook", {"url": "http://127.0.0.1/"}),
    ("invalid_address", 400): lambda g: g.nobody.post(
        "auth/wallet/nonce", {"wallet_address": "0x" + "0" * 40}
    ),
    ("invalid_sign_in_message", 400): lambda g: g.nobody.post(
        "auth/wallet/verify", {"message": "let me in", "signature": "0x" + "0" * 130}
    ),
    ("registration_refused", 400): lambda g: g.nobody.post("auth/confirm", {"token": "gt_" + "x" * 43}),
    ("reset_refused", 400): lambda g: g.nobody.post(
        "auth/password-reset/confirm", {"token": "gp_" + "x" * 43, "password": PASSWORD}
    ),
    ("no_wallet_change", 409): lambda g: g.me.post("me/wallet/cancel"),
    ("length_required", 411): lambda g: g.api.client.generic(
        "POST", "/api/v1/tasks", headers={**g.api.headers, "Transfer-Encoding": "chunked"}
    ),
    ("not_authenticated", 401): lambda g: g.nobody.get("tasks"),
    ("session_over", 401): lambda g: g.nobody.post("auth/refresh", {"refresh_token": "gr_" + "x" * 43}),
    ("sign_in_refused", 401): lambda g: g.nobody.post(
        "auth/login", {"email": "no@example.com", "password": "no"}
    ),
    ("insufficient_funds", 402): lambda g: g.api.post(
        f"tasks/{TaskFactory(platform=g.platform, amount='1000', now=g.now).pk}/assign",
        {"worker_id": str(g.worker.pk)},
    ),
    ("insufficient_scope", 403): lambda g: Api.of(g.platform, scopes=["keys:read"]).get("tasks"),
    ("not_permitted", 403): lambda g: g.me.get("tasks"),
    ("scope_beyond_own", 403): lambda g: Api.of(g.platform, scopes=["keys:write"]).post(
        "keys", {"scopes": ["money:write"]}
    ),
    ("not_found", 404): lambda g: g.api.get(f"tasks/{started(now=g.now).pk}"),
    ("method_not_allowed", 405): lambda g: g.api.put("tasks", {}),
    ("not_acceptable", 406): lambda g: g.api.client.get(
        "/api/v1/tasks", headers={**g.api.headers, "Accept": "text/html"}
    ),
    ("worker_suspended", 409): lambda g: g.api.post(
        f"tasks/{TaskFactory(platform=g.platform, now=g.now).pk}/assign",
        {"worker_id": str(g.suspended().pk)},
    ),
    ("illegal_status", 409): lambda g: g.api.post(f"tasks/{g.task(assigned).pk}/complete"),
    ("milestone_out_of_order", 409): lambda g: g.api.post(
        f"tasks/{g.task(task_type='milestone', milestones=[MilestonePlan('all', '10')]).pk}"
        "/milestones/2/approve"
    ),
    ("task_not_open", 409): lambda g: g.api.post(f"tasks/{g.task().pk}/rate", {"rating": 5}),
    ("no_webhook", 409): lambda g: g.api.post("webhook/test"),
    ("not_eligible", 409): lambda g: g.me.get("me/advances/offer"),
    ("nothing_to_claim", 409): lambda g: g.me.post(
        f"me/streams/{running_stream(g.worker, now=g.now + timedelta(hours=1)).pk}/claim"
    ),
    ("deposit_too_large", 422): lambda g: g.api.post("deposits", {"amount": "99999999999999.999999"}),
    ("body_too_large", 413): lambda g: g.api.post("tasks", {**TASK, "description": "x" * 300_000}),
    ("unsupported_media_type", 415): lambda g: g.api.client.post(
        "/api/v1/tasks", "a=b", content_type="application/x-www-form-urlencoded", headers=g.api.headers
    ),
    ("invalid_dispute", 422): lambda g: g.api.post(
        f"tasks/{g.task().pk}/dispute", {"severity": 1, "reason": " "}
    ),
    ("invalid_event_range", 422): lambda g: g.api.post(
        "events/replay", {"from_sequence": 2, "to_sequence": 1}
    ),
    ("invalid_expiry", 422): lambda g: g.api.post("keys", {"expires_at": "2020-01-01T00:00:00Z"}),
    ("invalid_due_date", 422): lambda g: g.api.post("tasks", {**TASK, "due_at": "2020-01-01T00:00:00Z"}),
    ("invalid_schedule", 422): lambda g: g.api.post(
        "tasks", {**TASK, "task_type": "time_based", "duration_seconds": 60, "release_interval": 1}
    ),
    ("milestones_do_not_add_up", 422): lambda g: g.api.post(
        "tasks", {**TASK, "task_type": "milestone", "milestones": [{"title": "a", "amount": "4"}]}
    ),
    ("wrong_task_type", 422): lambda g: g.api.post(f"tasks/{g.task().pk}/milestones/1/approve"),
    ("top_up_too_small", 422): lambda g: g.api.post(
        f"streams/{g.stream(total='72', duration=3600).pk}/top-up", {"amount": "0.000001"}
    ),
    ("weak_password", 422): lambda g: g.registered(password="password"),
}
