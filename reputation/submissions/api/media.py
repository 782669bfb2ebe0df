"""Images of submissions, served under signed addresses as files of strangers are: never as pages."""

from django.http import FileResponse, Http404, HttpRequest
from django.urls import path
from django.views.decorators.http import require_safe

from reputation.submissions.selectors import IMAGES_PATH, image_name_of
from reputation.submissions.services import files


@require_safe
def serve_image(request: HttpRequest, token: str) -> FileResponse:
    """Serve the image of a signed address that has not expired."""
    name = image_name_of(token)
    if not name:
        raise Http404
    try:
        file = files.storage().open(name)
    except FileNotFoundError as error:
        raise Http404 from error
    answer = FileResponse(file, as_attachment=True, filename="submission.jpg", content_type="image/jpeg")
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "private, no-store"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


addresses = [path(f"{IMAGES_PATH}/<str:token>", serve_image, name="submission-image")]
