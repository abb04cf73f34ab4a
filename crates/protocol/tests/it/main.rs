//! The protocol as its users see it: known answers, agreement with other
//! implementations, and what must be refused.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod binding;
mod documentation;
mod dpop;
mod fixture;
mod frozen;
mod hpke_interop;
mod hpke_vectors;
mod keys;
mod pyhpke;
mod trust;
mod vault;
mod wire_format;
mod wycheproof;
