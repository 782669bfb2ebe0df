"""Network addresses of callers, as they are counted: what one subscriber is given counts as one address."""

from ipaddress import IPv6Address, IPv6Network, ip_address

# What a provider gives to one subscriber at least (RFC 6177): whoever has it may call from any address in it.
IPV6_PREFIX_BITS = 64


def address_key(text: str | None) -> str:
    """Return what requests from this network address are counted under: an IPv4 address itself, of an IPv6
    address its /64. A text that is no address is counted under itself."""
    try:
        address = ip_address((text or "").partition("%")[0])
    except ValueError:
        return text or ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX_BITS), strict=False))
