//! Device keys in the browser (WebCrypto, IndexedDB), and the client of the
//! server's API.
//!
//! | Where | What |
//! |---|---|
//! | [`keys`] | the device's two keys |
//! | [`webcrypto`] | the browser's cryptography |
//! | [`idb`] | the browser's database |
//! | [`device`] | what the rest of Ferry needs of device keys, as traits |
//! | [`device_name`] | what to suggest as its name |
//! | [`http`] | the clock, the random numbers and the network a client is given |
//! | [`fetch`] | these, as browsers have them |
//! | [`api`] | the requests of the server's API, each with its proof |
//!
//! Nothing here decides anything: when to ask the server, and what its answers
//! mean for a person, is told by the extension and the web app.

pub mod api;
pub mod device;
pub mod device_name;
pub mod fetch;
pub mod http;
pub mod idb;
pub mod keys;
pub mod webcrypto;

pub use api::{ApiError, Client, DeviceChange};
pub use device::{BrowserKeyring, Device, KeyError, Keyring};
pub use fetch::BrowserHost;
pub use http::{Host, HttpRequest, HttpResponse, Method, NetworkError};
