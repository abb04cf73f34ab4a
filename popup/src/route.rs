//! Which page is shown, as the part of the address after `#`.

use ferry_protocol::AccountId;

/// A page of those who are signed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// All accounts.
    #[default]
    Accounts,
    /// The person's devices.
    Devices,
    /// One account.
    Details(AccountId),
    /// About to transfer, or transferring.
    Share(AccountId),
}

impl Route {
    /// Reads `#/accounts/<id>`, `#/accounts/<id>/share` and `#/devices`; everything
    /// else is the list.
    pub fn parse(hash: &str) -> Self {
        let mut parts = hash
            .trim_start_matches('#')
            .split('/')
            .filter(|part| !part.is_empty());
        match (
            parts.next(),
            parts.next().map(str::parse),
            parts.next(),
            parts.next(),
        ) {
            (Some("accounts"), Some(Ok(id)), None, None) => Self::Details(id),
            (Some("accounts"), Some(Ok(id)), Some("share"), None) => Self::Share(id),
            (Some("devices"), None, None, None) => Self::Devices,
            _ => Self::Accounts,
        }
    }

    /// The part of the address from `#` on.
    pub fn hash(self) -> String {
        match self {
            Self::Accounts => "#/".to_owned(),
            Self::Devices => "#/devices".to_owned(),
            Self::Details(id) => format!("#/accounts/{id}"),
            Self::Share(id) => format!("#/accounts/{id}/share"),
        }
    }

    /// The account it is about.
    pub fn account(self) -> Option<AccountId> {
        match self {
            Self::Accounts | Self::Devices => None,
            Self::Details(id) | Self::Share(id) => Some(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use ferry_protocol::UnixMillis;

    use super::*;

    #[test]
    fn each_page_has_an_address_of_its_own() {
        let id = AccountId::new(UnixMillis(1_750_000_000_000), [3; 10]);
        for route in [
            Route::Accounts,
            Route::Devices,
            Route::Details(id),
            Route::Share(id),
        ] {
            assert_eq!(Route::parse(&route.hash()), route);
        }
    }

    #[test]
    fn anything_else_is_the_list() {
        for hash in [
            "",
            "#",
            "#/",
            "#/accounts",
            "#/accounts/1",
            "#/accounts/x/share",
            "#/devices/1",
            "#/nowhere",
            "#javascript:alert(1)",
        ] {
            assert_eq!(Route::parse(hash), Route::Accounts, "{hash}");
        }
    }
}
