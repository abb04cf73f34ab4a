//! The routes, by who uses them. Each file has the handlers of one part of the
//! table in [`ferry_protocol::api`], and one error enum for them.

pub mod accounts;
pub mod approval;
pub mod consents;
pub mod device;
pub mod devices;
pub mod health;
pub mod sessions;
pub mod sign_in;
pub mod transfers;
pub mod worker;
pub mod worker_keys;
