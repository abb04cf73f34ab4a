//! Before a transfer: what is taken, from whom, to where, and how to undo it.
//! Then how it goes, and how it ended.

use ferry_bridge::{
    CONSENT_TEXT_VERSION, Failure, IdentityFinding, Inspect, Inspection, Phase, TransferStep,
};
use ferry_protocol::AccountId;
use ferry_protocol::api::Account;
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look};
use ferry_ui::chip::session_chip;
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::field::checkbox;
use ferry_ui::icon::{Icon, icon, spinner};
use ferry_ui::notice::Notice;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text::{self, Clean, list};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::accounts::status;
use super::details::{gone, title};
use super::{fingerprint, heading, outcome, site_list};
use crate::background::ask;
use crate::ferry::{Ferry, open_url};
use crate::route::Route;
use crate::share::{Stage, stage};
use crate::words;

mod plan;

use plan::plan;

/// What this page knows.
#[derive(Clone, Copy)]
struct Page {
    ferry: Ferry,
    id: AccountId,
    account: Derived<Option<Account>>,
    inspection: Var<Option<Inspection>>,
    failure: Var<Option<Failure>>,
    looking: Var<bool>,
    agreed: Var<bool>,
    confirmed: Var<bool>,
    /// The person has had the page before their eyes for a moment.
    settled: Var<bool>,
}

/// In a tab that a web page had opened, nothing can be agreed to before the tab has been
/// before the person's eyes for so long, in milliseconds: the page chose the moment.
const SETTLES_MS: u32 = 1_000;

impl Page {
    /// Looks at what a transfer would take.
    fn look(self) {
        if self.looking.get_untracked() {
            return;
        }
        self.looking.set(true);
        spawn_local(async move {
            let answer = ask(Inspect {
                account: self.id,
                store: Default::default(),
            })
            .await;
            self.looking.set(false);
            match answer {
                Ok(inspection) => {
                    let granted = inspection.missing_origins.is_empty();
                    self.ferry.set_granted(self.id, granted);
                    self.failure.set(None);
                    self.inspection.set(Some(inspection));
                }
                Err(error) => self.failure.set(Some(error.into_failure())),
            }
        });
    }

    /// What was ticked counts only while the tab stays before the person's eyes.
    fn settle(self) {
        let turn = StoredValue::new(0_u32);
        let begin = move || {
            turn.update_value(|turn| *turn += 1);
            let this_turn = turn.get_value();
            spawn_local(async move {
                gloo_timers::future::TimeoutFuture::new(SETTLES_MS).await;
                if turn.try_get_value() == Some(this_turn) && !document().hidden() {
                    self.settled.set(true);
                }
            });
        };
        begin();
        let handle = window_event_listener(leptos::ev::visibilitychange, move |_| {
            self.settled.set(false);
            self.agreed.set(false);
            self.confirmed.set(false);
            begin();
        });
        on_cleanup(move || handle.remove());
    }

    fn stage(self) -> Derived<Option<Stage>> {
        let transfer = self.ferry.transfer(self.id);
        let is_sharing = self.ferry.is_sharing(self.id);
        Derived::new(move || {
            let granted = self.ferry.granted.with(|granted| granted.get(&self.id).copied());
            let account = self.account.get()?;
            let transfer = match transfer.get() {
                None if is_sharing.get() => Some(TransferStep::Reading),
                transfer => transfer,
            };
            self.inspection.with(|inspection| {
                let inspection = inspection.as_ref();
                Some(stage(
                    &account,
                    granted,
                    inspection,
                    transfer.as_ref(),
                    self.ferry.for_page,
                ))
            })
        })
    }
}

/// The page.
pub fn page(id: AccountId) -> El {
    let ferry = Ferry::here();
    let page = Page {
        ferry,
        id,
        account: ferry.account(id),
        inspection: Var::new(None),
        failure: Var::new(None),
        looking: Var::new(false),
        agreed: Var::new(false),
        confirmed: Var::new(false),
        settled: Var::new(!ferry.for_page),
    };
    page.look();
    if ferry.for_page {
        page.settle();
    }
    // A box that was ticked was ticked for the app as it was shown then.
    let app = Derived::new(move || {
        page.account
            .with(|account| account.as_ref().map(|account| account.app.clone()))
    });
    Effect::new(move |_| {
        app.with(|_| ());
        page.agreed.set(false);
        page.confirmed.set(false);
    });
    let handle = window_event_listener(leptos::ev::focus, move |_| page.look());
    on_cleanup(move || handle.remove());
    let stage = page.stage();
    html::section()
        .class("share")
        .test("share-page")
        .attr("data-account", id.to_string())
        .child(move || match stage.get() {
            None => gone().into_node(),
            Some(Stage::Done) => done(page).into_node(),
            Some(Stage::Running) => (title(page.account), outcome::running(id)).into_node(),
            Some(stage) => before(page, stage).into_node(),
        })
}

fn before(page: Page, stage: Stage) -> Node {
    let trouble = page.ferry.trouble(page.id);
    let failed = move || {
        let failure = trouble.get().or_else(|| page.failure.get())?;
        // What this very page is for needs no button that leads to it.
        let remedy = failure.remedy.clone().filter(|remedy| {
            !matches!(
                remedy,
                ferry_bridge::Remedy::GiveConsent
                    | ferry_bridge::Remedy::ConfirmUnknown
                    | ferry_bridge::Remedy::Retry
            )
        });
        Some(outcome::failed(page.account, &Failure { remedy, ..failure }))
    };
    let rest = match stage {
        Stage::NotOwner => Notice::new(
            Tone::Wait,
            "not-owner",
            "Only an owner of this account can transfer its session.",
        )
        .view()
        .into_node(),
        Stage::Permission => (plan(page), permission(page)).into_node(),
        Stage::Looking => (plan(page), looking(page)).into_node(),
        Stage::Blocked(finding) => blocked(page, &finding).into_node(),
        Stage::Review { consent, unknown } => (plan(page), review(page, consent, unknown)).into_node(),
        Stage::Running | Stage::Done => ().into_node(),
    };
    (title(page.account), lead(page), failed, rest).into_node()
}

fn lead(page: Page) -> El {
    let app = move || {
        page.account
            .with(|account| account.as_ref().map(|account| text::name(&account.app.name)))
    };
    let workspace = page.ferry.profile();
    let workspace = move || workspace.get().map(|profile| text::name(&profile.workspace.name));
    html::p().class("lead").child((
        "Automation in ",
        workspace,
        " will be able to act as you at ",
        app,
        ", without signing in again.",
    ))
}

fn permission(page: Page) -> El {
    let busy = Var::new(false);
    let go = Button::new(Look::Primary, "permission-continue", "Continue")
        .busy(busy)
        .on_click(move |_| {
            let Some(account) = page.account.get_untracked() else {
                return;
            };
            busy.set(true);
            page.ferry.allow(&account, move |allowed| {
                busy.set(false);
                if allowed {
                    page.inspection.set(None);
                    page.look();
                }
            });
        });
    html::div().class("next decision").child((
        go.view(),
        html::p().class("soft small centred").child(
            "Your browser now asks whether Ferry may read these sites. Then you see what would be taken, and decide.",
        ),
    ))
}

fn looking(page: Page) -> Node {
    let view = move || {
        if page.looking.get() {
            let words = html::span().child("Looking at who is signed in…");
            html::p()
                .class("looking soft")
                .attr("role", "status")
                .child((spinner(), words))
                .into_node()
        } else {
            let again = Button::new(Look::Plain, "look-again", "Look again");
            html::div()
                .class("next")
                .child(again.on_click(move |_| page.look()).view())
                .into_node()
        }
    };
    view.into_node()
}

/// Who was found instead, and how to put it right.
fn blocked(page: Page, finding: &IdentityFinding) -> Node {
    let account = page.account.get_untracked();
    let app = account
        .as_ref()
        .map_or("the app", |account| account.app.name.as_str());
    let app = Clean::name(app).into_string();
    let name = |who: &String| Clean::name(who).into_string();
    let (code, headline, message, must_leave) = match finding {
        IdentityFinding::SignedOut => (
            "signed-out",
            format!("You are not signed in at {app}"),
            "Sign in there in this browser, then come back.".to_owned(),
            false,
        ),
        IdentityFinding::Several { identities, .. } => (
            "several-identities",
            format!("{} people are signed in at {app}", identities.len()),
            format!(
                "Found {}. A session has to belong to one person, or automation could act as somebody else. Sign the \
                 others out, then look again.",
                list(&identities.iter().take(8).map(name).collect::<Vec<_>>())
            ),
            true,
        ),
        IdentityFinding::Another { found, expected } => (
            "another-identity",
            format!("Signed in as {}, not {}", name(found), name(expected)),
            format!(
                "This account takes the session of {}. Sign {} out and sign in with the right one, then look again.",
                name(expected),
                name(found)
            ),
            true,
        ),
        IdentityFinding::One { .. } | IdentityFinding::Unknown => ("", String::new(), String::new(), false),
    };
    let sign_in = account.as_ref().map(|account| account.app.sign_in.clone());
    let sign_out = account.as_ref().and_then(|account| account.app.sign_out.clone());
    let open = match (must_leave, sign_out) {
        (true, Some(url)) => Some(("open-sign-out", format!("Sign out at {app}"), url)),
        (true, None) => sign_in.map(|url| ("open-sign-in", format!("Go to {app}"), url)),
        (false, _) => sign_in.map(|url| ("open-sign-in", format!("Sign in at {app}"), url)),
    };
    let open = open.map(|(hook, words, url)| {
        Button::new(Look::Primary, hook, words)
            .icon(Icon::Open)
            .on_click(move |_| open_url(&url))
            .view()
    });
    let again = Button::new(Look::Plain, "look-again", "Look again")
        .icon(Icon::Refresh)
        .busy(page.looking)
        .on_click(move |_| page.look());
    (
        Notice::new(Tone::Wait, code, &message).title(&headline).view(),
        html::div().class("next").child((open, again.view())),
        html::p().class("soft small centred").child("Nothing was taken."),
    )
        .into_node()
}

/// The boxes and the button.
fn review(page: Page, consent: bool, unknown: bool) -> Node {
    let Page {
        ferry,
        account,
        agreed,
        confirmed,
        settled,
        ..
    } = page;
    let app = account.with_untracked(|account| {
        account.as_ref().map_or_else(String::new, |account| {
            Clean::name(&account.app.name).into_string()
        })
    });
    let name = account.with_untracked(|account| {
        account
            .as_ref()
            .map_or_else(String::new, |account| Clean::name(&account.name).into_string())
    });
    let risk = unknown.then(|| {
        let message = format!(
            "{app} does not show who is signed in. If it is somebody else, automation acts as them, with access to \
             everything they can see. Open {app} and look before you go on."
        );
        Notice::new(Tone::Wait, "unknown-identity", &message).title("Ferry cannot tell whose session this is").view()
    });
    let unknown_box = unknown.then(|| {
        checkbox(
            "unknown-confirm",
            format!("I looked: it is the account {name}"),
            confirmed,
        )
    });
    let consent_box =
        consent.then(|| checkbox("consent-check", "I agree to transfer my active session", agreed));
    let is_ticked = Derived::new(move || (!consent || agreed.get()) && (!unknown || confirmed.get()));
    let is_ready = Derived::new(move || is_ticked.get() && settled.get());
    let missing = Derived::new(move || {
        (!is_ticked.get()).then_some(if consent && unknown {
            "Tick both boxes to go on."
        } else {
            "Tick the box to go on."
        })
    });
    let go = Button::new(Look::Primary, "consent-continue", "Transfer session")
        .icon(Icon::Share)
        .disabled(Derived::new(move || !is_ready.get()))
        .on_click(move |_| {
            if let Some(account) = account.get_untracked() {
                ferry.dismiss(account.id);
                ferry.transfer_now(&account, consent.then_some(CONSENT_TEXT_VERSION), unknown);
            }
        });
    let decision = html::div().class("next decision").child((
        unknown_box,
        consent_box,
        go.view(),
        html::p().class("soft small centred").child(move || missing.get()),
    ));
    (risk, decision).into_node()
}

/// Done: who, how much, and what happens next.
fn done(page: Page) -> El {
    let Page {
        ferry, id, account, ..
    } = page;
    let transfer = ferry.transfer(id);
    let line = Derived::new(move || match transfer.get() {
        Some(TransferStep::Done { cookies, identity }) => Some(words::success(cookies, identity.as_deref())),
        _ => None,
    });
    Effect::new(move |_| {
        if let Some(line) = line.get() {
            ferry.say(line);
        }
    });
    let details = move || {
        line.get().map(|line| {
            line.split_once(". ")
                .map_or_else(String::new, |(_, rest)| rest.to_owned())
        })
    };
    let status = status(account);
    html::div()
        .class("finished")
        .test("transfer-status")
        .attr("data-step", "done")
        .child((
            html::span().class("finished-icon").child(icon(Icon::Check)),
            heading("Session transferred."),
            html::p().child(details),
            session_chip(status),
            html::p()
                .class("soft small")
                .child(move || status.with(|status| status.meaning.clone())),
            Button::new(Look::Primary, "done", "Done")
                .on_click(move |_| {
                    ferry.dismiss(id);
                    ferry.go(Route::Accounts);
                })
                .view(),
            Button::new(Look::Quiet, "to-details", "See details")
                .on_click(move |_| {
                    ferry.dismiss(id);
                    ferry.go(Route::Details(id));
                })
                .view(),
        ))
}
