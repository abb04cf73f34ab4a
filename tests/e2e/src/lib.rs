//! What the end-to-end tests, the demo and the benchmark have in common: they start
//! the real programs, drive real browsers, and look at what comes of it.
//!
//! A test gets a [`Stage`]: a folder of its own, a browser with an empty profile, and
//! whatever programs it asks for; all of them end with it. Nothing here waits for
//! time to pass: [`wait::until`] waits for something to become true. Nothing is
//! tried twice.
//!
//! What is tested, and by which steps, is in `tests/`.

pub mod browser;
pub mod cdp;
pub mod cloud;
pub mod demo_app;
pub mod display;
pub mod django;
pub mod exported;
pub mod extension;
pub mod files;
pub mod gallery;
pub mod http;
pub mod jupyter;
pub mod page;
pub mod popup;
pub mod process;
pub mod setting;
pub mod stage;
pub mod verdaccio;
pub mod wait;
pub mod web;
pub mod web_page;
pub mod wire;

pub use stage::Stage;
