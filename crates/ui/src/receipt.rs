//! What became of the cookies in the cloud.

use ferry_protocol::api::Receipt;

use crate::dom::{El, html};
use crate::page::fact;
use crate::session::refused;
use crate::text::{self, count};

/// Most refused cookies that are listed.
const MOST_REFUSED: usize = 50;

/// How many were restored, and which were not and why.
pub fn receipt(receipt: Receipt) -> El {
    let Receipt {
        sealed,
        restored,
        refused: not_taken,
        ..
    } = receipt;
    // Not all of them are named.
    let n = sealed.saturating_sub(restored);
    let words = if n == 0 {
        format!("all {} restored", count(sealed.into(), "cookie", "cookies"))
    } else {
        format!(
            "{restored} of {} restored",
            count(sealed.into(), "cookie", "cookies")
        )
    };
    let list = (n > 0).then(|| {
        let rows = not_taken.into_iter().take(MOST_REFUSED).map(|cookie| {
            html::li().child((
                html::span().class("mono").child(text::name(&cookie.name)),
                " at ",
                text::name(&cookie.domain),
                ": ",
                refused(cookie.reason),
            ))
        });
        html::details().class("refused").child((
            html::summary().child(format!("{} refused", count(n.into(), "cookie", "cookies"))),
            html::ul().child(rows.collect::<Vec<_>>()),
        ))
    });
    fact("Receipt", html::div().test("receipt").child((words, list)))
}
