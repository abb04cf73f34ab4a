//! A browser and a context, as the worker sets them up.

use std::path::{Path, PathBuf};

use ferry_catalogue::App;
use ferry_worker::browser::{Browser, Context, Options};
use ferry_worker::egress::{Policy, Proxy, Rules};

use crate::app::TestApp;

/// `*.test` is this machine; of these hosts the app may be here.
pub(crate) fn policy() -> Policy {
    Policy {
        resolve: vec!["*.test=127.0.0.1".parse().unwrap()],
        allow_private: ["app.test", "www.app.test", "partner.test"]
            .map(|host| host.parse().unwrap())
            .into(),
    }
}

/// The machine's Chromium; without a sandbox, as tests may run as root.
pub(crate) fn options(ca: &Path, profiles: PathBuf) -> Options {
    Options {
        chromium: ferry_worker::browser::find_chromium().unwrap(),
        sandbox: false,
        extra_ca: Some(ca.to_owned()),
        profiles,
    }
}

pub(crate) async fn browser(app: &TestApp) -> Browser {
    Browser::launch(&options(&app.ca, std::env::temp_dir()))
        .await
        .unwrap()
}

pub(crate) async fn context(browser: &Browser, app: &App) -> Context {
    let proxy = Proxy::start(Rules::new(app, policy())).await.unwrap();
    browser.context(proxy).await.unwrap()
}
