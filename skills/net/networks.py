"""Which addresses a call may reach: our own list, because the standard library's answers have holes.

`ipaddress.is_global` lets NAT64, 6to4, `::/96` and 192.0.0.192 through, and changes between Python releases.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

BLOCKED_V4: dict[str, str] = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "carrier-grade NAT",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "cloud metadata",
    "169.254.0.0/16": "link-local, cloud metadata",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol assignments, cloud metadata",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "AS112",
    "192.52.193.0/24": "AMT relay",
    "192.88.99.0/24": "6to4 relay",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "AS112",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}

# Outside 2000::/3 nothing is global unicast, so only the holes within it need naming.
GLOBAL_V6 = IPv6Network("2000::/3")
BLOCKED_V6: dict[str, str] = {
    "2001::/23": "protocol assignments, Teredo",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "2620:4f:8000::/48": "AS112",
    "3ffe::/16": "returned test network",
    "3fff::/20": "documentation",
}

MAPPED = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")

_V4 = [(IPv4Network(network), reason) for network, reason in BLOCKED_V4.items()]
_V6 = [(IPv6Network(network), reason) for network, reason in BLOCKED_V6.items()]


def verdict(address: str) -> str | None:
    """Return why an address may not be reached, or None where it may.

    Mapped and NAT64 addresses are judged by the IPv4 address inside: on an IPv6-only network the whole IPv4
    internet is reached through NAT64. Raises ValueError for what is not an IP address.
    """
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        return _verdict_v6(parsed)
    return _verdict_v4(parsed)


def _verdict_v4(address: IPv4Address) -> str | None:
    return next((reason for network, reason in _V4 if address in network), None)


def _verdict_v6(address: IPv6Address) -> str | None:
    if address.scope_id is not None:
        return "scoped"
    if address in MAPPED or address in NAT64:
        return _verdict_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address not in GLOBAL_V6:
        return "not global unicast"
    return next((reason for network, reason in _V6 if address in network), None)
