//! Which page is shown, as the part of the address after `#`.

use ferry_catalogue::AppId;
use ferry_protocol::{AccountId, UserId};

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// The accounts.
    #[default]
    Accounts,
    /// One account.
    Account(AccountId),
    /// The wizard that leads through a transfer.
    Transfer(AccountId),
    /// What was done.
    Activity,
    /// The person's own devices.
    Devices,
    /// Accepting an invitation, which needs nobody signed in.
    Invitation,
    /// For admins.
    Manage(Manage),
}

/// A page for admins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manage {
    /// The people of the workspace.
    People,
    /// The devices of one of them.
    DevicesOf(UserId),
    /// The accounts of the workspace.
    Accounts,
    /// Adding an account.
    NewAccount,
    /// Changing one.
    Account(AccountId),
    /// The apps.
    Apps,
    /// Adding an app.
    NewApp,
    /// Changing one of the workspace's own.
    App(AppId),
}

impl Route {
    /// Reads an address; what is none is the list of accounts.
    pub fn parse(hash: &str) -> Self {
        let parts: Vec<_> = hash
            .trim_start_matches('#')
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        let found = match parts.as_slice() {
            ["accounts", id] => id.parse().ok().map(Self::Account),
            ["accounts", id, "transfer"] => id.parse().ok().map(Self::Transfer),
            ["activity"] => Some(Self::Activity),
            ["devices"] => Some(Self::Devices),
            ["invitation"] => Some(Self::Invitation),
            ["manage", rest @ ..] => Manage::parse(rest).map(Self::Manage),
            _ => None,
        };
        found.unwrap_or_default()
    }

    /// Whether it is this page, or one that this page leads to.
    pub fn is_part_of(&self, page: &Self) -> bool {
        match (self, page) {
            (Self::Account(_) | Self::Transfer(_), Self::Accounts) => true,
            (Self::Manage(one), Self::Manage(other)) => one.list() == *other,
            _ => self == page,
        }
    }

    /// The part of the address from `#` on.
    pub fn hash(&self) -> String {
        match self {
            Self::Accounts => "#/".to_owned(),
            Self::Account(id) => format!("#/accounts/{id}"),
            Self::Transfer(id) => format!("#/accounts/{id}/transfer"),
            Self::Activity => "#/activity".to_owned(),
            Self::Devices => "#/devices".to_owned(),
            Self::Invitation => "#/invitation".to_owned(),
            Self::Manage(page) => format!("#/manage/{}", page.path()),
        }
    }
}

impl Manage {
    fn parse(parts: &[&str]) -> Option<Self> {
        match parts {
            ["people"] => Some(Self::People),
            ["people", id] => id.parse().ok().map(Self::DevicesOf),
            ["accounts"] => Some(Self::Accounts),
            ["accounts", "new"] => Some(Self::NewAccount),
            ["accounts", id] => id.parse().ok().map(Self::Account),
            ["apps"] => Some(Self::Apps),
            // No app is called so: identifiers have no underscore.
            ["apps", "_new"] => Some(Self::NewApp),
            ["apps", id] => id.parse().ok().map(Self::App),
            _ => None,
        }
    }

    /// The list that leads to it.
    fn list(&self) -> Self {
        match self {
            Self::People | Self::DevicesOf(_) => Self::People,
            Self::Accounts | Self::NewAccount | Self::Account(_) => Self::Accounts,
            Self::Apps | Self::NewApp | Self::App(_) => Self::Apps,
        }
    }

    fn path(&self) -> String {
        match self {
            Self::People => "people".to_owned(),
            Self::DevicesOf(user) => format!("people/{user}"),
            Self::Accounts => "accounts".to_owned(),
            Self::NewAccount => "accounts/new".to_owned(),
            Self::Account(id) => format!("accounts/{id}"),
            Self::Apps => "apps".to_owned(),
            Self::NewApp => "apps/_new".to_owned(),
            Self::App(id) => format!("apps/{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use ferry_protocol::UnixMillis;

    use super::*;

    #[test]
    fn each_page_has_an_address_of_its_own() {
        let account = AccountId::new(UnixMillis(1_750_000_000_000), [3; 10]);
        let user = UserId::new(UnixMillis(1_750_000_000_000), [4; 10]);
        let app: AppId = "django-admin".parse().expect("an identifier");
        let pages = [
            Route::Accounts,
            Route::Account(account),
            Route::Transfer(account),
            Route::Activity,
            Route::Devices,
            Route::Invitation,
            Route::Manage(Manage::People),
            Route::Manage(Manage::DevicesOf(user)),
            Route::Manage(Manage::Accounts),
            Route::Manage(Manage::NewAccount),
            Route::Manage(Manage::Account(account)),
            Route::Manage(Manage::Apps),
            Route::Manage(Manage::NewApp),
            Route::Manage(Manage::App(app)),
        ];
        for page in pages {
            assert_eq!(Route::parse(&page.hash()), page);
        }
    }

    #[test]
    fn anything_else_is_the_list() {
        for hash in [
            "",
            "#",
            "#/nowhere",
            "#/accounts/1",
            "#/accounts/x/transfer",
            "#/manage",
            "#/manage/apps/A B",
            "#/devices/1",
            "#javascript:alert(1)",
        ] {
            assert_eq!(Route::parse(hash), Route::Accounts, "{hash}");
        }
    }
}
