from gigstream.core.errors import Refusal


class WalletTaken(Refusal):
    """Another worker is paid at this address."""

    code = "wallet_taken"


class WalletChanging(Refusal):
    """The worker's payout address is about to change: no payout and no other change until then."""

    code = "wallet_changing"


class NoWalletChange(Refusal):
    """No change of the payout address is under way."""

    code = "no_wallet_change"


class WalletNotProved(Refusal):
    """The signature is not the wallet's own, or its nonce is spent or expired."""

    code = "wallet_not_proved"
    status = 400


class InvalidSignInMessage(Refusal):
    """The message is not in the form of EIP-4361, or for another site, chain, address form or time."""

    code = "invalid_sign_in_message"
    status = 400


class UnknownChain(Refusal):
    """Accounts of this chain do not sign in here."""

    code = "unknown_chain"
    status = 400


class ContractAddress(Refusal):
    """The address is that of a contract, which has no key to sign with."""

    code = "contract_address"
    status = 400


class InvalidPublicKey(Refusal):
    """The public key is missing, not a point of secp256k1 in base64, or not needed on this chain."""

    code = "invalid_public_key"
    status = 400


class KeyOfAnotherAddress(Refusal):
    """The public key, hashed by the rule of its type, gives another address."""

    code = "key_of_another_address"
    status = 400


class SignatureNotLow(Refusal):
    """The s of the signature is the higher of its two values: wallets sign with the lower."""

    code = "signature_not_low"
    status = 400
