"""Addresses to which no worker and no platform is paid out, because they are the system's own: apps above
register whose theirs are."""

from collections.abc import Callable

from gigstream.lib.addresses import InvalidAddress, normal_address

# Whether the address, in lower case, is one of the registering app's own.
IsOwn = Callable[[str], bool]


class OwnAddresses:
    """The checks of the apps."""

    def __init__(self) -> None:
        self._checks: list[IsOwn] = []

    def register(self, check: IsOwn) -> IsOwn:
        """Add a check."""
        self._checks.append(check)
        return check

    def require_payable(self, text: str) -> str:
        """Return the address in lower case. Raise InvalidAddress, also for what `require_foreign` refuses."""
        address = normal_address(text)
        self.require_foreign(address)
        return address

    def require_foreign(self, address: str) -> None:
        """Raise InvalidAddress for custody wallets and the treasury: money sent there would go round.

        Not to be called inside a transaction: the provider may be called for its own address.
        """
        if any(check(address.lower()) for check in self._checks):
            raise InvalidAddress("this is a wallet of GigStream's own: name one that you hold")


own_addresses = OwnAddresses()
