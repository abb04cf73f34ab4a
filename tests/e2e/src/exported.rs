//! Exported sessions in the hands of a plain HTTP client.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use reqwest::cookie::Jar;
use reqwest::{Certificate, StatusCode, Url};
use serde::Deserialize;

/// Playwright's storage state.
#[derive(Deserialize)]
struct StorageState {
    cookies: Vec<Cookie>,
}

#[derive(Deserialize)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    path: String,
}

/// A client of apps on this machine.
#[derive(Clone, Copy, Default)]
pub struct Client<'a> {
    /// A certificate authority to trust, in PEM.
    pub authority: Option<&'a Path>,
    /// What it says it is; some apps take a session only from the browser that it
    /// was made in.
    pub user_agent: Option<&'a str>,
}

impl Client<'_> {
    /// Fetches a page with the cookies of a storage state, and gives its text.
    pub async fn get(self, storage_state: &str, address: &str) -> Result<String> {
        let url: Url = address.parse()?;
        let jar = jar(storage_state, &url)?;
        self.fetch(url, jar).await
    }

    /// Posts JSON with the cookies of a storage state and these header lines, and gives
    /// the status.
    pub async fn post(
        self,
        storage_state: &str,
        address: &str,
        json: &str,
        headers: &[(&str, &str)],
    ) -> Result<StatusCode> {
        let url: Url = address.parse()?;
        let client = self.client(&url, jar(storage_state, &url)?)?;
        let mut request = client.post(url).header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(request.body(json.to_owned()).send().await?.status())
    }

    /// The value of a cookie in a storage state.
    pub fn cookie(storage_state: &str, name: &str) -> Result<String> {
        let state: StorageState = serde_json::from_str(storage_state)?;
        let mut cookies = state.cookies.into_iter();
        let cookie = cookies.find(|cookie| cookie.name == name);
        Ok(cookie.with_context(|| format!("there is no {name}"))?.value)
    }

    /// As [`Self::get`], with a Netscape cookie file, as curl and wget read it.
    pub async fn get_with_cookie_file(self, file: &str, address: &str) -> Result<String> {
        let url: Url = address.parse()?;
        let jar = Jar::default();
        let lines = file
            .lines()
            .map(|line| line.strip_prefix("#HttpOnly_").unwrap_or(line));
        let mut cookies = 0;
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let [domain, below, path, _secure, _expires, name, value] =
                line.split('\t').collect::<Vec<_>>()[..]
            else {
                bail!("a line of the cookie file has not seven fields");
            };
            add(
                &jar,
                &url,
                domain,
                below == "TRUE",
                &format!("{name}={value}; Path={path}"),
            )?;
            cookies += 1;
        }
        ensure!(cookies > 0, "the cookie file is empty");
        self.fetch(url, jar).await
    }

    async fn fetch(self, url: Url, jar: Jar) -> Result<String> {
        let client = self.client(&url, jar)?;
        let answer = client.get(url).send().await?.error_for_status()?;
        Ok(answer.text().await?)
    }

    fn client(self, url: &Url, jar: Jar) -> Result<reqwest::Client> {
        let host = url.host_str().context("an address with a host")?;
        let port = url.port_or_known_default().context("an address with a port")?;
        let mut client = crate::http::client()
            .cookie_provider(Arc::new(jar))
            .resolve(host, SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        if let Some(authority) = self.authority {
            client = client.add_root_certificate(Certificate::from_pem(&std::fs::read(authority)?)?);
        }
        if let Some(user_agent) = self.user_agent {
            client = client.user_agent(user_agent);
        }
        Ok(client.build()?)
    }
}

/// The cookies of a storage state.
fn jar(storage_state: &str, url: &Url) -> Result<Jar> {
    let state: StorageState = serde_json::from_str(storage_state)?;
    ensure!(!state.cookies.is_empty(), "the storage state has no cookies");
    let jar = Jar::default();
    for Cookie {
        name,
        value,
        domain,
        path,
    } in &state.cookies
    {
        let below = domain.starts_with('.');
        add(&jar, url, domain, below, &format!("{name}={value}; Path={path}"))?;
    }
    Ok(jar)
}

/// Puts a cookie into the jar, for its host alone or for the hosts below it too.
fn add(jar: &Jar, url: &Url, domain: &str, below: bool, pair: &str) -> Result<()> {
    let host = domain.trim_start_matches('.');
    let domain = if below {
        format!("; Domain={host}")
    } else {
        String::new()
    };
    let origin = format!("{}://{host}/", url.scheme()).parse()?;
    jar.add_cookie_str(&format!("{pair}{domain}"), &origin);
    Ok(())
}
