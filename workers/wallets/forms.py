"""Forms by which a wallet is proved over the API, for every app that needs the proof."""

from workers.wallets.schemas import Nonce, NonceForm, WalletForm, nonce_as_json

__all__ = ["Nonce", "NonceForm", "WalletForm", "nonce_as_json"]
