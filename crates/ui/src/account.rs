//! One account as popup and web app show it: who it is, and how its session is.

use ferry_protocol::api::{Account, SessionStatus, StoredSession};

use crate::dom::{El, IntoNode, Node, html};
use crate::icon::{Icon, icon};
use crate::page::{Page, fact};
use crate::person::tile;
use crate::reactive::Derived;
use crate::receipt::receipt;
use crate::session::{self, Status};
use crate::text::{self, Clean, account_line};

/// What the chip says.
pub fn status(account: Derived<Option<Account>>) -> Derived<Status> {
    Derived::new(move || {
        account.with(|account| match account {
            Some(account) => session::status(&account.session, &account.app.name),
            None => session::status(&SessionStatus::None, ""),
        })
    })
}

/// Who it is: tile, name, app. The page's heading.
pub fn title(page: Page, account: Derived<Option<Account>>) -> El {
    let name =
        move || account.with(|account| account.as_ref().map(|one| Clean::name(&one.name).into_string()));
    let line = Derived::new(move || account.with(|account| account.as_ref().map(account_line)));
    let picture = move || {
        account.with(|account| {
            account
                .as_ref()
                .map(|one| tile(&one.app.name, one.app.id.as_str()))
        })
    };
    html::div().class("title").child((
        picture,
        html::div().class("account-text").child((
            page.heading(name),
            html::p()
                .class("soft small one-line")
                .child(html::bdi().child(move || line.get())),
        )),
    ))
}

/// What the session's status means, and what to do about it.
pub fn meaning(account: Derived<Option<Account>>) -> El {
    let status = status(account);
    html::p()
        .class("soft")
        .test("session-meaning")
        .child(move || status.with(|one| one.meaning.clone()))
}

/// Why there are no buttons, and whom to ask.
pub const ONLY_OWNERS: &str = "Only an owner of this account can transfer or delete its session. Ask an admin of your workspace for the role.";

/// [`ONLY_OWNERS`], in the place of the buttons.
pub fn only_owners() -> El {
    html::p()
        .class("soft small aside")
        .child((icon(Icon::Info), html::span().child(ONLY_OWNERS)))
}

/// What is known of the session in the cloud, if there is one.
pub fn session_facts(page: Page, account: Derived<Option<Account>>) -> Node {
    let stored = Derived::new(move || {
        account.with(|account| {
            let session = &account.as_ref()?.session;
            let works = matches!(session, SessionStatus::Transferred(_));
            Some((session::stored(session)?.clone(), works))
        })
    });
    let view = move || {
        stored.get().map(|(stored, works)| {
            html::dl()
                .class("facts")
                .test("session-facts")
                .child(facts(page, stored, works))
        })
    };
    view.into_node()
}

/// `works`: where it does not, the chip says why.
fn facts(page: Page, stored: StoredSession, works: bool) -> Node {
    let check = stored.check;
    (
        check.as_ref().map(|check| {
            let who = if check.identified {
                "verified"
            } else {
                "not shown by the app"
            };
            (
                works.then(|| fact("Identity", who)),
                fact("Checked", page.when(check.at)),
            )
        }),
        fact(
            "Transferred",
            (
                page.when(stored.transferred_at),
                " by ",
                text::name(&stored.transferred_by),
            ),
        ),
        fact("From", text::name(&stored.device_name)),
        fact("Expires", (page.when(stored.expires_at), ", unless used")),
        check.map(|check| receipt(check.receipt)),
    )
        .into_node()
}
