//! What is filled in for an account, and what it comes to. Pure.

use ferry_protocol::api::{AccountSettings, ListedUser, ManagedAccount, UserState};

/// What somebody may do with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Nothing,
    /// Looks.
    Collaborator,
    /// Transfers and deletes.
    Owner,
}

impl Access {
    /// All there are, each with its name in the form and its words.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Nothing, "none", "No access"),
        (Self::Collaborator, "collaborator", "Collaborator"),
        (Self::Owner, "owner", "Owner"),
    ];

    /// By its name in the form.
    pub fn named(name: &str) -> Self {
        let found = Self::ALL.into_iter().find(|(_, known, _)| *known == name);
        found.map_or(Self::Nothing, |(access, _, _)| access)
    }
}

/// Somebody who may be given access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What they are called.
    pub name: String,
    /// By which the server knows them.
    pub email: String,
    /// What they may do.
    pub access: Access,
    /// What they may do now, before anything is saved.
    pub before: Access,
}

/// Everybody who can sign in or was invited, by name, with the access that they have.
pub fn people(all: &[ListedUser], account: Option<&ManagedAccount>) -> Vec<Person> {
    let has = |list: &[String], email: &str| list.iter().any(|one| one.eq_ignore_ascii_case(email));
    let access = |email: &str| match account.map(|account| &account.settings) {
        Some(settings) if has(&settings.owners, email) => Access::Owner,
        Some(settings) if has(&settings.collaborators, email) => Access::Collaborator,
        _ => Access::Nothing,
    };
    let mut people: Vec<_> = all
        .iter()
        .filter(|one| one.state != UserState::Deprovisioned)
        .map(|one| Person {
            name: one.user.name.clone(),
            email: one.user.email.clone(),
            access: access(&one.user.email),
            before: access(&one.user.email),
        })
        .collect();
    people.sort_by_cached_key(|one| one.name.to_ascii_lowercase());
    people
}

/// Those who own the account now, and will not: what they transferred is deleted.
pub fn losing(people: &[Person]) -> Vec<String> {
    let loses = |one: &&Person| one.before == Access::Owner && one.access != Access::Owner;
    people.iter().filter(loses).map(|one| one.name.clone()).collect()
}

/// How many own it, and how many look.
pub fn counts(people: &[Person]) -> [usize; 2] {
    [Access::Owner, Access::Collaborator]
        .map(|access| people.iter().filter(|one| one.access == access).count())
}

/// What is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// In the field for the name.
    pub name: Option<&'static str>,
    /// Among the people.
    pub people: Option<&'static str>,
}

/// What is filled in, as the server takes it.
pub fn settings(name: &str, identity: &str, people: &[Person]) -> Result<AccountSettings, Faults> {
    let name = ferry_ui::text::Clean::new(name, usize::MAX).into_string();
    let with = |access| {
        let with = people.iter().filter(move |one| one.access == access);
        with.map(|one| one.email.clone()).collect::<Vec<_>>()
    };
    let owners = with(Access::Owner);
    let faults = Faults {
        name: match name.chars().count() {
            0 => Some("Give the account a name."),
            1..=100 => None,
            _ => Some("Use at most 100 characters."),
        },
        people: owners
            .is_empty()
            .then_some("Make somebody an owner: nobody else can transfer or delete its session."),
    };
    if faults != Faults::default() {
        return Err(faults);
    }
    let identity = identity.trim();
    Ok(AccountSettings {
        name,
        identity: (!identity.is_empty()).then(|| identity.to_owned()),
        owners,
        collaborators: with(Access::Collaborator),
    })
}

#[cfg(test)]
mod tests {
    use ferry_protocol::api::User;
    use ferry_protocol::{AccountId, UnixMillis, UserId};

    use super::*;

    fn user(name: &str, state: UserState) -> ListedUser {
        ListedUser {
            user: User {
                id: UserId::new(UnixMillis(1), [1; 10]),
                email: format!("{name}@example.com"),
                name: name.to_owned(),
            },
            admin: false,
            state,
            added_at: UnixMillis(1),
            trusted_devices: 0,
        }
    }

    fn everybody() -> Vec<ListedUser> {
        vec![
            user("carol", UserState::Invited),
            user("Alice", UserState::Active),
            user("bob", UserState::Active),
            user("dave", UserState::Deprovisioned),
        ]
    }

    fn account() -> ManagedAccount {
        ManagedAccount {
            id: AccountId::new(UnixMillis(1), [1; 10]),
            app: "x".parse().expect("an identifier"),
            settings: AccountSettings {
                name: "Ours".to_owned(),
                identity: Some("@ours".to_owned()),
                owners: vec!["ALICE@example.com".to_owned()],
                collaborators: vec!["carol@example.com".to_owned()],
            },
        }
    }

    #[test]
    fn whoever_can_be_given_access_is_listed_by_name() {
        let people = people(&everybody(), Some(&account()));
        let listed: Vec<_> = people.iter().map(|one| (one.name.as_str(), one.access)).collect();
        assert_eq!(
            listed,
            [
                ("Alice", Access::Owner),
                ("bob", Access::Nothing),
                ("carol", Access::Collaborator)
            ]
        );
        assert_eq!(counts(&people), [1, 1]);
    }

    #[test]
    fn what_is_not_changed_comes_to_the_same() {
        let people = people(&everybody(), Some(&account()));
        let mut same = account().settings;
        same.owners = vec!["Alice@example.com".to_owned()];
        assert_eq!(settings("Ours", "@ours", &people), Ok(same));
    }

    #[test]
    fn nobodys_account_and_one_without_a_name_are_not_sent() {
        let mut people = people(&everybody(), None);
        let faults = settings(" \u{200B}", "", &people).expect_err("nothing is there");
        assert!(faults.name.is_some() && faults.people.is_some());
        people[1].access = Access::Owner;
        let made = settings(" Ours ", "  ", &people).expect("all is there");
        assert_eq!(made.name, "Ours");
        assert_eq!(made.identity, None, "anybody's");
        assert_eq!(made.owners, ["bob@example.com"]);
        assert!(settings(&"a".repeat(101), "", &people).is_err());
    }

    #[test]
    fn who_owns_it_no_more_is_told() {
        let mut people = people(&everybody(), Some(&account()));
        assert_eq!(losing(&people), [""; 0]);
        people[0].access = Access::Collaborator;
        assert_eq!(losing(&people), ["Alice"]);
    }

    #[test]
    fn the_form_names_each_access() {
        for (access, name, _) in Access::ALL {
            assert_eq!(Access::named(name), access);
        }
        assert_eq!(Access::named("admin"), Access::Nothing);
    }
}
