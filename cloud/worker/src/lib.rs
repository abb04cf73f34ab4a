//! The worker: holds the vault's private keys, opens sealed sessions, proves in a
//! headless Chromium that they are alive and whose they are, and hands them to
//! automation.
//!
//! | Where | What |
//! |---|---|
//! | [`run`] | the main loop: keys, leases, checks, reports |
//! | [`automation`] | `export` and `open` |
//! | [`open`](mod@open) | is a seal what it says? |
//! | [`session`], [`check`] | one session; is it alive, and whose? |
//! | [`restore`], [`capture`] | a jar into a browser, and back |
//! | [`storage`] | local storage into a browser, and back |
//! | [`browser`] | Chromium over the DevTools Protocol |
//! | [`egress`] | the proxy that holds a session's browser to its app |
//! | [`domains`] | which hosts are an app's |
//! | [`renew`] | another vault identity |
//! | [`keys`], [`state_dir`], [`refresh`] | private keys, and what is encrypted under them |
//! | [`api`] | the server |
//!
//! Who is signed in is judged by `ferry_catalogue`, sealing is `ferry_protocol`'s,
//! and when a session is due is for the server to say.

pub mod ambient;
pub mod api;
pub mod automation;
pub mod browser;
pub mod capture;
pub mod catalogue;
pub mod check;
pub mod config;
pub mod domains;
pub mod egress;
#[cfg(test)]
mod fixtures;
pub mod keys;
pub mod open;
mod receipt;
pub mod refresh;
pub mod renew;
pub mod restore;
pub mod run;
pub mod session;
pub mod state_dir;
pub mod storage;
