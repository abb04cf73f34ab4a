//! Whatever the accounts and tokens are: of those beside the active one nothing stays.

#![expect(clippy::unwrap_used, reason = "a test")]

use ferry_catalogue::{App, CookieView, builtin};
use proptest::collection::{hash_set, vec};
use proptest::prelude::*;

fn app(id: &str) -> &'static App {
    builtin().iter().find(|app| app.id.as_str() == id).unwrap()
}

/// An account: its number and its token, of which none is part of another by chance.
fn accounts() -> impl Strategy<Value = Vec<(u64, String)>> {
    let tokens = hash_set("[A-Za-z0-9_-]{20,48}", 1..10);
    (tokens, vec(any::<u64>(), 10)).prop_map(|(tokens, numbers)| numbers.into_iter().zip(tokens).collect())
}

/// Writes some characters percent-encoded, by turns in lower and upper case, and
/// always those that `must` be.
fn encode(text: &str, must: &str, which: &[bool]) -> String {
    let mut turns = which.iter().cycle();
    text.chars().fold(String::new(), |mut out, c| {
        let by_chance = *turns.next().unwrap_or(&false);
        match (must.contains(c) || by_chance, turns.next()) {
            (true, Some(true)) => out.push_str(&format!("%{:02x}", c as u32)),
            (true, _) => out.push_str(&format!("%{:02X}", c as u32)),
            (false, _) => out.push(c),
        }
        out
    })
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|_| *first == b'%')
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The values that are left of cookies of the app's first domain.
fn left(app: &App, cookies: &[(&str, &str)]) -> Option<Vec<String>> {
    let domain = &app.domains[0];
    let views: Vec<_> = cookies
        .iter()
        .map(|&(name, value)| CookieView { name, value, domain })
        .collect();
    let mut left: Vec<_> = cookies
        .iter()
        .map(|(_, value)| Some((*value).to_owned()))
        .collect();
    for edit in app.without_others(&views)? {
        left[edit.index] = edit.value.map(|value| value.to_string());
    }
    Some(left.into_iter().flatten().collect())
}

proptest! {
    #[test]
    fn of_a_list_the_own_entry_stays_and_nothing_of_the_others(
        accounts in accounts(),
        active in any::<proptest::sample::Index>(),
        (id, name, session, separator) in prop_oneof![
            proptest::sample::select(vec!["|", ",", ";"])
                .prop_map(|separator| ("github", "saved_user_sessions", "user_session", separator)),
            Just(("tiktok", "multi_sids", "sessionid", "|")),
        ],
        which in vec(any::<bool>(), 1..40),
        quoted in any::<bool>(),
    ) {
        let active = active.index(accounts.len());
        let entries: Vec<_> = accounts
            .iter()
            .map(|(number, token)| encode(&format!("{number}:{token}"), "", &which))
            .collect();
        let quote = if quoted { "\"" } else { "" };
        let list = format!("{quote}{}{quote}", entries.join(&encode(separator, ";", &which)));
        let own = &accounts[active].1;
        let left = left(app(id), &[("lang", "en"), (session, own), (name, &list)]);
        let left = left.expect("it is certain whose each entry is");
        let expected = format!("{quote}{}{quote}", entries[active]);
        prop_assert_eq!(&left, &["en".to_owned(), own.clone(), expected]);
        for (_, token) in accounts.iter().filter(|(_, token)| token != own) {
            for value in &left {
                prop_assert!(!value.contains(token) && !decode(value).contains(token));
            }
        }
    }

    /// With a separator that is not known, an encoding over the encoding, or a token
    /// that is there twice, nothing of the list may be believed.
    #[test]
    fn a_list_in_doubt_is_left_alone(
        accounts in accounts().prop_filter("several", |accounts| accounts.len() > 1),
        separator in "[^|,;:A-Za-z0-9._~+/=-]{1,3}|:|%7C7",
        again in any::<bool>(),
    ) {
        let entries: Vec<_> = accounts
            .iter()
            .map(|(number, token)| format!("{number}:{token}"))
            .collect();
        let own = &accounts[0].1;
        let mut list = entries.join(if again { "|" } else { &separator });
        if again {
            list = format!("{list}|7:{own}");
        }
        let cookies = [("user_session", own.as_str()), ("saved_user_sessions", &list)];
        if again || decode(&separator) != "|7" {
            prop_assert!(left(app("github"), &cookies).is_none(), "{}", list);
        }
    }

    #[test]
    fn of_the_others_cookie_nothing_stays(list in "\\PC{1,200}", token in "[0-9a-f]{40}") {
        let cookies = [("auth_token", token.as_str()), ("auth_multi", &list), ("ct0", "x")];
        prop_assert_eq!(left(app("x"), &cookies), Some(vec![token.clone(), "x".to_owned()]));
    }

    /// Whatever is in the cookies: what is left is what was there, or a part of it.
    #[test]
    fn any_list_gives_a_part_of_itself_or_nothing(
        list in prop_oneof![any::<String>(), "([0-9a-c]{0,3}|:|\\||%3[Aa]|%7[Cc]|\"|%|,){0,40}"],
        own in prop_oneof![any::<String>(), "[0-9a-c]{1,2}"],
    ) {
        for (id, name, session) in [
            ("github", "saved_user_sessions", "user_session"),
            ("tiktok", "multi_sids", "sid_tt"),
        ] {
            let Some(left) = left(app(id), &[(session, &own), (name, &list)]) else { continue };
            prop_assert_eq!(&left[0], &own);
            let inner = left[1].trim_matches('"');
            prop_assert!(list.contains(inner), "{:?}", left[1]);
            prop_assert!(list.is_empty() || decode(inner).ends_with(&decode(own.trim_matches('"'))));
        }
    }
}
