//! The schema, as append-only steps.
//!
//! Listed here for the compiler to take in: sqlx's own macro for that brings a second
//! SQLite, compiled for the compiler itself.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// `VERSION NAME;` for each file `VERSION_NAME.sql` in `migrations/`.
macro_rules! steps {
    ($($version:literal $name:ident;)+) => {
        [$((
            $version,
            stringify!($name),
            include_str!(concat!("../../migrations/", $version, "_", stringify!($name), ".sql")),
        )),+]
    };
}

const STEPS: [(i64, &str, &str); 27] = steps! {
    20261121000100 workspaces;
    20261121000200 users;
    20261121000300 devices;
    20261121000400 workers;
    20261121000500 access_tokens;
    20261121000600 sign_in_attempts;
    20261121000700 email_codes;
    20261121000800 apps;
    20261121000900 accounts;
    20261121001000 account_roles;
    20261121001100 consents;
    20261121001200 vaults;
    20261121001300 sealing_keys;
    20261121001400 sessions;
    20261121001500 seals;
    20261121001600 automation_leases;
    20261121001700 jti;
    20261121001800 audit_events;
    20261121001900 device_approvals;
    20261121002000 approval_requests;
    20261121002100 device_last_seen;
    20261121002200 deprovisioned_users;
    20261121002300 invitations;
    20261121002400 devices_by_key;
    20261121002500 devices_enrolled_from;
    20261121002600 invitations_sent;
    20261121002700 catalogues;
};

/// All steps, each with the checksum by which an applied one is known again.
pub(super) fn migrator() -> Migrator {
    let migration = |(version, name, sql): (i64, &str, &'static str)| {
        let description = Cow::Owned(name.replace('_', " "));
        Migration::new(
            version,
            description,
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(STEPS.map(migration).into())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// As sqlx itself reads the folder: a file that is not listed is missing here, and a
    /// step that is called or hashed otherwise would not be known again.
    #[tokio::test]
    async fn the_steps_are_the_files_of_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let read = Migrator::new(folder).await.unwrap();
        let of = |migrator: &Migrator| -> Vec<_> {
            let step = |step: &Migration| {
                let (version, description) = (step.version, step.description.to_string());
                (
                    version,
                    description,
                    step.migration_type,
                    step.checksum.to_vec(),
                    step.no_tx,
                )
            };
            migrator.iter().map(step).collect()
        };
        assert_eq!(of(&migrator()), of(&read));
    }
}
