//! `ferry-worker open`: a browser that is signed in, for programs that speak CDP.

use std::future::Future;
use std::time::Duration;

use ferry_protocol::api::{AskForWork, Purpose};
use ferry_protocol::{AccountId, SealingKeyId};

use super::{AutomationError, Held};
use crate::ambient;
use crate::api::Api;
use crate::browser::{Browser, Context};
use crate::check::{self, Judgement};
use crate::config::Config;
use crate::domains::AppDomains;
use crate::egress::{Proxy, Rules};
use crate::open::OpenedSession;
use crate::receipt;
use crate::restore::restore;
use crate::session;

/// How long the last look at the app may take.
const LAST_LOOK: Duration = Duration::from_secs(30);

/// How often it is looked whether the session's key still exists.
const KEY_LOOK: Duration = Duration::from_secs(1);

/// After so many looks the server is asked as well.
const LOOKS_PER_QUESTION: u32 = 30;

/// Opens an account's session in a Chromium of its own. `endpoint` is called once
/// with the WebSocket address of its DevTools. Stays until `shutdown` ends, the
/// browser is closed or the session is deleted, keeps the cookies that were rotated if
/// the same identity is still signed in, and gives the session back.
pub async fn open(
    config: &Config,
    account: &AccountId,
    shutdown: impl Future<Output = ()>,
    endpoint: impl FnOnce(&str),
) -> Result<(), AutomationError> {
    let options = config.browser_options()?;
    let held = Held::take(config, account, Purpose::Open).await?;
    tokio::pin!(shutdown);
    let result = async {
        let _hold = tokio::select! {
            () = &mut shutdown => return Ok(()),
            hold = held.hold() => hold?,
        };
        let opened = held.open().await?;
        let proxy = Proxy::start(Rules::new(&opened.payload.app, config.policy.clone()))
            .await
            .map_err(|source| AutomationError::Io {
                what: "cannot start the egress proxy",
                source,
            })?;
        let (browser, context, address) =
            Browser::launch_for(&options, proxy, &opened.payload.user_agent).await?;
        let used = use_session(&held, opened, &browser, &context, &mut shutdown, || {
            endpoint(&address)
        })
        .await;
        browser.close().await;
        used
    };
    let result = result.await;
    held.release().await;
    result
}

async fn use_session(
    held: &Held,
    mut opened: OpenedSession,
    browser: &Browser,
    context: &Context,
    shutdown: impl Future<Output = ()>,
    ready: impl FnOnce(),
) -> Result<(), AutomationError> {
    let domains = AppDomains::new(&opened.payload.app);
    let receipt = restore(context, &opened.payload, &domains, ambient::now()).await?;
    receipt::log(opened.header.transfer, &receipt);
    ready();
    tokio::select! {
        () = shutdown => {}
        () = browser.closed() => {
            tracing::warn!("the browser was closed; what it rotated is lost");
            return Ok(());
        }
        deleted = deleted(held, &opened.header.sealing_key) => {
            deleted?;
            return Err(AutomationError::Deleted);
        }
    }
    keep_if_alive(held, &mut opened, context).await;
    Ok(())
}

/// Ends when the session's key is destroyed: by the worker that serves the workspace,
/// or here if the server says so while none does.
async fn deleted(held: &Held, key: &SealingKeyId) -> Result<(), AutomationError> {
    let mut looks = tokio::time::interval(KEY_LOOK);
    for look in 1.. {
        looks.tick().await;
        if held.state.key(key)?.is_none() {
            break;
        }
        if look % LOOKS_PER_QUESTION == 0 && is_to_be_destroyed(&held.api, key).await {
            held.state.destroy_key(key)?;
        }
    }
    Ok(())
}

/// Whether the server wants this key destroyed. One that does not answer says nothing:
/// whoever stops it must not end what it has given.
async fn is_to_be_destroyed(api: &Api, key: &SealingKeyId) -> bool {
    let ask = AskForWork {
        max_sessions: 0,
        only_new: false,
        keys_low: 0,
        wait_ms: 0,
    };
    match api.work(&ask).await {
        Ok(work) => work.keys.destroy.contains(key),
        Err(error) => {
            tracing::debug!(%error, "the server cannot be asked whether the session was deleted");
            false
        }
    }
}

/// Looks at the app once more, as a check does.
async fn keep_if_alive(held: &Held, opened: &mut OpenedSession, context: &Context) {
    let payload = &opened.payload;
    let looking = check::look(context, &payload.app, &payload.user_agent);
    let look = match tokio::time::timeout(LAST_LOOK, looking).await {
        Ok(Ok(look)) => look,
        Ok(Err(error)) => {
            return tracing::warn!(%error, "the app cannot be asked; rotated cookies are not kept");
        }
        Err(_) => return tracing::warn!("the app takes too long; rotated cookies are not kept"),
    };
    let account = held.leased.account_identity.as_deref();
    match check::judge(&payload.app, &look, payload.identity.as_deref(), account) {
        Judgement::Alive(_) => session::keep(&held.state, opened, look.into_jar()),
        Judgement::Invalid(reason) => {
            let reason = check::name(&reason);
            tracing::warn!(
                reason,
                "the session is as it was before; rotated cookies are not kept"
            );
        }
        Judgement::Unclear(what) => tracing::warn!(what, "rotated cookies are not kept"),
    }
}
