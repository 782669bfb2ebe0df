"""The provider's door: notifications, believed by their signature alone."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audit.context import current_actor
from gigstream.lib.api import limits
from gigstream.lib.api.problems import problem
from payments.enums import NotificationStatus
from payments.services.notifications import receive_notification

LONGEST_BODY = 64 * 1024
RETRY_SECONDS = 30


@csrf_exempt
@require_http_methods(["HEAD", "POST"])
def circle_notifications(request: HttpRequest) -> HttpResponse:
    """HEAD: we are here. POST: 200 when the arrival is on record and genuine, also the second time; 401 when
    it is not the provider's; 503 when that cannot be told now."""
    if request.method == "HEAD":
        return HttpResponse()
    allowance = limits.take(limits.address_bucket(current_actor().ip_address, use="notifications"))
    if allowance and allowance.exceeded:
        wait = {"Retry-After": str(allowance.reset_seconds)}
        return problem(request, 429, "rate_limited", "too many notifications", headers=wait)
    if int(request.headers.get("Content-Length") or 0) > LONGEST_BODY or len(request.body) > LONGEST_BODY:
        return problem(request, 413, "body_too_large", "a notification has at most 64 kB")
    status = receive_notification(request.body, request.headers)
    if status == NotificationStatus.FORGED:
        return problem(request, 401, "bad_signature", "the signature is not the provider's over this body")
    if status == NotificationStatus.RECEIVED:
        wait = {"Retry-After": str(RETRY_SECONDS)}
        return problem(request, 503, "not_verified_yet", "the signing key cannot be fetched", headers=wait)
    return HttpResponse()
