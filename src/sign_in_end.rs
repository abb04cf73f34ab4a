//! When a sign-in ends by itself, told before it is transferred.

use ferry_catalogue::App;
use ferry_protocol::UnixMillis;
use ferry_protocol::jar::Jar;

/// When nobody is signed in any more by the app's rule, since cookies have run out: the
/// first of those that are all needed, the last of those of which one is enough. `None`:
/// it lasts as long as the browser session, or the app names no cookies.
pub fn sign_in_ends(app: &App, jar: &Jar) -> Option<UnixMillis> {
    let ends = |wanted: &[String]| {
        let is_wanted = |name: &str| wanted.iter().any(|one| one.split('=').next() == Some(name));
        let there = jar.cookies.iter().filter(|cookie| !cookie.value.is_empty());
        let wanted = there.filter(|cookie| is_wanted(&cookie.name));
        wanted
            .map(|cookie| cookie.expires.unwrap_or(f64::INFINITY))
            .collect::<Vec<_>>()
    };
    let first = ends(&app.signed_in.all).into_iter().reduce(f64::min);
    let last = ends(&app.signed_in.any).into_iter().reduce(f64::max);
    let seconds = first.into_iter().chain(last).reduce(f64::min)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and no clock gets there"
    )]
    let millis = (seconds * 1000.0) as i64;
    seconds.is_finite().then_some(UnixMillis(millis))
}

#[cfg(test)]
mod tests {
    use ferry_protocol::jar::Cookie;

    use super::*;
    use crate::testing::app;

    fn cookie(name: &str, expires: Option<f64>) -> Cookie {
        Cookie {
            name: name.to_owned(),
            value: "v".to_owned(),
            domain: "notes.example".to_owned(),
            host_only: true,
            path: "/".to_owned(),
            secure: true,
            http_only: true,
            same_site: ferry_protocol::jar::SameSite::Lax,
            expires,
            partition: None,
        }
    }

    #[test]
    fn the_first_of_all_and_the_last_of_any() {
        let mut app = app();
        app.signed_in.all = vec!["a".to_owned(), "b=v".to_owned()];
        app.signed_in.any = vec!["x".to_owned(), "y".to_owned()];
        let ends = |cookies: &[(&str, Option<f64>)]| {
            let cookies = cookies.iter().map(|(name, at)| cookie(name, *at)).collect();
            sign_in_ends(
                &app,
                &Jar {
                    cookies,
                    storage: Vec::new(),
                },
            )
            .map(|at| at.0)
        };
        assert_eq!(
            ends(&[("a", None), ("b", None), ("x", Some(1.0)), ("y", None)]),
            None
        );
        assert_eq!(
            ends(&[
                ("a", Some(9.0)),
                ("b", Some(5.0)),
                ("x", Some(1.0)),
                ("y", Some(7.5))
            ]),
            Some(5000)
        );
        assert_eq!(
            ends(&[
                ("a", None),
                ("x", Some(1.0)),
                ("y", Some(7.5)),
                ("other", Some(0.1))
            ]),
            Some(7500)
        );
        assert_eq!(ends(&[("other", Some(1.0))]), None);
    }
}
