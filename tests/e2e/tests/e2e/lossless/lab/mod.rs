//! Cookies of every kind, set by a server, and what two browsers send back to it: the
//! person's, and the one that the session was restored into.
//!
//! - `cases`: what is set and where it is asked for; `odd`, `parser`: more of it, the latter
//!   from a public test suite; `combinations`: each kind with each other.
//! - `site`: the server; `http`: the bytes that it speaks.
//! - `table`: what came of each case; `lifetimes`: what no header shows.

mod cases;
mod combinations;
mod http;
pub(crate) mod lifetimes;
mod odd;
mod parser;
mod site;
mod table;

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::Value;

use cases::OTHER;
pub(crate) use cases::{Cases, From, START};
pub(crate) use site::{Probe, Sent, Site};
pub(crate) use table::{Outcome, Refusals, Table};

/// The parser cases of the http-state working group.
pub(crate) const VECTORS: &str = include_str!("../../../../vectors/http-state-parser.json");

/// How many requests a page makes at a time where their order does not matter.
const LANES: usize = 6;

/// A server with all cases.
pub(crate) struct Lab {
    /// The server.
    pub(crate) site: Site,
    /// The cases.
    pub(crate) cases: Cases,
}

impl Lab {
    /// Starts it. Its authority's certificate goes into `folder`.
    pub(crate) async fn start(folder: &Path, cases: Cases) -> Result<Self> {
        let sets = cases.sets.iter().map(|set| set.lines.clone()).collect();
        let site = Site::start(folder, cases.names(), sets).await?;
        Ok(Self { site, cases })
    }

    /// The definition of an app that has all of these hosts, in TOML.
    pub(crate) fn definition(&self) -> String {
        let domains = self.cases.sites().into_iter().chain([OTHER]);
        let domains: Vec<_> = domains.map(|domain| format!("{domain:?}")).collect();
        let page = |path| self.site.url("https", START, path);
        format!(
            "id = \"custom-lossless\"\nname = \"Lossless\"\ndomains = [{}]\nsign_in = \"{}\"\ncheck = \"{}\"\n\
             [signed_in]\nall = [\"sid\"]\n\
             [[identity]]\nstrength = \"list\"\nfrom = {{ cookie = \"who\" }}\nsteps = []\n",
            domains.join(", "),
            page("/sign-in"),
            page("/check"),
        )
    }

    /// Has a browser be sent all cookies. `visit` leads it to an address.
    pub(crate) async fn set(&self, visit: impl AsyncFn(&str) -> Result<()>) -> Result<()> {
        let numbered: Vec<_> = self.cases.sets.iter().enumerate().collect();
        let together = numbered
            .chunk_by(|(_, a), (_, b)| a.from == b.from && cases::site(&a.host) == cases::site(&b.host));
        for (at, sets) in together.enumerate() {
            let name = format!("set.{at}");
            let address = |(number, set): &(usize, &cases::Set)| {
                let path = format!("{}?set={number}", set.path);
                self.site.url("https", &set.host, &path)
            };
            let urls = sets.iter().map(address).collect();
            let (_, first) = sets[0];
            // One after the other: in which order they came is a part of what is tested.
            let page = self.page(&name, first.from, cases::site(&first.host), urls, 1);
            visit(&page).await?;
            // Chromium takes no answer that holds a zero byte.
            for failed in self.site.report(&name).await?.lines() {
                let holds_zero = |set: &cases::Set| set.lines.iter().flatten().any(|byte| *byte == 0);
                let of = sets
                    .iter()
                    .find(|(number, _)| failed.contains(&format!("?set={number}:")));
                ensure!(of.is_some_and(|(_, set)| holds_zero(set)), "not set: {failed}");
            }
        }
        Ok(())
    }

    /// Has a browser ask for everything, and gives what it sent.
    pub(crate) async fn ask(&self, run: &str, visit: impl AsyncFn(&str) -> Result<()>) -> Result<Sent> {
        for (context, scheme, page_on, site) in self.contexts() {
            let name = format!("{run}.{context}.{site}");
            // Frames and other sites' pages tell kinds apart, and neither paths nor names.
            let all = matches!(page_on, On::Site(From::Page));
            let probes = self
                .cases
                .probes
                .iter()
                .filter(|(host, _)| cases::site(host) == site && (all || self.cases.is_of_kinds(host)));
            let urls = probes.map(|(host, path)| {
                let path = format!("{path}?probe={run}.{context}");
                self.site.url(scheme, host, &path)
            });
            let urls = urls.collect();
            let page = match page_on {
                On::Site(from) if scheme == "https" => self.page(&name, from, site, urls, LANES),
                On::Site(_) => self
                    .site
                    .batch(&name, scheme, &format!("start.{site}"), urls, LANES),
                On::Other => self
                    .site
                    .batch(&name, scheme, &format!("start.{OTHER}"), urls, LANES),
            };
            visit(&page).await?;
            self.site.through(&name).await?;
        }
        let mut by_script = Sent::new();
        for (context, linked) in [("visit", false), ("link", true)] {
            for host in self.cases.shared.keys() {
                let name = format!("{run}.{context}.{host}");
                let path = format!("/?probe={run}.{context}&page={name}");
                let mut page = self.site.url("https", host, &path);
                if linked {
                    page = self.site.leading(&format!("start.{OTHER}"), &page);
                }
                visit(&page).await?;
                let probe = Probe {
                    context: format!("{context}, to its scripts"),
                    scheme: "https",
                    host: (*host).to_owned(),
                    path: "/".to_owned(),
                };
                by_script.insert(probe, self.site.report(&name).await?.into_bytes());
            }
        }
        let mut sent = self.site.sent(run);
        sent.extend(by_script);
        Ok(sent)
    }

    /// From where which sites are asked for.
    fn contexts(&self) -> Vec<(&'static str, &'static str, On, &str)> {
        let sites = self.cases.sites().into_iter();
        let mut contexts: Vec<_> = sites
            .map(|site| ("page", "https", On::Site(From::Page), site))
            .collect();
        let plain = self.cases.plain.iter();
        contexts.extend(plain.map(|site| ("plain", "http", On::Site(From::Page), *site)));
        for site in &self.cases.everywhere {
            contexts.extend([
                ("frame", "https", On::Site(From::Frame), *site),
                ("around", "https", On::Site(From::Around), site),
                ("request", "https", On::Other, site),
            ]);
        }
        contexts
    }

    /// The address of a page that leads to a batch, asked for from there.
    fn page(&self, name: &str, from: From, site: &str, urls: Vec<String>, lanes: usize) -> String {
        let start = format!("start.{site}");
        let other = format!("start.{OTHER}");
        let batch = self.site.batch(name, "https", &start, urls, lanes);
        match from {
            From::Page => batch,
            From::Frame => self.site.framing(&other, &batch),
            From::Around => {
                let inner = self.site.framing(&other, &batch);
                self.site.framing(&start, &inner)
            }
        }
    }

    /// Compares what two browsers sent. `receipt`: what the worker said of the restoring.
    pub(crate) fn compare(&self, source: &Sent, restored: &Sent, receipt: &Value) -> Table {
        Table::new(&self.cases, source, restored, &Refusals::of(receipt))
    }
}

/// On whose page something is asked for.
#[derive(Clone, Copy)]
enum On {
    /// The site's own.
    Site(From),
    /// Another site's.
    Other,
}
