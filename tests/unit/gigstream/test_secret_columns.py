"""Secrets are told from other columns by their names and kinds."""

import pytest

from gigstream.adminkit.columns import is_secret
from payments.models import SignedCall
from workers.models import WalletNonce, Worker


@pytest.mark.parametrize(
    "model, name, secret",
    [
        (WalletNonce, "nonce", True),
        (Worker, "password_hash", True),
        (SignedCall, "data", True),
        # A number that anyone reads on chain.
        (SignedCall, "nonce", False),
        (Worker, "full_name", False),
    ],
)
def test_a_column_is_secret_by_its_name_or_kind(model, name, secret):
    assert is_secret(model._meta.get_field(name)) is secret
