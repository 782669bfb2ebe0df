"""The forms by which a wallet is proved over the API, for every app that asks for one."""

from workers.api.serializers import Nonce, NonceForm, WalletForm, shown_nonce

__all__ = ["Nonce", "NonceForm", "WalletForm", "shown_nonce"]
