//! Where a session's browser may connect to: the app's domains, at public
//! addresses, and nowhere else.
//!
//! Each browser context has a forward proxy of its own ([`Proxy`]) that holds one
//! app's [`Rules`]. The browser is started so that nothing bypasses it.

mod address;
mod proxy;
mod rules;

pub use address::{Forbidden, forbidden};
pub use proxy::{Proxy, Refusal};
pub use rules::{HostPattern, PatternError, Policy, Refused, Resolve, ResolveError, Rules};
