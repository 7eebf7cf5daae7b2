//! Whom an address may lead to that strangers have written: servers of the public internet alone.
//!
//! An address in a page that somebody drags a picture out of could otherwise ask a router, a printer or another program
//! of this computer, which trust whoever is inside. What counts is the address that is connected to, after every
//! redirect, not how it is written: a name, a decimal number and `[::ffff:127.0.0.1]` all end here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// A name leads to an address that is not of the public internet.
#[derive(Debug, thiserror::Error)]
#[error("{address} is not on the public internet")]
pub(super) struct NotPublic {
    /// Where it leads.
    pub(super) address: IpAddr,
}

/// Finds the addresses of names, and refuses a name if any of them is not allowed. The connection is made to the
/// addresses that were looked at; there is no second question whose answer could be another one.
#[derive(Debug)]
pub(super) struct PublicOnly<R = DefaultResolver> {
    pub(super) names: R,
    pub(super) is_allowed: fn(IpAddr) -> bool,
}

impl Default for PublicOnly {
    fn default() -> Self {
        Self {
            names: DefaultResolver::default(),
            is_allowed: is_public,
        }
    }
}

impl<R: Resolver> Resolver for PublicOnly<R> {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        let is_proxy = config.proxy().is_some_and(|proxy| proxy.uri() == uri);
        let inside = found.iter().find(|address| !(self.is_allowed)(address.ip()));
        match inside {
            // The user's own choice, wherever it is.
            Some(_) if is_proxy => Ok(found),
            Some(address) => Err(ureq::Error::Other(Box::new(NotPublic { address: address.ip() }))),
            None => Ok(found),
        }
    }
}

/// Whether an address is one of the public internet, by IANA's registries of special-purpose addresses.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = a == 0 // this network
        || a >= 240 // reserved, broadcast
        || (a == 100 && b & 0xc0 == 64) // shared by a provider's customers
        || (a == 198 && b & 0xfe == 18) // measurements
        || [a, b, c] == [192, 0, 0]; // assigned to protocols
    !(is_special
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let v4_at = |at: usize| Ipv4Addr::from((u32::from(parts[at]) << 16) | u32::from(parts[at + 1]));
    match parts {
        // Mapped to IPv4, and translated to it.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(v4_at(6)),
        // 6to4.
        [0x2002, ..] => is_public_v4(v4_at(1)),
        // Teredo and other protocols, documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All that is given to networks of the internet; loopback, link-local, unique local and multicast are elsewhere.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use ureq::Agent;
    use ureq::unversioned::transport::DefaultConnector;

    use super::*;

    #[test]
    fn addresses_of_the_public_internet_should_be_told_from_all_others() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "198.17.0.1",
            "203.0.112.1",
            "223.255.255.1",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address} is public");
        }
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.251",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::7f00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:c0a8:101::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address} is not public");
        }
    }

    /// A name server whose answers are known.
    #[derive(Debug)]
    struct Names(Vec<(&'static str, &'static [&'static str])>);

    impl Resolver for Names {
        fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut found = self.empty();
            let known = self.0.iter().find(|(name, _)| uri.host() == Some(name));
            for address in known.map_or(&[][..], |(_, addresses)| addresses) {
                found.push(SocketAddr::new(address.parse().unwrap(), 9));
            }
            Ok(found)
        }
    }

    #[test]
    fn a_name_should_be_refused_if_any_of_its_addresses_is_inside() {
        let names = Names(vec![
            ("outside.example", &["8.8.8.8", "2606:4700::1111"]),
            ("inside.example", &["192.168.1.1"]),
            ("both.example", &["8.8.8.8", "127.0.0.1"]),
            ("mapped.example", &["2606:4700::1111", "::ffff:10.1.2.3"]),
        ]);
        let guard = PublicOnly {
            names,
            is_allowed: is_public,
        };
        let config = Config::builder().proxy(None).build();
        let ask = |name: &str| {
            let uri: Uri = format!("https://{name}/a.png").parse().unwrap();
            guard.resolve(&uri, &config, NextTimeout::default())
        };
        assert_eq!(ask("outside.example").unwrap().len(), 2);
        for (name, address) in [
            ("inside.example", "192.168.1.1"),
            ("both.example", "127.0.0.1"),
            ("mapped.example", "::ffff:10.1.2.3"),
        ] {
            let Err(ureq::Error::Other(error)) = ask(name) else {
                panic!("{name} was not refused");
            };
            let found = error.downcast_ref::<NotPublic>().unwrap().address;
            assert_eq!(found, address.parse::<IpAddr>().unwrap(), "{name}");
        }
    }

    #[test]
    fn the_address_that_was_looked_at_should_be_the_one_that_is_connected_to() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        // The name server of the guard says 127.0.0.1; no other one is asked, as nobody else knows the name.
        for (is_allowed, is_asked) in [(is_public as fn(IpAddr) -> bool, false), (|_| true, true)] {
            let names = Names(vec![("rebound.example", &["127.0.0.1"])]);
            let config = Config::builder()
                .proxy(None)
                .timeout_global(Some(std::time::Duration::from_millis(500)))
                .build();
            let agent = Agent::with_parts(
                config,
                DefaultConnector::default(),
                PortOf(PublicOnly { names, is_allowed }, port),
            );
            agent.get("http://rebound.example/").call().unwrap_err(); // nobody answers
            assert_eq!(listener.accept().is_ok(), is_asked, "allowed by the rule: {is_asked}");
        }
    }

    /// The same addresses at another port.
    #[derive(Debug)]
    struct PortOf<R>(R, u16);

    impl<R: Resolver> Resolver for PortOf<R> {
        fn resolve(
            &self,
            uri: &Uri,
            config: &Config,
            timeout: NextTimeout,
        ) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut found = self.0.resolve(uri, config, timeout)?;
            found.iter_mut().for_each(|address| address.set_port(self.1));
            Ok(found)
        }
    }
}
