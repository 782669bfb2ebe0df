"""Template tags for the amounts of a statement."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from gigstream.core.money import usdc

register = template.Library()


@register.simple_tag(name="money")
def format_amount(value: Decimal) -> str:
    """Return an amount as text, without its currency."""
    return usdc(value).removesuffix(" USDC")


@register.simple_tag
def money_cells(balances: Any) -> SafeString:
    """Return table cells with the balances of the three accounts."""
    return _number_cells(format_amount(value) for value in _account_values(balances))


@register.simple_tag
def change_cells(changes: Any) -> SafeString:
    """Return table cells with the changes of the three accounts: signed, and empty for none."""
    return _number_cells(
        f"{'+' if value > 0 else ''}{format_amount(value)}" if value else ""
        for value in _account_values(changes)
    )


def _account_values(three: Any) -> tuple[Decimal, Decimal, Decimal]:
    return three.available, three.in_transit, three.owed


def _number_cells(texts: Any) -> SafeString:
    return format_html("{}", format_html_join("", '<td class="number">{}</td>', ((text,) for text in texts)))
