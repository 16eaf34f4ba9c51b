//! Which addresses a picture may be fetched from. A stranger's URL must never reach the machines behind this service.
//!
//! - Only globally routed unicast addresses; a name with any other address among its own is refused whole.
//! - The check sits in the client's resolver: the address that was checked is the one that is connected to, whatever the name's owner
//!   answers the second time.
//! - A redirect is checked like the first URL.
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};

use super::model::{Error, MAX_URL};

/// A shop's picture needs one or two; more is a loop or a game.
const MAX_REDIRECTS: usize = 3;
/// From the connection to the last byte.
const DEADLINE: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);

/// Why an address may not be asked; trying again would not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("{0} is not a public address")]
    Address(IpAddr),
    #[error("only this machine is asked")]
    Name,
    #[error("it redirects more than {MAX_REDIRECTS} times")]
    Redirects,
    #[error("it redirects to what is not an http or https URL")]
    Scheme,
}

/// Which machines are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Public,
    /// This machine too: a developer serves pictures from it.
    PublicAndOwn,
    /// This machine alone: a test asks nobody else.
    Own,
}

/// An address that someone may ask us to fetch.
pub fn parse(text: &str) -> Result<Url, Error> {
    if text.len() > MAX_URL {
        return Err(Error::Url("at most 2048 characters"));
    }
    let url = Url::parse(text).map_err(|_| Error::Url("an address such as https://shop.example/stole.jpg"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(Error::Url("an http or https address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::Url("an address without user and password"));
    }
    Ok(url)
}

impl Reach {
    pub fn address(self, ip: IpAddr) -> Result<(), Forbidden> {
        let public = match ip {
            IpAddr::V4(v4) => is_public_v4(v4),
            IpAddr::V6(v6) => is_public_v6(v6),
        };
        let asked = match self {
            Self::Public => public,
            Self::PublicAndOwn => public || ip.is_loopback(),
            Self::Own => ip.is_loopback(),
        };
        if asked { Ok(()) } else { Err(Forbidden::Address(ip)) }
    }
    /// A literal address never reaches the resolver, so it is checked here.
    pub fn url(self, url: &Url) -> Result<(), Forbidden> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Forbidden::Scheme);
        }
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        host.parse::<IpAddr>().map_or(Ok(()), |ip| self.address(ip))
    }
    /// One client for every fetch: no proxy (it would connect for us, unchecked), no cookies.
    pub fn client(self) -> Result<reqwest::Client, reqwest::Error> {
        let redirects = Policy::custom(move |attempt| {
            if attempt.previous().len() > MAX_REDIRECTS {
                return attempt.error(Forbidden::Redirects);
            }
            match self.url(attempt.url()) {
                Ok(()) => attempt.follow(),
                Err(forbidden) => attempt.error(forbidden),
            }
        });
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls())
            .dns_resolver(self)
            .redirect(redirects)
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(DEADLINE)
            .user_agent("Haat (picture import)")
            .build()
    }
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = *self;
        Box::pin(async move {
            if reach == Self::Own && name.as_str() != "localhost" {
                return Err(Forbidden::Name.into());
            }
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                reach.address(address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Mozilla's roots, given explicitly: a small container image has no store of its own.
fn tls() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("ring speaks the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The IANA special-purpose registry's blocks that are not globally reachable, and multicast.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224.., ..)
    )
}

/// Global unicast only, without what is for protocols (Teredo among it), documentation, or wraps an IPv4 address (6to4). NAT64 is how a
/// host without IPv4 reaches the public web: the address inside is checked. IPv4-mapped addresses are never in a name's answer.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    if s[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [.., a, b, c, d] = ip.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    let reserved = (s[0] == 0x2001 && (s[1] < 0x200 || s[1] == 0xdb8)) || s[0] == 0x2002 || (s[0] == 0x3fff && s[1] < 0x1000);
    s[0] & 0xe000 == 0x2000 && !reserved
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: Reach = Reach::Public;

    #[test]
    fn only_public_addresses_are_asked() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(CLOSED.address(private.parse().unwrap()).is_err(), "{private}");
        }
        for public in
            ["8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "192.169.0.1", "198.17.0.1", "223.255.255.1"]
        {
            assert_eq!(CLOSED.address(public.parse().unwrap()), Ok(()), "{public}");
        }
        for public in ["2606:4700::1111", "2001:4860::8888", "2a00::1", "64:ff9b::8.8.8.8"] {
            assert_eq!(CLOSED.address(public.parse().unwrap()), Ok(()), "{public}");
        }
    }
    #[test]
    fn a_literal_address_in_any_spelling_is_seen() {
        for url in ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://[::1]/", "http://[::ffff:7f00:1]/", "http://0177.0.0.1/"] {
            assert!(CLOSED.url(&parse(url).unwrap()).is_err(), "{url}");
        }
        assert_eq!(CLOSED.url(&parse("http://shop.example/a.jpg").unwrap()), Ok(()), "the resolver looks at names");
        let own = Reach::PublicAndOwn;
        assert_eq!(own.url(&parse("http://127.0.0.1:8000/").unwrap()), Ok(()));
        assert!(own.url(&parse("http://10.0.0.1/").unwrap()).is_err(), "one's own machine, not one's own network");
    }
    #[test]
    fn only_addresses_of_pictures_are_taken() {
        for wrong in ["ftp://a.example/b.jpg", "file:///etc/passwd", "b.jpg", "https://me:secret@a.example/b.jpg", "data:image/png;base64,AA", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse(&format!("https://a.example/{}", "x".repeat(MAX_URL))).is_err());
        assert!(parse("https://a.example/b.jpg?v=1").is_ok());
    }
}
