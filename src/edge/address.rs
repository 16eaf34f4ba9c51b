//! Who asks.
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest};

/// Addresses that share a prefix, e.g. `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u128,
    bits: u32,
}

/// IPv4 within IPv6, so that a proxy that listens on both is one.
fn wide(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}
fn narrow(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

impl Network {
    pub fn contains(self, address: IpAddr) -> bool {
        self.bits == 0 || (wide(address) ^ self.address) >> (128 - self.bits) == 0
    }
}
impl FromStr for Network {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address or a network such as 10.0.0.0/8");
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let (longest, skipped) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let bits = bits.map_or(Ok(longest), str::parse).map_err(|_| wrong())?;
        if bits > longest {
            return Err(wrong());
        }
        Ok(Self { address: wide(address), bits: bits + skipped })
    }
}

/// Kept in the request, for those who count by it.
#[derive(Clone, Copy)]
pub(super) struct Asking(pub IpAddr);

/// Whoever the request is from. (Where nothing says so, as in a test without a socket, the unspecified address.)
pub fn client(request: &HttpRequest) -> IpAddr {
    let peer = || request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| narrow(peer.ip()));
    request.extensions().get::<Asking>().map_or_else(peer, |asking| asking.0)
}

/// The peer; behind proxies of ours, the last hop that is none of them. Hops before that one are what somebody claims.
pub(super) fn of(request: &ServiceRequest, proxies: &[Network]) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| narrow(peer.ip()));
    let forwarded: Vec<&str> = request.headers().get_all("X-Forwarded-For").filter_map(|v| v.to_str().ok()).collect();
    behind(peer, &forwarded.join(","), proxies)
}

fn behind(peer: IpAddr, forwarded: &str, proxies: &[Network]) -> IpAddr {
    let ours = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut last = peer;
    for hop in forwarded.rsplit(',').map(str::trim) {
        if !ours(last) {
            break;
        }
        // Some write a port behind the address.
        let bare = hop.parse().or_else(|_| hop.parse::<std::net::SocketAddr>().map(|a| a.ip()));
        match bare {
            Ok(address) => last = narrow(address),
            Err(_) => break,
        }
    }
    last
}

/// What is counted: a household or a phone has a whole /64 of IPv6 to itself.
pub(super) fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }
    #[test]
    fn a_network_is_an_address_or_a_prefix() {
        let net = |text: &str| text.parse::<Network>();
        assert!(net("10.0.0.0/8").unwrap().contains(ip("10.255.1.2")));
        assert!(!net("10.0.0.0/8").unwrap().contains(ip("11.0.0.1")));
        assert!(net("127.0.0.1").unwrap().contains(ip("127.0.0.1")));
        assert!(net("127.0.0.1").unwrap().contains(ip("::ffff:127.0.0.1")));
        assert!(net("fd00::/8").unwrap().contains(ip("fd12::1")) && net("::/0").unwrap().contains(ip("1.2.3.4")));
        assert!(net("10.0.0.0/33").is_err() && net("proxy").is_err());
    }
    #[test]
    fn only_our_own_proxies_are_believed() {
        let ours = ["10.0.0.0/8".parse().unwrap()];
        // A stranger's header is not read.
        assert_eq!(behind(ip("203.0.113.9"), "198.51.100.1", &ours), ip("203.0.113.9"));
        // Ours says who its peer was; what that peer claimed before is not believed.
        assert_eq!(behind(ip("10.0.0.1"), "1.1.1.1, 198.51.100.7", &ours), ip("198.51.100.7"));
        assert_eq!(behind(ip("10.0.0.1"), "198.51.100.7:4711, 10.0.0.2", &ours), ip("198.51.100.7"));
        assert_eq!(behind(ip("10.0.0.1"), "unknown", &ours), ip("10.0.0.1"));
        assert_eq!(behind(ip("10.0.0.1"), "", &ours), ip("10.0.0.1"));
    }
    #[test]
    fn a_64_of_ipv6_is_one() {
        assert_eq!(counted(ip("2001:db8:1:2:3:4:5:6")), counted(ip("2001:db8:1:2:ffff::1")));
        assert_ne!(counted(ip("2001:db8:1:2::1")), counted(ip("2001:db8:1:3::1")));
    }
}
