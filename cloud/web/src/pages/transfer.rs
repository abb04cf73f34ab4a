//! The wizard: consent, logging others out, the transfer, success.
//!
//! This page transfers nothing. In its third step it asks the extension to open its
//! own page; there the person clicks, and here is shown how it goes.

use ferry_bridge::page::{Finding, LOOK_PAUSE_MS, PageStep};
use ferry_protocol::AccountId;
use ferry_protocol::api::{Account, Role};
use ferry_ui::Tone;
use ferry_ui::account::{ONLY_OWNERS, status, title};
use ferry_ui::button::{Button, Look};
use ferry_ui::chip::session_chip;
use ferry_ui::dom::{El, IntoNode, Node, html};
use ferry_ui::field::checkbox;
use ferry_ui::icon::{Icon, icon, spinner};
use ferry_ui::notice::Notice;
use ferry_ui::page::{Trouble, site_list};
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::session;
use ferry_ui::text::{self, openable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::account::gone;
use super::failed;
use crate::app::App;
use crate::extension::{self, ExtensionError};
use crate::route::Route;
use crate::wizard::{Helps, Readiness, Stage, advice, progress};

/// What this page knows.
#[derive(Clone, Copy)]
struct Wizard {
    app: App,
    id: AccountId,
    account: Derived<Option<Account>>,
    stage: Var<Stage>,
    agreed: Var<bool>,
    looking: Var<bool>,
    finding: Var<Option<Finding>>,
    trouble: Var<Option<Trouble>>,
    /// The extension's page was opened, and is waited for.
    opened: Var<bool>,
    /// The transfer that the account had before, as text.
    before: Var<Option<String>>,
}

/// The page.
pub fn page(id: AccountId) -> El {
    let app = App::here();
    let wizard = Wizard {
        app,
        id,
        account: app.account(id),
        stage: Var::new(Stage::Consent),
        agreed: Var::new(false),
        looking: Var::new(false),
        finding: Var::new(None),
        trouble: Var::new(None),
        opened: Var::new(false),
        before: Var::new(None),
    };
    wizard.watch();
    let may = Derived::new(move || {
        let is_owner = wizard
            .account
            .with(|account| account.as_ref().map(|account| account.role == Role::Owner));
        (app.accounts.with(Option::is_some), is_owner)
    });
    html::section()
        .class("wizard")
        .test("wizard")
        .attr("data-account", id.to_string())
        .child(move || match may.get() {
            (false, None) => html::div()
                .class("card ghost")
                .attr("aria-hidden", "true")
                .into_node(),
            (true, None) => gone().into_node(),
            (_, Some(false)) => (
                title(wizard.app.page, wizard.account),
                Notice::new(Tone::Wait, "not-owner", ONLY_OWNERS).view(),
            )
                .into_node(),
            (_, Some(true)) => wizard.view(),
        })
}

impl Wizard {
    /// Goes on by itself when the extension or the server tells that it is done.
    fn watch(self) {
        // A stored session of another transfer than before is the one that was made here.
        let transfer = Derived::new(move || {
            self.account.with(|account| {
                let stored = session::stored(&account.as_ref()?.session)?;
                Some(stored.transfer.to_string())
            })
        });
        Effect::new(move |_| {
            let now = transfer.get();
            if self.opened.get() && now.is_some() && now != self.before.get_untracked() {
                self.opened.set(false);
                self.stage.set(Stage::Success);
                self.app.page.say("Session transferred.".to_owned());
            }
        });
        let step = self.step();
        Effect::new(move |_| {
            if step.get() == PageStep::Done && self.opened.get_untracked() {
                self.app.refresh_account(self.id);
            }
        });
        // Without word from the extension the server tells as well.
        let tick = gloo_timers::callback::Interval::new(2_000, move || {
            if self.opened.get_untracked() {
                self.app.refresh_account(self.id);
            }
        });
        let tick = StoredValue::new_local(Some(tick));
        on_cleanup(move || drop(tick.try_update_value(Option::take)));
    }

    fn step(self) -> Derived<PageStep> {
        Derived::new(move || {
            self.app
                .steps
                .with(|steps| steps.get(&self.id).cloned().unwrap_or(PageStep::None))
        })
    }

    fn readiness(self) -> Derived<Readiness> {
        Derived::new(move || {
            let extension = self.app.extension.get();
            self.app.me.with(|me| {
                me.as_ref()
                    .map_or(Readiness::Unknown, |me| Readiness::of(&extension, me))
            })
        })
    }

    fn view(self) -> Node {
        let stage = move || self.stage.get();
        (
            title(self.app.page, self.account),
            steps(self.stage),
            html::section().class("card block wizard-step").child(move || {
                let stage = stage();
                let body = match stage {
                    Stage::Consent => self.consent(),
                    Stage::Others => self.others(),
                    Stage::Transfer => self.transfer(),
                    Stage::Success => self.success(),
                };
                (self.heading(stage), body)
            }),
        )
            .into_node()
    }

    /// Each step is a page of its own to who listens or tabs.
    fn heading(self, stage: Stage) -> El {
        let handle = ferry_ui::dom::Handle::new();
        if stage != Stage::Consent {
            handle.focus_first();
        }
        html::h2()
            .attr("tabindex", "-1")
            .handle(&handle)
            .child(stage.title())
    }

    fn consent(self) -> Node {
        let app_name = move || {
            self.account
                .with(|account| account.as_ref().map(|account| text::name(&account.app.name)))
        };
        let sites = move || {
            self.account
                .with(|account| account.as_ref().map(|account| site_list(&account.app.domains)))
        };
        // Some apps keep the sign-in, or a part of it, beside the cookies.
        let stored = move || {
            self.account.with(|account| {
                let is_stored = account
                    .as_ref()
                    .is_some_and(|account| !account.app.storage_keys().is_empty());
                is_stored
                    .then(|| html::p().child("And the sign-in entries that the app keeps in local storage."))
            })
        };
        let on = Button::new(Look::Primary, "wizard-next", "Next")
            .disabled(Derived::new(move || !self.agreed.get()))
            .on_click(move |_| {
                self.stage.set(Stage::Others);
                self.look();
            });
        (
            html::p().child((
                "Your signed-in session at ",
                app_name,
                " is copied from this browser to your own cloud, so that automation can act there as you, without \
                 signing in again.",
            )),
            html::dl().class("facts").child((
                ferry_ui::page::fact("What is taken", ("All cookies of these sites: ", sites, stored)),
                ferry_ui::page::fact("What is not", "Passwords, history, other sites."),
                ferry_ui::page::fact("Who can read it", "Only your vault. It is sealed in this browser; the server cannot open it."),
                ferry_ui::page::fact("How to undo it", "Delete the session here or in the extension, at any time."),
            )),
            checkbox("wizard-agree", "I agree to transfer my active session", self.agreed),
            html::div().class("actions").child((on.view(), self.cancel())),
        )
            .into_node()
    }

    fn cancel(self) -> El {
        Button::new(Look::Quiet, "wizard-cancel", "Cancel")
            .on_click(move |_| self.app.go(Route::Account(self.id)))
            .view()
    }

    /// Asks the extension what it finds.
    fn look(self) {
        if self.looking.get_untracked() {
            return;
        }
        self.looking.set(true);
        self.trouble.set(None);
        self.app.look_for_extension();
        spawn_local(async move {
            let mut found = extension::look(self.id).await;
            if matches!(&found, Err(ExtensionError::Refused(why)) if why.code == "too-many-requests") {
                // It looks once in a while only.
                gloo_timers::future::TimeoutFuture::new(LOOK_PAUSE_MS as u32).await;
                found = extension::look(self.id).await;
            }
            self.looking.set(false);
            match found {
                Ok(finding) => self.finding.set(Some(finding)),
                Err(error) => {
                    self.finding.set(None);
                    self.trouble.set(Some(error.trouble()));
                }
            }
        });
    }

    fn others(self) -> Node {
        let readiness = self.readiness();
        let found = move || {
            if let Some(advice) = readiness.get().advice() {
                return advised(advice).into_node();
            }
            if self.looking.get() {
                return html::p()
                    .class("looking")
                    .attr("role", "status")
                    .child((spinner(), html::span().child("Looking at who is signed in…")))
                    .into_node();
            }
            (self.found(), failed(self.trouble)).into_node()
        };
        let goes_on = Derived::new(move || {
            let account = self.account.get();
            readiness.get() == Readiness::Ready
                && !self.looking.get()
                && match (self.finding.get(), account) {
                    (Some(finding), Some(account)) => advice(finding, &account).goes_on,
                    _ => false,
                }
        });
        let on = Button::new(Look::Primary, "wizard-next", "Next")
            .disabled(Derived::new(move || !goes_on.get()))
            .on_click(move |_| self.stage.set(Stage::Transfer));
        let again = Button::new(Look::Plain, "wizard-look", "Look again")
            .icon(Icon::Refresh)
            .busy(self.looking)
            .on_click(move |_| self.look());
        (
            html::p().class("soft").child(
                "Exactly one person may be signed in at the app, and it has to be the one that this account is for.",
            ),
            found,
            html::div()
                .class("actions")
                .child((on.view(), again.view(), self.cancel())),
        )
            .into_node()
    }

    fn found(self) -> Option<Node> {
        let (finding, account) = (self.finding.get()?, self.account.get()?);
        let advice = advice(finding, &account);
        let helps = advice.helps.and_then(|helps| {
            let (words, url) = match helps {
                Helps::SignIn => ("Open the sign-in page", Some(account.app.sign_in.clone())),
                Helps::SignOut => ("Open the sign-out page", account.app.sign_out.clone()),
            };
            let url = url.or(Some(account.app.sign_in.clone()))?;
            Some(
                html::a()
                    .class("button plain")
                    .attr("href", openable(&url)?.to_owned())
                    .attr("target", "_blank")
                    .attr("rel", "noopener noreferrer")
                    .test("wizard-help")
                    .child((icon(Icon::Open), html::span().child(words))),
            )
        });
        Some(
            Notice::new(advice.tone, advice.code, &advice.message)
                .title(&advice.title)
                .actions(helps)
                .view()
                .into_node(),
        )
    }

    /// Has the extension open its own page, where the person clicks.
    fn open(self) {
        let before = self.account.with_untracked(|account| {
            let stored = session::stored(&account.as_ref()?.session)?;
            Some(stored.transfer.to_string())
        });
        self.before.set(before);
        self.trouble.set(None);
        spawn_local(async move {
            let asked = async {
                extension::follow(self.id).await?;
                extension::open(self.id).await
            };
            match asked.await {
                Ok(()) => self.opened.set(true),
                Err(error) => self.trouble.set(Some(error.trouble())),
            }
        });
    }

    fn transfer(self) -> Node {
        let step = self.step();
        let readiness = self.readiness();
        let how = move || {
            if let Some(advice) = readiness.get().advice() {
                return advised(advice).into_node();
            }
            if !self.opened.get() {
                return ().into_node();
            }
            match step.get() {
                PageStep::Failed { failure } => Notice::new(Tone::Bad, &failure.code, &failure.message)
                    .title("Not transferred.")
                    .view()
                    .into_node(),
                step => {
                    let words = progress(&step).unwrap_or("Waiting for your click in Ferry’s own tab…");
                    html::p()
                        .class("looking")
                        .test("wizard-progress")
                        .attr("role", "status")
                        .child((spinner(), html::span().child(words)))
                        .into_node()
                }
            }
        };
        let go = move || {
            let words = if self.opened.get() {
                "Open Ferry’s tab again"
            } else {
                "Transfer session"
            };
            let look = if self.opened.get() {
                Look::Plain
            } else {
                Look::Primary
            };
            Button::new(look, "wizard-transfer", words)
                .icon(Icon::Share)
                .on_click(move |_| self.open())
                .view()
        };
        (
            html::p().class("soft").child(
                "This opens a tab of the Ferry extension. It names the app, the account and what will be taken; the \
                 transfer starts with your click there, and nowhere else.",
            ),
            how,
            failed(self.trouble),
            html::div().class("actions").child((go, self.cancel())),
        )
            .into_node()
    }

    fn success(self) -> Node {
        (
            Notice::new(
                Tone::Good,
                "transferred",
                "The cloud now tries it out and checks again who is signed in.",
            )
            .title("Session transferred.")
            .view(),
            session_chip(status(self.account)),
            html::div().class("actions").child(
                Button::new(Look::Primary, "wizard-done", "Done")
                    .on_click(move |_| self.app.go(Route::Account(self.id)))
                    .view(),
            ),
        )
            .into_node()
    }
}

fn advised((code, title, message): (&'static str, &'static str, &'static str)) -> El {
    Notice::new(Tone::Wait, code, message).title(title).view()
}

/// Where in the wizard one is.
fn steps(now: Var<Stage>) -> El {
    let step = move |(n, stage): (usize, Stage)| {
        let class = move || match stage.cmp(&now.get()) {
            std::cmp::Ordering::Less => "wizard-done",
            std::cmp::Ordering::Equal => "wizard-now",
            std::cmp::Ordering::Greater => "wizard-ahead",
        };
        let current = move || (stage == now.get()).then_some("step");
        html::li().class(class).attr("aria-current", current).child((
            html::span()
                .class("wizard-number")
                .attr("aria-hidden", "true")
                .child((n + 1).to_string()),
            html::span().child(stage.title()),
        ))
    };
    html::ol()
        .class("wizard-steps")
        .attr("aria-label", "Steps")
        .child(Stage::ALL.into_iter().enumerate().map(step).collect::<Vec<_>>())
}
