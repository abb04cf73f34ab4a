//! The receipt of a transfer: how much arrived, and what did not. Names and domains only.
//! What the server is told of those refused is bounded, and so is the worker's log: a jar
//! can hold ten thousands of things that no browser ever held.

use ferry_protocol::TransferId;
use ferry_protocol::api::{
    Finding, MAX_REFUSED_COOKIES, MAX_REFUSED_ENTRIES, Receipt, RefusedCookie, RefusedEntry,
};

/// Most cookies, and most entries, that the log names: with those, what one check writes
/// stays below 300 KiB.
const MAX_LOGGED: usize = 1000;

/// As the server is told: the first of those refused. How many there are follows from the
/// counts.
pub(crate) fn shorten(mut finding: Finding) -> Finding {
    if let Finding::Verified { receipt, .. } | Finding::Invalid { receipt, .. } = &mut finding {
        receipt.refused.truncate(MAX_REFUSED_COOKIES);
        receipt.storage.refused.truncate(MAX_REFUSED_ENTRIES);
    }
    finding
}

/// Writes down what became of a session's cookies and of its entries of local storage.
pub(crate) fn log(transfer: TransferId, receipt: &Receipt) {
    let storage = &receipt.storage;
    tracing::info!(
        %transfer,
        cookies_read = receipt.read,
        cookies_left_out = receipt.read.saturating_sub(receipt.sealed),
        cookies_cut = receipt.cut,
        cookies_sealed = receipt.sealed,
        cookies_restored = receipt.restored,
        cookies_shortened = receipt.shortened,
        cookies_refused = receipt.sealed.saturating_sub(receipt.restored),
        sign_in_entries_sealed = storage.sealed,
        sign_in_entries_restored = storage.restored,
        sign_in_entries_refused = storage.sealed.saturating_sub(storage.restored),
        "receipt"
    );
    let (cookies, more_cookies) = split_for_log(&receipt.refused);
    for RefusedCookie { name, domain, reason } in cookies {
        tracing::warn!(%transfer, cookie = name, domain, ?reason, "not restored");
    }
    let (entries, more_entries) = split_for_log(&storage.refused);
    for RefusedEntry { entry, reason } in entries {
        tracing::warn!(%transfer, sign_in_entry = entry, ?reason, "not restored");
    }
    if more_cookies + more_entries > 0 {
        tracing::warn!(%transfer, more_cookies, more_entries, "not restored, and not named here");
    }
}

/// Those that the log names, and how many more there are.
pub(crate) fn split_for_log<T>(refused: &[T]) -> (&[T], usize) {
    let (named, more) = refused.split_at(refused.len().min(MAX_LOGGED));
    (named, more.len())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use ferry_protocol::api::{InvalidReason, RefusedReason, StorageReceipt};
    use ferry_protocol::jar::{Jar, StorageEntry};
    use tracing::Level;

    use super::*;
    use crate::domains::AppDomains;
    use crate::fixtures::{NOW, app, cookie};
    use crate::{restore, storage};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that this receipt becomes, without the time.
    fn lines(receipt: &Receipt) -> Vec<String> {
        let lines = Lines::default();
        let written = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .with_max_level(Level::TRACE)
            .with_writer(move || written.clone())
            .finish();
        let transfer = TransferId::new(NOW, [7; 10]);
        tracing::subscriber::with_default(subscriber, || log(transfer, receipt));
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let without_id = text.replace(&transfer.to_string(), "ID");
        without_id.lines().map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn all_that_was_read_is_accounted_for() {
        let cookie = |name: &str, reason| RefusedCookie {
            name: name.to_owned(),
            domain: "app.example".to_owned(),
            reason,
        };
        let receipt = Receipt {
            read: 9,
            cut: 1,
            sealed: 7,
            restored: 5,
            shortened: 2,
            refused: vec![
                cookie("sid", RefusedReason::Browser),
                cookie("odd\nINFO verified", RefusedReason::ForeignDomain),
            ],
            storage: StorageReceipt {
                sealed: 3,
                restored: 2,
                refused: vec![RefusedEntry {
                    entry: "https://bank.example#token".to_owned(),
                    reason: RefusedReason::ForeignDomain,
                }],
            },
        };
        assert_eq!(
            lines(&receipt),
            [
                "INFO receipt transfer=ID cookies_read=9 cookies_left_out=2 cookies_cut=1 \
                 cookies_sealed=7 cookies_restored=5 cookies_shortened=2 cookies_refused=2 sign_in_entries_sealed=3 \
                 sign_in_entries_restored=2 sign_in_entries_refused=1",
                r#"WARN not restored transfer=ID cookie="sid" domain="app.example" reason=Browser"#,
                // A name that would make a line of its own.
                r#"WARN not restored transfer=ID cookie="odd\nINFO verified" domain="app.example" reason=ForeignDomain"#,
                r#"WARN not restored transfer=ID sign_in_entry="https://bank.example#token" reason=ForeignDomain"#,
            ]
        );
    }

    #[test]
    fn of_very_many_that_were_refused_log_and_report_name_the_first() {
        let mut long = cookie(&"\"\u{1}\u{1F36A}".repeat(100), "v");
        long.domain = "\\\u{2}\u{e9}".repeat(1000);
        let entry = StorageEntry {
            origin: "https://bank.example".to_owned(),
            name: "\"\u{1}\u{1F36A}".repeat(1000),
            value: "v".to_owned(),
        };
        let jar = Jar {
            cookies: vec![long; 5000],
            storage: vec![entry; 300],
        };
        let domains = AppDomains::new(&app());
        let receipt = Receipt {
            sealed: 6000,
            restored: 1000,
            refused: restore::sort_out(&jar, &domains, NOW).1,
            storage: StorageReceipt {
                sealed: 300,
                restored: 0,
                refused: storage::sort_out(&jar.storage, &domains).1,
            },
            ..Receipt::default()
        };
        let logged = lines(&receipt);
        assert_eq!(logged.len(), 1 + 1000 + 300 + 1);
        assert_eq!(
            logged.last().unwrap(),
            "WARN not restored, and not named here transfer=ID more_cookies=4000 more_entries=0"
        );

        let reason = InvalidReason::SignedOut;
        let Finding::Invalid { receipt, .. } = shorten(Finding::Invalid { reason, receipt }) else {
            panic!("it says something else");
        };
        assert_eq!((receipt.refused.len(), receipt.storage.refused.len()), (100, 20));
        assert_eq!((receipt.sealed, receipt.restored), (6000, 1000));
        let length = serde_json::to_vec(&receipt).unwrap().len();
        assert!(length < 60 * 1024, "{length}");
    }

    /// As a check makes it, of a cookie and an entry that are no app's of ours.
    #[test]
    fn no_value_is_written_down() {
        const CANARY: &str = "canary-4f1d";
        let mut foreign = cookie("sid", CANARY);
        foreign.domain = "bank.example".to_owned();
        let jar = Jar {
            cookies: vec![foreign],
            storage: vec![StorageEntry {
                origin: "https://bank.example".to_owned(),
                name: "token".to_owned(),
                value: CANARY.to_owned(),
            }],
        };
        let domains = AppDomains::new(&app());
        let receipt = Receipt {
            sealed: 1,
            refused: restore::sort_out(&jar, &domains, NOW).1,
            storage: StorageReceipt {
                sealed: 1,
                restored: 0,
                refused: storage::sort_out(&jar.storage, &domains).1,
            },
            ..Receipt::default()
        };
        let text = lines(&receipt).join("\n");
        assert!(text.contains("cookie=\"sid\""), "{text}");
        assert!(text.contains("https://bank.example#token"), "{text}");
        assert!(!text.contains(CANARY), "{text}");
    }

    #[test]
    fn a_receipt_of_an_older_device_takes_nothing_off() {
        let older = Receipt {
            sealed: 4,
            restored: 4,
            ..Receipt::default()
        };
        let [line] = &lines(&older)[..] else {
            panic!("one line");
        };
        assert!(
            line.contains("cookies_left_out=0") && line.contains("cookies_refused=0"),
            "{line}"
        );
    }
}
