//! Accounts: who may do what with which.

use ferry_catalogue::{AppId, MAX_IDENTITY_CHARS, is_identity};
use ferry_protocol::api::{AccountSettings, NewAccount, Role};
use ferry_protocol::{AccountId, UserId, WorkspaceId};

use super::consents::revoke;
use crate::names;
use crate::stamp::Stamp;
use crate::storage::audit::{self, Action, Actor, Event};
use crate::storage::{Connection, StorageError, accounts, apps, consents, sessions, users};

/// Why an account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The name.
    #[error("the name is empty, or longer than {} characters", names::MAX_CHARS)]
    Name,
    /// The identity.
    #[error("the identity is empty, or longer than {MAX_IDENTITY_CHARS} characters")]
    Identity,
    /// Nobody would own it.
    #[error("an account needs at least one owner")]
    NoOwner,
    /// A person.
    #[error("nobody in the workspace has the e-mail address {0}")]
    NoUser(String),
    /// A person again.
    #[error("{0} has more than one role in the account: name everybody once")]
    TwoRoles(String),
    /// The app.
    #[error("there is no app {0}: add it first, or take one that is there")]
    NoApp(AppId),
    /// The account.
    #[error("there is no such account in the workspace")]
    NoAccount,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Adds an account.
pub async fn add(
    connection: &mut Connection,
    stamp: &Stamp,
    (workspace, actor): (WorkspaceId, Actor),
    new: NewAccount,
) -> Result<AccountId, AccountsError> {
    let NewAccount { app, settings } = new;
    if apps::find(connection, workspace, &app).await?.is_none() {
        return Err(AccountsError::NoApp(app));
    }
    let (name, roles) = read(connection, workspace, &settings).await?;
    let detail = format!("{name} ({app})");
    let new = accounts::NewAccount {
        workspace,
        app,
        name,
        identity: settings.identity,
        roles,
    };
    let id = accounts::add(connection, stamp, &new).await?;
    let event = Event::new(workspace, actor, Action::AccountAdded)
        .account(id)
        .detail(detail);
    audit::record(connection, stamp, [event]).await?;
    Ok(id)
}

/// Changes an account. Its session is checked again: it may be somebody else's now. What
/// somebody transferred who owns it no more is deleted, and their consent is over: write
/// with [`Erase::Now`](crate::storage::Erase::Now).
pub async fn change(
    connection: &mut Connection,
    stamp: &Stamp,
    (workspace, actor): (WorkspaceId, Actor),
    account: AccountId,
    settings: AccountSettings,
) -> Result<(), AccountsError> {
    // First: whose account it is not gets to know nothing else.
    if !accounts::is_in(connection, account, workspace).await? {
        return Err(AccountsError::NoAccount);
    }
    let (name, roles) = read(connection, workspace, &settings).await?;
    accounts::change(connection, account, &name, settings.identity.as_deref()).await?;
    let before = accounts::owners(connection, account).await?;
    accounts::set_roles(connection, account, &roles, stamp.now).await?;
    let is_owner = |user: &UserId| roles.contains(&(*user, Role::Owner));
    for user in before.into_iter().filter(|user| !is_owner(user)) {
        // Who owns it no more could not take it back themself.
        if let Some(consent) = consents::in_force(connection, account, user).await? {
            let event = |action| Event::new(workspace, actor, action);
            revoke(connection, stamp, (account, user), consent.id, event).await?;
        }
    }
    sessions::check_now(connection, account, stamp.now).await?;
    let event = Event::new(workspace, actor, Action::AccountChanged)
        .account(account)
        .detail(format!(
            "{name}; owners: {}; collaborators: {}",
            settings.owners.join(", "),
            settings.collaborators.join(", ")
        ));
    Ok(audit::record(connection, stamp, [event]).await?)
}

/// The name as it is kept, and everybody's role.
async fn read(
    connection: &mut Connection,
    workspace: WorkspaceId,
    settings: &AccountSettings,
) -> Result<(String, Vec<(UserId, Role)>), AccountsError> {
    let name = super::name(&settings.name).ok_or(AccountsError::Name)?;
    if !settings.identity.as_deref().is_none_or(is_identity) {
        return Err(AccountsError::Identity);
    }
    if settings.owners.is_empty() {
        return Err(AccountsError::NoOwner);
    }
    let owners = settings.owners.iter().map(|email| (email, Role::Owner));
    let others = settings
        .collaborators
        .iter()
        .map(|email| (email, Role::Collaborator));
    let mut roles = Vec::new();
    for (email, role) in owners.chain(others) {
        let user = users::in_workspace(connection, workspace, email).await?;
        let user = user.ok_or_else(|| AccountsError::NoUser(email.clone()))?;
        if roles.iter().any(|(known, _)| *known == user) {
            return Err(AccountsError::TwoRoles(email.clone()));
        }
        roles.push((user, role));
    }
    Ok((name, roles))
}
