//! Before a transfer: what is taken, from whom, to where, and how to undo it.
//! Then how it goes, and how it ended.

use ferry_bridge::{
    AppPages, CookieStores, Failure, IdentityFinding, Inspect, Inspection, Phase, StoreId, TransferStep,
};
use ferry_protocol::AccountId;
use ferry_protocol::api::Account;
use ferry_ui::Tone;
use ferry_ui::account::{ONLY_OWNERS, status, title};
use ferry_ui::button::{Button, Look};
use ferry_ui::chip::session_chip;
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::field::checkbox;
use ferry_ui::icon::{Icon, icon, spinner};
use ferry_ui::notice::Notice;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text::{self, Clean};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::details::gone;
use super::{fingerprint, heading, outcome, site_list, when};
use crate::background::{AskError, ask};
use crate::ferry::{Choice, Ferry, open_url};
use crate::look::Looks;
use crate::route::Route;
use crate::share::{Stage, is_of_who, meant, stage};
use crate::{keep, words};

mod look;
mod plan;
mod preflight;
mod review;
mod stores;

use look::how_many;
use plan::plan;
use preflight::{ready, several, stopped};
use review::{Asked, done, review};
use stores::stores;

/// What this page knows.
#[derive(Clone, Copy)]
struct Page {
    ferry: Ferry,
    id: AccountId,
    account: Derived<Option<Account>>,
    looks: Var<Looks>,
    /// What was found in the cookie store that is meant.
    inspection: Derived<Option<Inspection>>,
    looking: Derived<bool>,
    agreed: Var<bool>,
    confirmed: Var<bool>,
    /// The person has had the page before their eyes for a moment.
    settled: Var<bool>,
    /// Whether it may be looked who is signed in: not, if that may open tabs and a web page
    /// had this page opened, before the person asks for it.
    may_look: Var<bool>,
}

/// In a tab that a web page had opened, nothing can be agreed to before the tab has been
/// before the person's eyes for so long, in milliseconds: the page chose the moment.
const SETTLES_MS: u32 = 1_000;

impl Page {
    /// The person means this cookie store. What was ticked was ticked for another.
    fn pick(self, store: StoreId) {
        self.untick();
        self.change(|looks| looks.pick(store));
    }

    fn untick(self) {
        self.agreed.set(false);
        self.confirmed.set(false);
    }

    /// Who is shown to be signed in, if it is one.
    fn named(self) -> Option<String> {
        self.inspection
            .with_untracked(|seen| match seen.as_ref()?.finding.as_ref()? {
                IdentityFinding::One { identity, .. } => Some(identity.clone()),
                _ => None,
            })
    }

    /// What people call the app.
    fn app_name(self) -> String {
        self.account.with_untracked(|account| {
            let name = account.as_ref().map(|account| account.app.name.as_str());
            Clean::name(name.unwrap_or("the app")).into_string()
        })
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
            self.untick();
            begin();
        });
        on_cleanup(move || handle.remove());
    }

    fn stage(self) -> Derived<Option<Stage>> {
        let transfer = self.ferry.transfer(self.id);
        let is_sharing = self.ferry.is_sharing(self.id);
        Derived::new(move || {
            let account = self.account.get()?;
            let transfer = match transfer.get() {
                None if is_sharing.get() => Some(TransferStep::Reading),
                transfer => transfer,
            };
            self.inspection.with(|inspection| {
                let inspection = inspection.as_ref();
                Some(stage(
                    &account,
                    inspection,
                    transfer.as_ref(),
                    self.ferry.for_web_page,
                    self.ferry.now.get(),
                ))
            })
        })
    }
}

/// The page.
pub fn page(id: AccountId) -> El {
    let ferry = Ferry::here();
    let looks = Var::new(Looks::default());
    let page = Page {
        ferry,
        id,
        account: ferry.account(id),
        looks,
        inspection: Derived::new(move || looks.with(|looks| looks.seen()?.found.clone())),
        looking: Derived::new(move || looks.with(Looks::is_looking)),
        agreed: Var::new(false),
        confirmed: Var::new(false),
        settled: Var::new(!ferry.for_web_page),
        may_look: Var::new(!ferry.for_web_page),
    };
    page.begin();
    if ferry.for_web_page {
        page.settle();
    }
    // A box that was ticked was ticked for the account, and for whoever was signed in, as
    // they were shown then.
    let shown = Derived::new(move || {
        let account = page.account.with(|account| {
            let account = account.as_ref()?;
            Some((account.app.clone(), account.identity.clone()))
        });
        let finding = page
            .inspection
            .with(|seen| seen.as_ref().and_then(|seen| seen.finding.clone()));
        (account, finding)
    });
    Effect::new(move |before: Option<_>| {
        let account = shown.with(|(account, _)| account.clone());
        page.untick();
        if before.is_some_and(|before| before != account) && account.is_some() {
            // What was found for another one says nothing of this one, nor does the click
            // that asked for it.
            page.may_look.set(!ferry.for_web_page);
            untrack(|| page.change(Looks::look_afresh));
        }
        account
    });
    // Somebody else was found than the page shows: it shows who.
    let trouble = ferry.trouble(page.id);
    Effect::new(move |before: Option<()>| {
        let is_other = trouble.with(|failure| failure.as_ref().is_some_and(is_of_who));
        if before.is_some() && is_other {
            page.untick();
            untrack(|| page.look());
        }
    });
    Effect::new(move |_| {
        if !page.waits() {
            untrack(|| page.go_on());
        }
    });
    let handle = window_event_listener(leptos::ev::focus, move |_| page.look());
    on_cleanup(move || handle.remove());
    let stage = page.stage();
    // What stays while the person decides is not built anew with each stage.
    let part = Derived::new(move || {
        stage.with(|stage| match stage {
            None => Part::Gone,
            Some(Stage::Done) => Part::Done,
            Some(Stage::Running) => Part::Running,
            Some(_) => Part::Before,
        })
    });
    html::section()
        .class("share")
        .test("share-page")
        .attr("data-account", id.to_string())
        .child(move || match part.get() {
            Part::Gone => gone().into_node(),
            Part::Done => done(page).into_node(),
            Part::Running => (title(ferry.page, page.account), outcome::running(id)).into_node(),
            Part::Before => before(page, stage),
        })
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Gone,
    Before,
    Running,
    Done,
}

fn before(page: Page, stage: Derived<Option<Stage>>) -> Node {
    let trouble = page.ferry.trouble(page.id);
    let failure = Derived::new(move || {
        trouble
            .get()
            .or_else(|| page.looks.with(|looks| looks.seen()?.failure.clone()))
    });
    let failed = move || {
        let failure = failure.get()?;
        // What this very page is for needs no button that leads to it.
        let remedy = failure.remedy.clone().filter(|remedy| {
            !matches!(
                remedy,
                ferry_bridge::Remedy::GiveConsent
                    | ferry_bridge::Remedy::Decide
                    | ferry_bridge::Remedy::Retry
            )
        });
        Some(outcome::failed(page.account, &Failure { remedy, ..failure }))
    };
    let is_choice = Derived::new(move || {
        page.ferry.has_choice()
            && stage.with(|stage| !matches!(stage, Some(Stage::Permission | Stage::NotOwner)))
    });
    let choice = move || is_choice.get().then(|| stores(page));
    // Not for who cannot transfer.
    let is_owner = Derived::new(move || stage.with(|stage| *stage != Some(Stage::NotOwner)));
    let wake = move || {
        (is_owner.get() && page.waits()).then(|| {
            let look = Button::new(Look::Primary, "look", "Look who is signed in")
                .disabled(Derived::new(move || !page.settled.get()))
                .on_click(move |_| {
                    page.may_look.set(true);
                    page.look();
                });
            html::div().class("next").child((
                look.view(),
                html::p()
                    .class("soft small centred")
                    .child("A web page opened this tab. Nothing is read before you click."),
            ))
        })
    };
    let lead = move || is_owner.get().then(|| lead(page));
    let rest = move || stage.get().map(|stage| rest(page, stage));
    (
        title(page.ferry.page, page.account),
        lead,
        failed,
        wake,
        choice,
        rest,
    )
        .into_node()
}

fn rest(page: Page, stage: Stage) -> Node {
    match stage {
        Stage::NotOwner => Notice::new(Tone::Wait, "not-owner", ONLY_OWNERS)
            .view()
            .into_node(),
        Stage::Permission => (plan(page), permission(page)).into_node(),
        Stage::Looking => (plan(page), looking(page)).into_node(),
        Stage::Stopped(obstacle) => stopped(page, &obstacle),
        Stage::Review {
            consent,
            unknown,
            soon,
        } => {
            let asked = Asked {
                consent,
                unknown,
                only: None,
            };
            (ready(soon, unknown), plan(page), review(page, asked)).into_node()
        }
        Stage::Several {
            identities,
            only,
            consent,
            soon,
        } => {
            let choice = several(page, &identities, &only);
            let soon = (!soon.is_empty()).then(|| ready(soon, false));
            let asked = Asked {
                consent,
                unknown: false,
                only: Some(only),
            };
            (choice, soon, plan(page), review(page, asked)).into_node()
        }
        Stage::Running | Stage::Done => ().into_node(),
    }
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
            let origins = page
                .inspection
                .with_untracked(|seen| seen.as_ref().map(|seen| seen.missing_origins.clone()));
            let (Some(account), Some(origins)) = (page.account.get_untracked(), origins) else {
                return;
            };
            busy.set(true);
            page.ferry.allow(&account, &origins, move |allowed| {
                busy.set(false);
                if allowed {
                    page.change(Looks::look_afresh);
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
        if page.waits() {
            // For the click on the button above.
            ().into_node()
        } else if page.looking.get() {
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
