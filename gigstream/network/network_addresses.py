"""Network addresses of callers, as they are counted: all addresses of a subscriber count together."""

from ipaddress import IPv6Address, IPv6Network, ip_address

# The smallest network of a subscriber (RFC 6177), who may call from any address in it.
IPV6_PREFIX_BITS = 64


def address_key(text: str | None) -> str:
    """Return the key under which requests from this network address are counted: an IPv4 address itself, the
    /64 of an IPv6 address, a text that is no address as it stands."""
    try:
        address = ip_address((text or "").partition("%")[0])
    except ValueError:
        return text or ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX_BITS), strict=False))
