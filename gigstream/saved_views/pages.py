"""Pages of saved views: they are opened in their lists, and changed by forms above them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.http import require_GET, require_POST

from gigstream.adminkit import list_url
from gigstream.adminkit.filter_builder.list_query import VIEW
from gigstream.core.errors import Refusal
from gigstream.saved_views import services
from gigstream.saved_views.caching import forget_kept
from gigstream.saved_views.errors import NotTheOwner
from gigstream.saved_views.links import view_url
from gigstream.saved_views.menu import MENU
from gigstream.saved_views.models import SavedView
from gigstream.saved_views.queries import ReadableView, page_of, read_query
from gigstream.saved_views.selectors import views_for

Change = Callable[[HttpRequest, SavedView], str]


@require_GET
def open_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Redirect to the list with the conditions of the view, which stay in the address. Of a view with a
    column that is hidden from the reader the address has the number alone."""
    view, page = _visible_view(request, pk)
    parameters = ReadableView(page, request, view.query).parameters()
    parameters[VIEW] = str(view.pk)
    return HttpResponseRedirect(f"{list_url(page.model)}?{parameters.urlencode()}")


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Save the list of the address `query` as a view of the reader, and open it."""
    page = page_of(request.POST.get("list", ""))
    if page is None:
        raise Http404
    if not page.has_view_permission(request):
        raise PermissionDenied
    address = request.POST.get("query", "")
    try:
        view = services.save_view(
            owner_id=_key_of(request),
            list_of=page.opts.label_lower,
            name=request.POST.get("name", ""),
            query=read_query(page, request, address),
            is_shared=bool(request.POST.get("shared")),
        )
    except Refusal as refusal:
        messages.error(request, f"Not saved: {refusal.message}")
        return HttpResponseRedirect(f"{list_url(page.model)}?{QueryDict(address).urlencode()}")
    forget_kept(request.user.pk, view.list_of)
    messages.success(request, f"The view “{view.name}” is saved.")
    return HttpResponseRedirect(view_url(view))


@require_POST
def change_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the view by the act of the form, and show the list again."""
    view, page = _visible_view(request, pk)
    act = request.POST.get("do", "")
    if act not in _CHANGES:
        raise Http404
    address = QueryDict(request.POST.get("query", ""), mutable=True)
    try:
        text = _CHANGES[act](request, view)
    except NotTheOwner as refusal:
        raise PermissionDenied from refusal
    except Refusal as refusal:
        messages.error(request, f"Not changed: {refusal.message}")
    else:
        messages.success(request, text)
        forget_kept(request.user.pk, MENU, view.list_of)
        if act == "delete":
            address.pop(VIEW, None)
        elif act == "replace":
            return HttpResponseRedirect(view_url(view))
    return HttpResponseRedirect(f"{list_url(page.model)}?{address.urlencode()}")


def _visible_view(request: HttpRequest, pk: int) -> tuple[SavedView, Any]:
    """Return the view and the page of its list. A private view of another is no view."""
    view = views_for(request.user).filter(pk=pk).first()
    page = page_of(view.list_of) if view else None
    if view is None or page is None:
        raise Http404
    if not page.has_view_permission(request):
        raise PermissionDenied
    return view, page


def _key_of(request: HttpRequest) -> int:
    return int(request.user.pk or 0)


def _rename(request: HttpRequest, view: SavedView) -> str:
    services.rename_view(view_id=view.pk, by=_key_of(request), name=request.POST.get("name", ""))
    return "The view has its new name."


def _replace(request: HttpRequest, view: SavedView) -> str:
    query = read_query(page_of(view.list_of), request, request.POST.get("query", ""))
    services.replace_view(view_id=view.pk, by=_key_of(request), query=query)
    return f"The view “{view.name}” has the conditions of the list now."


def _share(request: HttpRequest, view: SavedView) -> str:
    services.share_view(view_id=view.pk, by=_key_of(request))
    return f"The view “{view.name}” is shared with all who may see this list."


def _withdraw(request: HttpRequest, view: SavedView) -> str:
    services.withdraw_view(view_id=view.pk, by=_key_of(request))
    return f"The view “{view.name}” is private."


def _delete(request: HttpRequest, view: SavedView) -> str:
    services.delete_view(view_id=view.pk, by=_key_of(request))
    return f"The view “{view.name}” is deleted."


def _pin(request: HttpRequest, view: SavedView) -> str:
    services.pin_view(view_id=view.pk, by=_key_of(request))
    return f"The view “{view.name}” is in your menu."


def _unpin(request: HttpRequest, view: SavedView) -> str:
    services.unpin_view(view_id=view.pk, by=_key_of(request))
    return f"The view “{view.name}” is out of your menu."


def _move_up(request: HttpRequest, view: SavedView) -> str:
    services.move_view_up(view_id=view.pk, by=_key_of(request))
    return f"The view “{view.name}” is further up."


_CHANGES: dict[str, Change] = {
    "delete": _delete,
    "pin": _pin,
    "rename": _rename,
    "replace": _replace,
    "share": _share,
    "unpin": _unpin,
    "up": _move_up,
    "withdraw": _withdraw,
}
