//! The people of the workspace, for its admins.

mod invite;

use std::rc::Rc;

use ferry_protocol::UserId;
use ferry_protocol::api::{Invite, ListedUser, UserState};
use ferry_ui::Tone;
use ferry_ui::button::{Button, Look, icon_button};
use ferry_ui::devices::{self, Act, Answer, Whose};
use ferry_ui::dialog::Confirm;
use ferry_ui::dom::{El, Handle, IntoNode, Node, html, keyed};
use ferry_ui::icon::Icon;
use ferry_ui::page::Trouble;
use ferry_ui::person::tile;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text::{self, Clean};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::admin::{Saved, back, by_name, chip, ghosts};
use super::{failed, heading, since};
use crate::app::{App, AskError};
use crate::route::{Manage, Route};

/// What this page knows.
#[derive(Clone, Copy)]
struct People {
    app: App,
    /// By name; `None` until they came.
    all: Var<Option<Vec<ListedUser>>>,
    trouble: Var<Option<Trouble>>,
    saved: Saved,
    /// Something is being asked for.
    busy: Var<bool>,
    /// Who is being sent another invitation.
    sending: Var<Option<UserId>>,
    /// Who is about to be deprovisioned.
    ending: Var<Option<ListedUser>>,
    /// The form for invitations is open.
    inviting: Var<bool>,
}

/// The page.
pub fn page() -> El {
    let people = People {
        app: App::here(),
        all: Var::new(None),
        trouble: Var::new(None),
        saved: Saved::here(),
        busy: Var::new(false),
        sending: Var::new(None),
        ending: Var::new(None),
        inviting: Var::new(false),
    };
    people.ask(
        async |app| app.ask(async |client| client.users().await).await,
        None,
    );
    let opener = Handle::new();
    let open = Button::new(Look::Primary, "invite", "Invite somebody")
        .icon(Icon::Mail)
        .on_click(move |_| people.inviting.update(|open| *open = !*open))
        .view()
        .attr("aria-expanded", move || {
            if people.inviting.get() { "true" } else { "false" }
        })
        .handle(&opener);
    let form = move || {
        people
            .inviting
            .get()
            .then(|| invite::form(people, opener.clone()))
    };
    let is_loading =
        Derived::new(move || people.all.with(Option::is_none) && people.trouble.with(Option::is_none));
    let count = Derived::new(move || people.past().len());
    let past = move || {
        (count.get() > 0).then(|| {
            let words =
                move || text::count(count.get() as u64, "deprovisioned person", "deprovisioned people");
            html::details().class("past").test("past-people").child((
                html::summary().child(words),
                html::ul()
                    .class("cards")
                    .child(keyed(move || people.past(), move |id| people.card(id))),
            ))
        })
    };
    html::section().test("people").child((
        html::div().class("page-head").child((heading("People"), open)),
        people.saved.view(),
        form,
        failed(people.trouble),
        move || is_loading.get().then(ghosts),
        html::ul()
            .class("cards")
            .child(keyed(move || people.present(), move |id| people.card(id))),
        past,
        people.dialog(),
    ))
}

/// The devices of one person.
pub fn devices(user: UserId) -> Node {
    let app = App::here();
    let name = Var::new(None::<String>);
    spawn_local(async move {
        if let Ok(people) = app.ask(async |client| client.users().await).await {
            let found = people.into_iter().find(|one| one.user.id == user);
            name.set(found.map(|one| Clean::name(&one.user.name).into_string()));
        }
    });
    let title = move || match name.get() {
        Some(name) => format!("Trusted devices of {name}"),
        None => "Trusted devices".to_owned(),
    };
    let ask = move |act: Act, answer: Answer| {
        spawn_local(async move {
            let asked = app.ask(async |client| match act {
                Act::Disable(device) => client.disable_device_of(user, device).await,
                // Nobody approves or denies what is another's: the page does not offer it.
                Act::List | Act::Approve { .. } | Act::Deny(_) => client.devices_of(user).await,
            });
            answer(asked.await.map_err(Trouble::from));
        });
    };
    (
        back("People", Route::Manage(Manage::People)),
        devices::page(app.page, Whose::Others, title, Rc::new(ask)),
    )
        .into_node()
}

impl People {
    /// Asks, shows the people that come back, and tells what was done.
    fn ask(
        self,
        ask: impl AsyncFnOnce(App) -> Result<Vec<ListedUser>, AskError> + 'static,
        done: Option<String>,
    ) {
        self.busy.set(true);
        self.trouble.set(None);
        self.saved.forget();
        spawn_local(async move {
            let answer = ask(self.app).await;
            self.busy.set(false);
            self.sending.set(None);
            match answer {
                Ok(people) => {
                    self.all.set(Some(by_name(people)));
                    if let Some(done) = done {
                        self.saved.tell(self.app, done);
                    }
                }
                Err(error) => self.trouble.set(Some(error.trouble())),
            }
        });
    }

    fn ids(self, is_wanted: impl Fn(UserState) -> bool) -> Vec<UserId> {
        self.all.with(|all| {
            let wanted = all.iter().flatten().filter(|one| is_wanted(one.state));
            wanted.map(|one| one.user.id).collect()
        })
    }

    fn present(self) -> Vec<UserId> {
        self.ids(|state| state != UserState::Deprovisioned)
    }

    fn past(self) -> Vec<UserId> {
        self.ids(|state| state == UserState::Deprovisioned)
    }

    fn card(self, id: UserId) -> El {
        let person = Derived::new(move || {
            self.all.with(|all| {
                let mut all = all.iter().flatten();
                all.find(|one| one.user.id == id).cloned()
            })
        });
        html::li()
            .class("card person")
            .test("person")
            .attr("data-user", id.to_string())
            .child(move || person.get().map(|person| self.row(person)))
    }

    fn row(self, person: ListedUser) -> Node {
        let is_me = self
            .app
            .me
            .with_untracked(|me| me.as_ref().is_some_and(|me| me.user.id == person.user.id));
        let state = match person.state {
            UserState::Invited => chip(Tone::Wait, "person-state", "Invited"),
            UserState::Active => chip(Tone::Good, "person-state", "Active"),
            UserState::Deprovisioned => chip(Tone::Quiet, "person-state", "Deprovisioned"),
        };
        let admin = person.admin.then(|| chip(Tone::Quiet, "person-admin", "Admin"));
        let me = is_me.then(|| chip(Tone::Quiet, "person-me", "You"));
        let devices = html::a()
            .attr("href", Route::Manage(Manage::DevicesOf(person.user.id)).hash())
            .test("person-devices")
            .child((
                text::count(
                    u64::from(person.trusted_devices),
                    "trusted device",
                    "trusted devices",
                ),
                html::span()
                    .class("sr-only")
                    .child((" of ", text::name(&person.user.name))),
            ));
        let verb = match person.state {
            UserState::Invited => "Invited ",
            UserState::Active | UserState::Deprovisioned => "Added ",
        };
        html::div()
            .class("account-row")
            .child((
                tile(&person.user.name, &person.user.id.to_string()),
                html::div().class("account-text").child((
                    html::h2().class("one-line").child(text::name(&person.user.name)),
                    html::p()
                        .class("soft small one-line")
                        .child(text::name(&person.user.email)),
                    html::div().class("chips").child((state, admin, me)),
                    html::p()
                        .class("soft small person-more")
                        .child((devices, html::span().child((verb, since(person.added_at))))),
                    self.actions(person, is_me),
                )),
            ))
            .into_node()
    }

    fn actions(self, person: ListedUser, is_me: bool) -> Option<El> {
        if person.state == UserState::Deprovisioned || is_me {
            return None;
        }
        let id = person.user.id;
        let name = Clean::name(&person.user.name).into_string();
        let asked = person.clone();
        let again = (person.state == UserState::Invited).then(|| {
            let is_sending = Derived::new(move || self.sending.get() == Some(id));
            Button::new(Look::Plain, "invite-again", "Send again")
                .icon(Icon::Mail)
                .busy(is_sending)
                .on_click(move |_| self.send_again(&person))
                .view()
                .attr("aria-label", format!("Send the invitation to {name} again"))
        });
        let end = icon_button(
            "deprovision",
            Icon::Trash,
            format!("Deprovision {name}"),
            false,
            move |_| self.ending.set(Some(asked.clone())),
        );
        Some(html::div().class("person-actions").child((again, end)))
    }

    fn send_again(self, person: &ListedUser) {
        if self.busy.get_untracked() {
            return;
        }
        let invite = Invite {
            email: person.user.email.clone(),
            name: person.user.name.clone(),
            admin: person.admin,
        };
        self.sending.set(Some(person.user.id));
        let done = invite::sent(&invite.email);
        self.ask(
            async move |app| app.ask(async |client| client.invite(&invite).await).await,
            Some(done),
        );
    }

    fn dialog(self) -> El {
        let open = Derived::new(move || self.ending.with(Option::is_some));
        // The words stay while the dialog closes.
        let shown = Var::new(None::<ListedUser>);
        Effect::new(move |_| {
            if let Some(person) = self.ending.get() {
                shown.set(Some(person));
            }
        });
        let name = move || shown.get().map(|person| text::name(&person.user.name));
        let confirm = Confirm {
            title: ("Deprovision ", name, "?").into_node(),
            message: "All of their access ends at once, for good: every device of theirs is disabled, they are signed \
                      out everywhere, and the accounts are no longer theirs. Sessions that they transferred stay \
                      in the cloud until another owner deletes them."
                .into_node(),
            yes: "Deprovision",
            hook: "deprovision-confirm",
        };
        let deprovision = move || {
            if let Some(person) = shown.get_untracked() {
                let id = person.user.id;
                let name = Clean::name(&person.user.name).into_string();
                self.ask(
                    async move |app| app.ask(async |client| client.deprovision(id).await).await,
                    Some(format!("{name} is deprovisioned: all of their access has ended.")),
                );
            }
        };
        confirm.view(open, deprovision, move || self.ending.set(None))
    }
}
