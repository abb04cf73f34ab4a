//! What is told of a session before it is transferred, beside whose it is: what looks
//! bound to this device, and when the sign-in ends by itself.

use ferry_catalogue::App;
use ferry_protocol::UnixMillis;
use ferry_protocol::jar::Jar;

/// When the first of the cookies runs out without which nobody is signed in; `None`: they
/// last as long as the browser session, or the app names none.
pub fn sign_in_ends(app: &App, jar: &Jar) -> Option<UnixMillis> {
    let needed = &app.signed_in;
    let is_needed = |name: &str| {
        let mut wanted = needed.all.iter().chain(&needed.any);
        wanted.any(|wanted| wanted.split('=').next() == Some(name))
    };
    let ends = jar
        .cookies
        .iter()
        .filter(|cookie| is_needed(&cookie.name) && !cookie.value.is_empty())
        .filter_map(|cookie| cookie.expires);
    ends.reduce(f64::min).map(|seconds| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, and no clock gets there"
        )]
        let millis = (seconds * 1000.0) as i64;
        UnixMillis(millis)
    })
}
