//! What a session's browser may reach. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::str::FromStr;

use ferry_catalogue::App;
use url::Url;

use super::address::{Forbidden, forbidden};
use crate::domains::{AppDomains, Belongs, as_ip};

/// A host, or `*.` and a host: that one's subdomains. `*.test` stands for
/// `a.test` and `a.b.test`, not for `test`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    host: String,
    below: bool,
}

/// The text is no host pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a host such as `app.internal`, or a pattern such as `*.internal`")]
pub struct PatternError(String);

/// An address for the hosts of a pattern, instead of what DNS says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// For which hosts.
    pub hosts: HostPattern,
    /// Their address.
    pub address: IpAddr,
}

/// The text is no such mapping.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not of the form PATTERN=ADDRESS, such as `*.test=127.0.0.1`")]
pub struct ResolveError(String);

/// What the worker's configuration says about reaching apps.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Addresses that are not looked up. Each must still be public, or allowed.
    pub resolve: Vec<Resolve>,
    /// Hosts that may be at private addresses.
    pub allow_private: Vec<HostPattern>,
}

/// What one app's sessions may reach.
#[derive(Clone, Debug)]
pub struct Rules {
    domains: AppDomains,
    ports: BTreeSet<u16>,
    policy: Policy,
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a host of the app's.
    #[error("not one of the app's domains")]
    ForeignHost,
    /// None of the ports that the app's pages are on.
    #[error("not a port of the app's")]
    ForeignPort,
    /// Every address of the host is private or otherwise not the public's.
    #[error(
        "its address is not a public one; allow it with --allow-private if the app is on your own network"
    )]
    Address,
    /// The name has no address, or the host does not answer.
    #[error("it cannot be reached")]
    Unreachable,
}

impl HostPattern {
    /// Whether a host is one of these.
    pub fn matches(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if self.below {
            host.strip_suffix(&self.host)
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        } else {
            host == self.host
        }
    }
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (host, below) = text.strip_prefix("*.").map_or((text, false), |host| (host, true));
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host.is_empty() || !host.chars().all(legal) || host.starts_with('.') {
            return Err(PatternError(text.to_owned()));
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            below,
        })
    }
}

impl FromStr for Resolve {
    type Err = ResolveError;

    fn from_str(text: &str) -> Result<Self, ResolveError> {
        let error = || ResolveError(text.to_owned());
        let (hosts, address) = text.split_once('=').ok_or_else(error)?;
        Ok(Self {
            hosts: hosts.parse().map_err(|_| error())?,
            address: address.parse().map_err(|_| error())?,
        })
    }
}

impl Rules {
    /// The rules for one app.
    pub fn new(app: &App, policy: Policy) -> Self {
        let pages = [
            Some(app.sign_in.as_str()),
            app.sign_out.as_deref(),
            Some(app.check.as_str()),
        ];
        let pages = pages.into_iter().flatten().chain(app.probes());
        let ports = pages.filter_map(|page| Url::parse(page).ok()?.port_or_known_default());
        let ports = ports.chain([80, 443]).collect();
        Self {
            domains: AppDomains::new(app),
            ports,
            policy,
        }
    }

    /// The first host or port that these rules allow and those others do not.
    pub fn beyond(&self, others: &Self) -> Option<String> {
        let foreign = |domain: &&String| others.domains.belongs(domain) != Belongs::Yes;
        let domain = self.domains.names().iter().find(foreign).cloned();
        domain.or_else(|| {
            let port = self.ports.difference(&others.ports).next();
            port.map(|port| format!("port {port}"))
        })
    }

    /// Whether the app's session may talk to this host and port at all.
    pub fn host(&self, host: &str, port: u16) -> Result<(), Refused> {
        if self.domains.belongs(host) != Belongs::Yes {
            return Err(Refused::ForeignHost);
        }
        if !self.ports.contains(&port) {
            return Err(Refused::ForeignPort);
        }
        Ok(())
    }

    /// The address of a host that needs no looking up: it is one, or the
    /// configuration names it.
    pub fn fixed_address(&self, host: &str) -> Option<IpAddr> {
        let configured = self
            .policy
            .resolve
            .iter()
            .find(|resolve| resolve.hosts.matches(host));
        configured.map(|resolve| resolve.address).or_else(|| as_ip(host))
    }

    /// Whether a host that is allowed may be reached at this address. `own`: this
    /// machine's addresses, which are as private as loopback, whatever range they
    /// are of: what listens there may trust who is on the machine.
    pub fn address(&self, host: &str, address: IpAddr, own: &[IpAddr]) -> Result<(), Refused> {
        let is_own = own.iter().any(|own| own.to_canonical() == address.to_canonical());
        match forbidden(address).or(is_own.then_some(Forbidden::Private)) {
            None => Ok(()),
            Some(Forbidden::Private)
                if self
                    .policy
                    .allow_private
                    .iter()
                    .any(|allowed| allowed.matches(host)) =>
            {
                Ok(())
            }
            Some(_) => Err(Refused::Address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(domains: &[&str], check: &str) -> App {
        serde_json::from_value(serde_json::json!({
            "id": "custom-app",
            "name": "App",
            "domains": domains,
            "sign_in": "https://app.test/sign-in",
            "check": check,
        }))
        .unwrap()
    }

    fn policy() -> Policy {
        Policy {
            resolve: vec!["*.test=127.0.0.1".parse().unwrap()],
            allow_private: vec!["*.app.test".parse().unwrap(), "10.0.0.9".parse().unwrap()],
        }
    }

    #[test]
    fn patterns() {
        let below: HostPattern = "*.Test".parse().unwrap();
        assert!(below.matches("a.test") && below.matches("a.b.TEST."));
        assert!(!below.matches("test") && !below.matches("atest") && !below.matches(".test"));
        let exact: HostPattern = "app.test".parse().unwrap();
        assert!(exact.matches("app.test") && !exact.matches("a.app.test"));
        for wrong in ["", "*.", "*", "a b", "*.*.test", "https://a"] {
            assert!(wrong.parse::<HostPattern>().is_err(), "{wrong}");
        }
        for wrong in ["a.test", "a.test=", "=127.0.0.1", "a.test=b"] {
            assert!(wrong.parse::<Resolve>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_apps_hosts_and_ports() {
        let rules = Rules::new(&app(&["app.test"], "https://app.test:8443/me"), Policy::default());
        for (host, port) in [("app.test", 443), ("www.APP.test", 80), ("app.test", 8443)] {
            assert_eq!(rules.host(host, port), Ok(()), "{host}:{port}");
        }
        for host in [
            "test",
            "evil.test",
            "app.test.evil.test",
            "127.0.0.1",
            "169.254.169.254",
            "[::1]",
            "localhost",
        ] {
            assert_eq!(rules.host(host, 443), Err(Refused::ForeignHost), "{host}");
        }
        assert_eq!(rules.host("app.test", 22), Err(Refused::ForeignPort));
    }

    #[test]
    fn a_public_suffix_in_an_apps_definition_opens_nothing() {
        let rules = Rules::new(&app(&["co.uk"], "https://a.co.uk/"), Policy::default());
        assert_eq!(rules.host("bank.co.uk", 443), Err(Refused::ForeignHost));
    }

    #[test]
    fn what_one_definition_reaches_beyond_another() {
        let rules = |domains: &[&str], check| Rules::new(&app(domains, check), Policy::default());
        let known = rules(&["app.test", "other.test"], "https://app.test:8443/me");
        let beyond = |domains: &[&str], check| rules(domains, check).beyond(&known);
        assert_eq!(beyond(&["app.test"], "https://app.test/me"), None);
        assert_eq!(beyond(&["www.app.test"], "https://www.app.test:8443/"), None);
        assert_eq!(
            beyond(&["app.test", "10.0.0.5"], "https://app.test/me").as_deref(),
            Some("10.0.0.5")
        );
        assert_eq!(beyond(&["test"], "https://test/").as_deref(), Some("test"));
        assert_eq!(
            beyond(&["app.test"], "https://app.test:22/").as_deref(),
            Some("port 22")
        );
    }

    #[test]
    fn private_addresses_only_where_they_are_allowed() {
        let rules = Rules::new(&app(&["app.test", "10.0.0.9"], "https://app.test/"), policy());
        let own = ["8.8.4.4", "2606:4700::1"].map(|own| own.parse().unwrap());
        let at = |host: &str, address: &str| rules.address(host, address.parse().unwrap(), &own);
        assert_eq!(at("app.test", "8.8.8.8"), Ok(()));
        assert_eq!(
            at("app.test", "127.0.0.1"),
            Err(Refused::Address),
            "`*.app.test` is what is below"
        );
        assert_eq!(at("www.app.test", "127.0.0.1"), Ok(()));
        assert_eq!(at("www.app.test", "::ffff:10.0.0.1"), Ok(()));
        assert_eq!(at("10.0.0.9", "10.0.0.9"), Ok(()));
        // This machine's own public addresses.
        for own in ["8.8.4.4", "::ffff:8.8.4.4", "2606:4700::1"] {
            assert_eq!(at("app.test", own), Err(Refused::Address), "{own}");
            assert_eq!(at("www.app.test", own), Ok(()), "{own}");
        }
        // Metadata services: never, whatever is allowed.
        assert_eq!(at("www.app.test", "169.254.169.254"), Err(Refused::Address));
        assert_eq!(at("www.app.test", "fd00:ec2::254"), Err(Refused::Address));
    }

    #[test]
    fn addresses_that_need_no_looking_up() {
        let rules = Rules::new(&app(&["app.test"], "https://app.test/"), policy());
        assert_eq!(
            rules.fixed_address("app.test"),
            Some("127.0.0.1".parse().unwrap())
        );
        assert_eq!(
            rules.fixed_address("[2606:4700::1]"),
            Some("2606:4700::1".parse().unwrap())
        );
        assert_eq!(rules.fixed_address("app.example"), None);
    }
}
