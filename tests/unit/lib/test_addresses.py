"""EVM addresses: EIP-55 is checked where there is a checksum, lower case is kept."""

import pytest

from gigstream.core.addresses import ZERO_ADDRESS, InvalidAddress, normal_address

# The examples of EIP-55.
CHECKSUMMED = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
GOOD = CHECKSUMMED[0]


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_a_right_checksum_is_accepted_and_lower_case_kept(address):
    assert normal_address(address) == address.lower()


@pytest.mark.parametrize("address", [GOOD.lower(), "0x" + GOOD[2:].upper()])
def test_one_case_throughout_has_no_checksum_to_check(address):
    assert normal_address(address) == GOOD.lower()


@pytest.mark.parametrize(
    "address",
    [
        GOOD.replace("aA", "Aa"),
        GOOD[:-1] + "D",
        "0X" + GOOD[2:].lower(),
        GOOD[2:],
        GOOD[:-1],
        GOOD + "0",
        f" {GOOD}",
        f"{GOOD}\n",
        "0x" + "g" * 40,
        ZERO_ADDRESS,
        "0x",
        "",
        "0x" + "\u0661" * 40,
        "0x" + "\uff41" * 40,
        None,
        int(GOOD, 16),
        bytes.fromhex(GOOD[2:]),
        [GOOD],
    ],
)
def test_what_is_not_an_address_is_refused(address):
    with pytest.raises(InvalidAddress) as refusal:
        normal_address(address)

    assert (refusal.value.code, refusal.value.status) == ("invalid_address", 400)


@pytest.mark.parametrize(
    "address",
    [
        ZERO_ADDRESS,
        "0x000000000000000000000000000000000000dEaD",
        "0x0000000000000000000000000000000000000001",
        "0x000000000000000000000000000000000000ffff",
        "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE",
        "0x" + "f" * 40,
        "0x3600000000000000000000000000000000000000",
    ],
)
def test_an_address_that_nobody_can_hold_is_refused(address):
    """Money sent there is lost: burnt, kept by one of the chain's own programs or by the token's contract."""
    with pytest.raises(InvalidAddress, match=r"not all zero|nobody can hold|USDC contract"):
        normal_address(address)


def test_the_first_address_after_the_chains_own_is_a_wallets():
    assert normal_address("0x0000000000000000000000000000000000010000") == "0x" + "10000".rjust(40, "0")
