//! Who sends a request, and whether they may.
//!
//! [`dpop`] proves that the request comes from the holder of a key and a token;
//! [`roles`] are the extractors that handlers ask for, one for each kind of caller;
//! [`recheck`] asks again in the transaction of a change.
//! What a person may do with one account is decided with the account, in the same
//! transaction as the change.

pub mod body;
pub mod dpop;
pub mod recheck;
pub mod roles;
