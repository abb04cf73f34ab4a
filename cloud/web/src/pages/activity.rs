//! What was done: the audit trail, the newest first.

pub mod words;

use ferry_protocol::UnixMillis;
use ferry_protocol::api::{AuditEvent, ListedUser};
use ferry_ui::button::{Button, Look, icon_button};
use ferry_ui::dom::{El, Handle, IntoNode, Node, html, keyed};
use ferry_ui::icon::{Icon, icon};
use ferry_ui::page::Trouble;
use ferry_ui::reactive::{Derived, Var};
use ferry_ui::text;
use leptos::task::spawn_local;

use self::words::Part;
use super::{failed, heading, since};
use crate::app::App;
use crate::route::{Manage, Route};

/// What this page knows.
#[derive(Clone, Copy)]
struct Trail {
    app: App,
    /// The newest first; `None` until they came.
    events: Var<Option<Vec<AuditEvent>>>,
    /// Whether there are older ones.
    more: Var<bool>,
    /// Whom details name by an identifier: for admins, who may know.
    people: Var<Vec<ListedUser>>,
    trouble: Var<Option<Trouble>>,
    busy: Var<bool>,
    /// The last of the older ones were asked for, and came.
    ended: Var<bool>,
}

/// The page.
pub fn page() -> El {
    let app = App::here();
    let trail = Trail {
        app,
        events: Var::new(None),
        more: Var::new(false),
        people: Var::new(Vec::new()),
        trouble: Var::new(None),
        busy: Var::new(false),
        ended: Var::new(false),
    };
    trail.fetch(false);
    let days = Derived::new(move || {
        trail.events.with(|events| {
            let mut days: Vec<_> = events.iter().flatten().map(|event| local_day(event.at)).collect();
            days.dedup();
            days
        })
    });
    let state = Derived::new(move || trail.events.with(|events| events.as_ref().map(Vec::is_empty)));
    let instead = move || match state.get() {
        None if trail.trouble.with(Option::is_none) => ghosts().into_node(),
        Some(true) => empty().into_node(),
        _ => ().into_node(),
    };
    let older = move || {
        trail.more.get().then(|| {
            Button::new(Look::Plain, "older", "Show older")
                .busy(trail.busy)
                .on_click(move |_| trail.fetch(true))
                .view()
        })
    };
    html::section().test("activity").child((
        html::div().class("page-head").child((
            heading("Activity"),
            icon_button(
                "refresh-activity",
                Icon::Refresh,
                "Refresh",
                trail.busy,
                move |_| trail.fetch(false),
            ),
        )),
        instead,
        keyed(move || days.get(), move |day| trail.day(day)),
        failed(trail.trouble),
        html::div().class("actions").child(older),
        move || trail.ended.get().then(end),
    ))
}

/// Takes the focus of the button that is gone.
fn end() -> El {
    let handle = Handle::new();
    handle.focus_first();
    html::p()
        .class("soft centred")
        .test("activity-end")
        .attr("tabindex", "-1")
        .handle(&handle)
        .child("That is everything.")
}

fn ghosts() -> El {
    html::div()
        .class("cards")
        .attr("aria-hidden", "true")
        .child(html::div().class("card ghost"))
}

fn empty() -> El {
    html::div().class("empty").test("no-activity").child((
        html::span().class("empty-icon").child(icon(Icon::Clock)),
        html::h2().child("Nothing was done yet"),
        html::p()
            .class("soft")
            .child("What you do, and what is done with your accounts and devices, shows up here."),
    ))
}

impl Trail {
    /// Asks for the newest events, or for those before the ones that are shown.
    fn fetch(self, older: bool) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.trouble.set(None);
        let shown = self.events.get_untracked().unwrap_or_default();
        let before = shown.last().filter(|_| older).map(|event| event.id.clone());
        spawn_local(async move {
            let names_people = self
                .app
                .me
                .with_untracked(|me| me.as_ref().is_some_and(|me| me.admin));
            if names_people
                && !older
                && let Ok(people) = self.app.ask(async |client| client.users().await).await
            {
                // Without them, sentences say "somebody".
                self.people.set(people);
            }
            let page = self
                .app
                .ask(async |client| client.audit(before.as_deref()).await)
                .await;
            self.busy.set(false);
            match page {
                Ok(page) => {
                    let count = page.events.len();
                    let mut events = if older { shown } else { Vec::new() };
                    events.extend(page.events);
                    self.events.set(Some(events));
                    self.more.set(page.more);
                    self.ended.set(older && !page.more);
                    if older {
                        let said = text::count(count as u64, "older entry", "older entries");
                        self.app.page.say(format!("{said} below."));
                    }
                }
                Err(error) => self.trouble.set(Some(error.trouble())),
            }
        });
    }

    fn day(self, day: i64) -> El {
        let of_day = move || {
            self.events.with(|events| {
                let events = events.iter().flatten();
                let of_day = events.filter(|event| local_day(event.at) == day);
                of_day.map(|event| event.id.clone()).collect::<Vec<_>>()
            })
        };
        let first = self.events.with_untracked(|events| {
            let mut events = events.iter().flatten();
            events
                .find(|event| local_day(event.at) == day)
                .map(|event| event.at)
        });
        let title = Derived::new(move || day_title(self.app.page.now.get(), first.unwrap_or(UnixMillis(0))));
        html::section().class("day").test("day").child((
            html::h2().child(move || title.get()),
            html::ul()
                .class("card events")
                .child(keyed(of_day, move |id| self.event(&id))),
        ))
    }

    fn event(self, id: &str) -> El {
        let event = self.events.with_untracked(|events| {
            let mut events = events.iter().flatten();
            events.find(|event| event.id == id).cloned()
        });
        html::li()
            .class("event")
            .test("event")
            .child(event.map(|event| self.told(event)))
    }

    fn told(self, event: AuditEvent) -> Node {
        let with = words::with_device(&event).map(|device| {
            html::p()
                .class("soft small one-line")
                .child(("with ", text::name(device)))
        });
        let more = words::more(&event).map(|more| {
            html::p()
                .class("soft small")
                .child(text::Clean::sentence(more).into_string())
        });
        let at = event.at;
        (
            html::p()
                .test("event-words")
                .attr("data-action", event.action.clone())
                .child(self.sentence(&event)),
            more,
            with,
            html::p().class("soft small event-when").child(since(at)),
        )
            .into_node()
    }

    fn sentence(self, event: &AuditEvent) -> Vec<Node> {
        let Some(parts) = words::sentence(&event.action) else {
            // As it is: a newer server knows what it means.
            let action = text::name(&event.action).class("name mono");
            let account = event.account.map(|_| (": ", self.account(event)));
            return vec![(who(event), " – ", action).into_node(), account.into_node()];
        };
        let node = |part| match part {
            Part::Words(words) => words.into_node(),
            Part::Who => who(event).into_node(),
            Part::Account => self.account(event),
            Part::Device => match &event.device_name {
                Some(name) => html::strong().child(text::name(name)).into_node(),
                None => "a device".into_node(),
            },
            Part::Person => self.person(event),
            Part::Detail => match &event.detail {
                Some(detail) => text::name(detail).into_node(),
                None => "?".into_node(),
            },
        };
        parts.into_iter().map(node).collect()
    }

    /// The account's name: a link for those who can see the account.
    fn account(self, event: &AuditEvent) -> Node {
        let Some(id) = event.account else {
            return "an account".into_node();
        };
        let name = event
            .account_name
            .clone()
            .unwrap_or_else(|| "an account".to_owned());
        let app = self.app;
        let is_own = Derived::new(move || app.account(id).with(Option::is_some));
        let is_admin = app.is_admin();
        let view = move || {
            let route = match (is_own.get(), is_admin.get()) {
                (true, _) => Some(Route::Account(id)),
                (false, true) => Some(Route::Manage(Manage::Account(id))),
                (false, false) => None,
            };
            match route {
                Some(route) => html::a()
                    .attr("href", route.hash())
                    .test("event-account")
                    .child(text::name(&name)),
                None => html::strong().child(text::name(&name)),
            }
        };
        view.into_node()
    }

    fn person(self, event: &AuditEvent) -> Node {
        let id = words::person(event);
        let name = self.people.with_untracked(|people| {
            let person = people
                .iter()
                .find(|one| Some(one.user.id.to_string().as_str()) == id);
            person.map(|one| one.user.name.clone())
        });
        match name {
            Some(name) => html::strong().child(text::name(&name)).into_node(),
            None => "somebody".into_node(),
        }
    }
}

fn who(event: &AuditEvent) -> El {
    html::strong().child(text::name(&words::who(event)))
}

/// The day where this browser is.
fn local_day(at: UnixMillis) -> i64 {
    words::day(at, date(at).get_timezone_offset() as i64)
}

fn date(at: UnixMillis) -> js_sys::Date {
    js_sys::Date::new(&(at.0 as f64).into())
}

/// `Today`, `Yesterday`, or the date as this browser writes it.
fn day_title(now: UnixMillis, at: UnixMillis) -> String {
    match local_day(now) - local_day(at) {
        0 => "Today".to_owned(),
        1 => "Yesterday".to_owned(),
        _ => {
            let form = js_sys::Object::new();
            for part in ["weekday", "month"] {
                // Fails only for objects that cannot be changed.
                let _ = js_sys::Reflect::set(&form, &part.into(), &"long".into());
            }
            for part in ["day", "year"] {
                let _ = js_sys::Reflect::set(&form, &part.into(), &"numeric".into());
            }
            date(at).to_locale_date_string("default", &form).into()
        }
    }
}
