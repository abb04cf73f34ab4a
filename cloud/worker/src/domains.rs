//! Which hosts belong to an app: the one rule that restoring, capturing and the
//! egress proxy share.

use std::net::IpAddr;

use ferry_catalogue::App;

/// The domains of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppDomains {
    /// Lower case, without dots at either end.
    domains: Vec<String>,
}

/// What a host is to an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// One of its domains, or below one.
    Yes,
    /// Not the app's.
    No,
    /// Below a domain under which others have names of their own: nobody's domain
    /// to give away, whatever the app's definition says.
    PublicSuffix,
}

impl AppDomains {
    /// The domains of this app.
    pub fn new(app: &App) -> Self {
        Self {
            domains: app.domains.iter().map(|domain| normal(domain)).collect(),
        }
    }

    /// The domains, in lower case.
    pub fn names(&self) -> &[String] {
        &self.domains
    }

    /// What a host is to the app: a name in any case, or an IP address.
    pub fn belongs(&self, host: &str) -> Belongs {
        let host = normal(host);
        if self.domains.contains(&host) {
            return Belongs::Yes;
        }
        let above = self.domains.iter().filter(|domain| is_below(&host, domain));
        above.fold(Belongs::No, |belongs, domain| match belongs {
            Belongs::Yes => Belongs::Yes,
            _ if is_public_suffix(domain) => Belongs::PublicSuffix,
            _ => Belongs::Yes,
        })
    }
}

/// Whether a host is one below which anybody may have a name: of a registry (`com`,
/// `co.uk`) or of a company (`github.io`), as the Public Suffix List says. A single-label
/// name that the list does not know (`localhost`) is none.
pub fn is_public_suffix(domain: &str) -> bool {
    let domain = normal(domain);
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix == domain.as_str())
}

/// Whether two hosts are of one site: the same registrable domain, or the same
/// host where there is none.
pub fn same_site(a: &str, b: &str) -> bool {
    let (a, b) = (normal(a), normal(b));
    match (psl::domain_str(&a), psl::domain_str(&b)) {
        (Some(site_a), Some(site_b)) if as_ip(&a).is_none() => site_a == site_b,
        _ => a == b,
    }
}

/// Below a name, that is: nothing lies below an address.
fn is_below(host: &str, domain: &str) -> bool {
    as_ip(domain).is_none()
        && host
            .strip_suffix(domain)
            .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// Lower case, without the dot of a fully qualified name, without the brackets of
/// an IPv6 address.
fn normal(host: &str) -> String {
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.trim_matches('.').to_ascii_lowercase()
}

/// The address that a host is, if it is one.
pub fn as_ip(host: &str) -> Option<IpAddr> {
    normal(host).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(domains: &[&str]) -> AppDomains {
        AppDomains {
            domains: domains.iter().map(|domain| normal(domain)).collect(),
        }
    }

    #[test]
    fn a_domain_and_everything_below_it_belong() {
        let app = domains(&["example.com", "127.0.0.1", "localhost"]);
        for host in [
            "example.com",
            "EXAMPLE.com.",
            "a.example.com",
            "a.b.example.com",
            "127.0.0.1",
        ] {
            assert_eq!(app.belongs(host), Belongs::Yes, "{host}");
        }
        for host in [
            "com",
            "example.org",
            "badexample.com",
            ".example.com.evil.org",
            "1.127.0.0.1",
            "",
        ] {
            assert_eq!(app.belongs(host), Belongs::No, "{host}");
        }
        assert_eq!(app.belongs("a.localhost"), Belongs::Yes);
    }

    #[test]
    fn a_public_suffix_gives_nothing_below_it() {
        let app = domains(&["co.uk", "github.io", "example.co.uk"]);
        assert_eq!(app.belongs("bank.co.uk"), Belongs::PublicSuffix);
        assert_eq!(
            app.belongs("www.example.co.uk"),
            Belongs::Yes,
            "also below a domain that it may have"
        );
        assert_eq!(app.belongs("someone.github.io"), Belongs::PublicSuffix);
    }

    #[test]
    fn public_suffixes_are_those_of_the_list() {
        for suffix in ["com", "co.uk", "github.io", "CO.UK"] {
            assert!(is_public_suffix(suffix), "{suffix}");
        }
        for other in ["example.com", "localhost", "demo.test", "test", "127.0.0.1"] {
            assert!(!is_public_suffix(other), "{other}");
        }
    }

    #[test]
    fn sites_are_registrable_domains() {
        assert!(same_site("a.example.com", "example.com"));
        assert!(!same_site("a.co.uk", "b.co.uk"));
        assert!(same_site("localhost", "localhost"));
        assert!(!same_site("127.0.0.1", "127.0.0.2"));
        assert!(same_site("10.0.0.1", "10.0.0.1"));
    }
}
