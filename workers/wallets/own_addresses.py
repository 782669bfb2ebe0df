"""The system's own addresses, to which no worker and no platform is paid out: apps above register checks."""

from collections.abc import Callable

from gigstream.core.addresses import InvalidAddress, normal_address

# Whether the address, in lower case, belongs to the registering app.
IsOwn = Callable[[str], bool]


class OwnAddresses:
    """Registered checks for addresses of the system's own."""

    def __init__(self) -> None:
        self._checks: list[IsOwn] = []

    def register(self, check: IsOwn) -> IsOwn:
        self._checks.append(check)
        return check

    def require_payable(self, text: str) -> str:
        """Return the address in lower case. Raises InvalidAddress, also where `require_foreign` does."""
        address = normal_address(text)
        self.require_foreign(address)
        return address

    def require_foreign(self, address: str) -> None:
        """Raise InvalidAddress for custody wallets and the treasury: money sent there would come back.

        Not to be called inside a transaction: the provider may be called for its own address.
        """
        if any(check(address.lower()) for check in self._checks):
            raise InvalidAddress("this is a wallet of GigStream's own: name one that you hold")


own_addresses = OwnAddresses()
