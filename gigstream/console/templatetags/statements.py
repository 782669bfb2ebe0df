"""Amounts in the cells of a statement."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from gigstream.lib.money import usdc

register = template.Library()


@register.simple_tag
def money(value: Decimal) -> str:
    """An amount as people read it."""
    return usdc(value).removesuffix(" USDC")


@register.simple_tag
def money_cells(balances: Any) -> SafeString:
    """What stands on the three accounts."""
    return _cells(money(value) for value in _values(balances))


@register.simple_tag
def change_cells(changes: Any) -> SafeString:
    """How the three accounts changed: signed, and empty where nothing did."""
    return _cells(f"{'+' if value > 0 else ''}{money(value)}" if value else "" for value in _values(changes))


def _values(three: Any) -> tuple[Decimal, Decimal, Decimal]:
    return three.available, three.in_transit, three.owed


def _cells(texts: Any) -> SafeString:
    return format_html("{}", format_html_join("", '<td class="number">{}</td>', ((text,) for text in texts)))
