//! The server from outside: every test sends requests, as a client would.
//!
//! One program for all of them, so that it is linked once. [`fixture`] starts a
//! server in this process, with a clock that a test moves; [`client`] signs and
//! sends; [`process`] runs the real program.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics has failed, and says where"
)]

mod catalogue;
mod client;
mod fixture;
mod process;

mod admin;
mod approval;
mod codes;
mod consents;
mod deletion;
mod devices;
mod disabling;
mod dpop;
mod durability;
mod mail;
mod manage;
mod matrix;
mod openapi;
mod people;
mod retention;
mod secrets;
mod shutdown;
mod sign_in;
mod transfers;
mod web;
mod worker;
mod worker_keys;
mod writer;
