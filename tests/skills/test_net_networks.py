"""The list of networks says no to every address that is not plainly on the public internet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills.net.networks import BLOCKED_V4, verdict

BLOCKED = {
    "loopback": "127.0.0.1",
    "loopback elsewhere in the block": "127.255.0.9",
    "unspecified": "0.0.0.0",
    "private 10": "10.1.2.3",
    "private 172.16": "172.31.255.255",
    "private 192.168": "192.168.0.1",
    "carrier-grade NAT": "100.64.0.1",
    "metadata of one cloud in carrier-grade NAT": "100.100.100.200",
    "metadata": "169.254.169.254",
    "metadata of another cloud": "192.0.0.192",
    "wire server": "168.63.129.16",
    "documentation": "203.0.113.9",
    "benchmarking": "198.19.0.1",
    "multicast": "239.1.1.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped metadata in hex": "::ffff:a9fe:a9fe",
    "compatible loopback": "::127.0.0.1",
    "compatible public": "::8.8.8.8",
    "NAT64 private": "64:ff9b::10.0.0.1",
    "NAT64 metadata": "64:ff9b::a9fe:a9fe",
    "NAT64 for local use": "64:ff9b:1::8.8.8.8",
    "6to4 loopback": "2002:7f00:1::",
    "6to4 public": "2002:808:808::1",
    "Teredo": "2001:0:4136:e378::1",
    "link-local": "fe80::1",
    "link-local with a zone": "fe80::1%eth0",
    "global with a zone": "2606:4700::1111%eth0",
    "site-local": "fec0::1",
    "unique local": "fd00:ec2::254",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "newer IPv6 documentation": "3fff::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
}
ALLOWED = {
    "public": "93.184.216.34",
    "beside carrier-grade NAT": "100.128.0.1",
    "beside private 172.16": "172.32.0.1",
    "below multicast": "223.255.255.255",
    "IPv6 public": "2606:4700:4700::1111",
    "mapped public": "::ffff:8.8.8.8",
    "NAT64 public": "64:ff9b::8.8.8.8",
}


@pytest.mark.parametrize("address", BLOCKED.values(), ids=BLOCKED.keys())
def test_it_blocks(address: str) -> None:
    assert verdict(address)


@pytest.mark.parametrize("address", ALLOWED.values(), ids=ALLOWED.keys())
def test_it_allows(address: str) -> None:
    assert verdict(address) is None


@given(st.ip_addresses(v=4))
def test_it_judges_a_mapped_address_like_the_one_inside(address: object) -> None:
    assert verdict(f"::ffff:{address}") == verdict(str(address))


@given(st.sampled_from(sorted(BLOCKED_V4)).flatmap(lambda network: st.ip_addresses(v=4, network=network)))
def test_it_blocks_all_of_a_blocked_network(address: object) -> None:
    assert verdict(str(address))


def test_it_refuses_to_judge_what_is_no_address() -> None:
    with pytest.raises(ValueError, match="not-an-address"):
        verdict("not-an-address")
