//! The whole way in real browsers, with real programs: with apps that nobody here wrote
//! (Django's admin, Jupyter, Verdaccio), and with an app of ours for what these do not have.
//! Tests run in Chromium and in Firefox, but for those that say why they do not.

/// Makes each of these functions a test in both browsers.
macro_rules! in_both_browsers {
    ($($name:ident),+ $(,)?) => {
        mod chromium {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() -> anyhow::Result<()> {
                    ferry_e2e::stage::run(stringify!($name), ferry_e2e::browser::Kind::Chromium, super::$name).await
                }
            )+
        }
        mod firefox {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() -> anyhow::Result<()> {
                    ferry_e2e::stage::run(stringify!($name), ferry_e2e::browser::Kind::Firefox, super::$name).await
                }
            )+
        }
    };
}
use in_both_browsers;

mod apps;
mod bridge;
mod chats;
mod demo_app;
mod devices;
mod django;
mod interrupted;
mod jupyter;
mod lies;
mod lossless;
mod many_stores;
mod pages;
mod people;
mod permission;
mod stores;
mod verdaccio;
mod web;
