"""The address for the provider's notifications, which are believed by their signature alone."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audit.log.context import current_actor
from gigstream.api import rate_limit
from gigstream.api.problems import problem_response
from payments.settlement.transfers.enums import NotificationStatus
from payments.settlement.transfers.services.notifications import receive_notification

LONGEST_BODY = 64 * 1024
RETRY_SECONDS = 30


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def circle_notifications(request: HttpRequest) -> HttpResponse:
    """Answer HEAD with 200, and POST with 200 when the arrival is on record and genuine, also the second
    time; with 401 when it is not the provider's, and 503 when its signature cannot be verified now."""
    if request.method == "HEAD":
        return HttpResponse()
    allowance = rate_limit.count_request(
        rate_limit.address_bucket(current_actor().ip_address, use="notifications")
    )
    if allowance and allowance.exceeded:
        wait = {"Retry-After": str(allowance.reset_seconds)}
        return problem_response(request, 429, "rate_limited", "too many notifications", headers=wait)
    if int(request.headers.get("Content-Length") or 0) > LONGEST_BODY or len(request.body) > LONGEST_BODY:
        return problem_response(request, 413, "body_too_large", "a notification has at most 64 kB")
    status = receive_notification(request.body, request.headers)
    if status == NotificationStatus.FORGED:
        return problem_response(
            request, 401, "bad_signature", "the signature is not the provider's over this body"
        )
    if status == NotificationStatus.RECEIVED:
        wait = {"Retry-After": str(RETRY_SECONDS)}
        return problem_response(
            request, 503, "not_verified_yet", "the signing key cannot be fetched", headers=wait
        )
    return HttpResponse()
