"""Environments of the demo's programs."""

from gigstream.management.commands import demo


def domains(port):
    return {program.environment["WALLET_SIGN_IN_DOMAIN"] for program in demo._demo_programs(port, None)}


def test_wallets_sign_in_to_the_port_at_which_the_demo_answers(monkeypatch):
    monkeypatch.delenv("WALLET_SIGN_IN_DOMAIN", raising=False)
    assert domains(8100) == {"127.0.0.1:8100"}

    monkeypatch.setenv("WALLET_SIGN_IN_DOMAIN", "pay.example.com")
    assert domains(8100) == {"pay.example.com"}
