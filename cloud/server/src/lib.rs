//! The Ferry server: keeps users, devices, accounts, consents and sealed sessions,
//! and cannot open a session. Its dependency graph has no code that could.
//!
//! | Where | What |
//! |---|---|
//! | [`openapi`] | the routes, and the document generated with them |
//! | [`routes`] | the handlers, by who uses them |
//! | [`auth`] | proofs, tokens, and who may use a route |
//! | [`web`] | the web app's files, for every path that is no route |
//! | [`storage`] | the database: one writer, group commit, erasure |
//! | [`retention`] | the sweep |
//! | [`middleware`], [`problem`] | what every answer gets; errors |
//! | [`listen`], [`forwarded`] | connections, and where they come from |
//! | [`seen`], [`waiting`] | what is only in memory: when devices were used, who waits for approval |
//! | [`secrets`], [`private`] | the server's own keys; files for its user only |
//! | [`server`], [`admin`] | the commands |

pub mod admin;
pub mod auth;
pub mod clock;
pub mod code;
pub mod config;
pub mod forwarded;
pub mod listen;
pub mod mail;
pub mod manage;
pub mod middleware;
pub mod names;
pub mod nonce;
pub mod openapi;
pub mod passwords;
pub mod private;
pub mod problem;
pub mod random;
pub mod retention;
pub mod routes;
pub mod secrets;
pub mod seen;
pub mod server;
pub mod stamp;
pub mod state;
pub mod storage;
pub mod waiting;
pub mod web;
