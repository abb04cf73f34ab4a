//! The routes, by who uses them. Each file has the handlers of one part of the
//! table in [`ferry_protocol::api`], and one error enum for them.

pub mod accounts;
pub mod answers;
pub mod approval;
pub mod approve;
pub mod audit;
pub mod catalogue;
pub mod consents;
pub mod device;
pub mod devices;
pub mod health;
pub mod manage;
pub mod sessions;
pub mod sign_in;
pub mod transfers;
pub mod users;
pub mod worker;
pub mod worker_keys;
