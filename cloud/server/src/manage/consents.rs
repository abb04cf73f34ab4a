//! Taking a consent back, and with it what rests on it.

use ferry_protocol::{AccountId, ConsentId, UserId};

use crate::stamp::Stamp;
use crate::storage::audit::{self, Action, Event};
use crate::storage::consents::{self, Revoked};
use crate::storage::{Connection, StorageError, keys, sessions};

/// Revokes a person's consent to an account's transfer. The keys that were handed out to
/// them are given up, and the session that they transferred is deleted: write with
/// [`Erase::Now`](crate::storage::Erase::Now), and wake the workers. `event` makes the
/// events that tell of it.
pub async fn revoke(
    connection: &mut Connection,
    stamp: &Stamp,
    (account, user): (AccountId, UserId),
    consent: ConsentId,
    event: impl Fn(Action) -> Event + Send,
) -> Result<Revoked, StorageError> {
    let revoked = consents::revoke(connection, account, user, consent, stamp.now).await?;
    if matches!(revoked, Revoked::Now) {
        let event = |action| {
            event(action)
                .account(account)
                .detail(format!("consent {consent}"))
        };
        audit::record(connection, stamp, [event(Action::ConsentRevoked)]).await?;
        keys::destroy_of_person(connection, account, user).await?;
        if let Some(transfer) = sessions::delete_of_person(connection, account, user).await? {
            let event = event(Action::SessionDeleted).transfer(transfer);
            audit::record(connection, stamp, [event]).await?;
        }
    }
    Ok(revoked)
}
