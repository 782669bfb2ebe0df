from typing import Any

from django import template

from gigstream.console import dashboard as page

register = template.Library()


@register.inclusion_tag("console/dashboard.html", takes_context=True)
def dashboard(context: dict[str, Any]) -> dict[str, Any]:
    """The staff's first page, as whoever asks for it may see it."""
    return page.dashboard(context["request"]) | {"request": context["request"]}
