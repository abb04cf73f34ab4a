//! The HTML. Whatever people wrote is escaped; the pages carry no script.

use std::fmt::Write;

use crate::sessions::Visitor;
use crate::users::{USERS, User};

/// Text as it stands in HTML, in attributes too.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// All parts made by `part`, one after the other.
fn each<T>(items: impl IntoIterator<Item = T>, part: impl Fn(T) -> String) -> String {
    items.into_iter().map(part).collect()
}

fn layout(title: &str, visitor: Option<&Visitor>, content: &str) -> String {
    let mut bar = String::new();
    if let Some(Visitor { active, .. }) = visitor {
        // Writing to a string cannot fail.
        let _ = write!(
            bar,
            r#"<nav aria-label="Main"><a href="/notes">Notes</a><a href="/account">Account</a></nav>
<a class="who" href="/account">{}<span>{}</span></a>"#,
            badge(active),
            active.name,
        );
    }
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Harbour</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28">Harbour</a>{bar}</header>
<main>
{content}
</main>
<footer>A demo app. Everything here is made up, and gone when it stops.</footer>
</body>
</html>
"#
    )
}

fn badge(user: &User) -> String {
    let initial = user.name.chars().next().unwrap_or('?');
    format!(
        r#"<span class="badge {}" aria-hidden="true">{initial}</span>"#,
        user.id
    )
}

/// The form to sign in with; for somebody who is, to add an account.
pub(crate) fn sign_in(visitor: Option<&Visitor>, password: &str, message: Option<&str>) -> String {
    let (title, lead) = match visitor {
        None => ("Sign in", "Your notes, moored safely.".to_owned()),
        Some(visitor) => (
            "Add an account",
            format!("{} stays signed in beside it.", visitor.active.name),
        ),
    };
    let message = message.map_or(String::new(), |text| {
        format!(r#"<p class="message" role="alert">{text}</p>"#)
    });
    let names = each(&USERS, |user| format!("<code>{}</code> ", user.id));
    layout(
        title,
        visitor,
        &format!(
            r#"<section class="card narrow">
<h1>{title}</h1>
<p class="lead">{lead}</p>
{message}
<form method="post" action="/sign-in">
<label for="user">Name</label>
<input id="user" name="user" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button class="primary" type="submit">Sign in</button>
</form>
<p class="hint">Demo users: {names}<br>Password of each: <code>{password}</code></p>
</section>"#,
            password = escape(password),
        ),
    )
}

/// The active identity's notes.
pub(crate) fn notes(visitor: &Visitor, notes: &[String]) -> String {
    let list = each(notes, |note| format!("<li>{}</li>\n", escape(note)));
    let first = visitor.active.name.split(' ').next().unwrap_or_default();
    layout(
        "Notes",
        Some(visitor),
        &format!(
            r#"<h1>{first}’s notes</h1>
<form class="new" method="post" action="/notes">
<label class="hidden" for="text">New note</label>
<input id="text" name="text" maxlength="500" placeholder="Write a note…" autocomplete="off" required>
<button class="primary" type="submit">Keep</button>
</form>
<ul class="notes">
{list}</ul>"#
        ),
    )
}

/// Who is signed in, and the account switcher.
pub(crate) fn account(visitor: &Visitor) -> String {
    let Visitor {
        active,
        identities,
        visits,
        ..
    } = visitor;
    let rows = each(identities, |user| row(user, *user == *active));
    let times = if *visits == 1 {
        "once".to_owned()
    } else {
        format!("{visits} times")
    };
    layout(
        "Account",
        Some(visitor),
        &format!(
            r#"<h1>Account</h1>
{person}
<h2>Signed in on this browser</h2>
<ul class="accounts">
{rows}</ul>
<div class="actions">
<a class="button" href="/sign-in">Add an account</a>
<form method="post" action="/sign-out"><button type="submit">Sign out of all</button></form>
</div>
<p class="hint">This page was opened {times} in this session. Each time it changes the session’s key.</p>"#,
            person = person(active),
        ),
    )
}

/// Who is signed in, and nothing else.
pub(crate) fn profile(visitor: &Visitor) -> String {
    layout(
        "Profile",
        Some(visitor),
        &format!("<h1>Profile</h1>\n{}", person(visitor.active)),
    )
}

fn person(user: &User) -> String {
    let User { id, name, email } = user;
    let badge = badge(user);
    format!(
        r#"<section class="card person">
{badge}
<div>
<p class="name">{name}</p>
<p id="signed-in-as">Signed in as <strong>{id}</strong> · {email}</p>
</div>
</section>"#
    )
}

/// Whether to sign out one of several.
pub(crate) fn sign_out(visitor: &Visitor, user: &User) -> String {
    let User { id, name, .. } = user;
    layout(
        "Sign out",
        Some(visitor),
        &format!(
            r#"<section class="card narrow">
<h1>Sign out {name}?</h1>
<p class="lead">Whoever else is signed in on this browser stays so.</p>
<form method="post" action="/sign-out"><button class="primary" name="user" value="{id}">Sign out</button></form>
<p class="hint"><a href="/account">Back to the account</a></p>
</section>"#
        ),
    )
}

fn row(user: &User, is_active: bool) -> String {
    let User { id, name, .. } = user;
    let badge = badge(user);
    let state = if is_active {
        r#"<span class="state">active</span>"#.to_owned()
    } else {
        format!(
            r#"<form method="post" action="/switch"><button name="user" value="{id}">Switch to {name}</button></form>"#
        )
    };
    format!(
        r#"<li>{badge}<span class="name">{name}</span>{state}
<form method="post" action="/sign-out"><button name="user" value="{id}" aria-label="Sign out {name}">Sign out</button></form></li>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_text() {
        assert_eq!(escape("<i a=\"1\">&'"), "&lt;i a=&quot;1&quot;&gt;&amp;&#39;");
        assert!(sign_in(None, "<b>", None).contains("<code>&lt;b&gt;</code>"));
    }
}
