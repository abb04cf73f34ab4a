//! Which app definitions are used: for supported apps the vault's, or else the
//! extension's own; for custom ones the server's.

use ferry_bridge::ServerAddress;
use ferry_catalogue::App;

use crate::explain::Explain;

/// Why an account's app is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppRefusal {
    /// Neither supported nor custom.
    #[error(
        "{0} is not a supported app in this version of the extension. Update the extension, or ask the workspace's admin."
    )]
    Unsupported(String),
    /// The server defines a supported app in another way.
    #[error(
        "The server describes {0} differently than your vault or this extension does. Nothing was read. \
         Try again in a minute; if this goes on, tell the workspace's admin."
    )]
    Differs(String),
    /// A custom app takes in a supported one.
    #[error(
        "{name} would take in the cookies of {supported}, which has a definition of its own. Nothing was read. \
         Ask the workspace's admin to use {supported} itself."
    )]
    Covers {
        /// The custom app's name.
        name: String,
        /// The supported app's name.
        supported: String,
    },
    /// A custom app has pages on the workspace's server.
    #[error(
        "The definition of {0} names a page on your workspace's own server, which would be sent the cookies \
         of {0}. Nothing was read. Ask the workspace's admin to correct it."
    )]
    OnServer(String),
    /// A custom app's definition makes no sense.
    #[error("The definition of {name} cannot be used ({reason}). Ask the workspace's admin to correct it.")]
    Invalid {
        /// The app's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Explain for AppRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "app-unsupported",
            Self::Differs(_) => "app-differs",
            Self::Covers { .. } => "app-covers-supported",
            Self::OnServer(_) => "app-on-server",
            Self::Invalid { .. } => "app-invalid",
        }
    }
}

/// Whether the definition that the server sent may be used. For a supported app it
/// has to be the one that the pinned vault delivered or, if it delivered none, the
/// extension's own: otherwise a server could widen the domains, or weaken the identity
/// rules, of an app that the person knows. `server`: where the person is signed in.
pub fn accept(app: &App, delivered: &[App], server: Option<&ServerAddress>) -> Result<(), AppRefusal> {
    let delivered_one = delivered.iter().find(|known| known.id == app.id);
    match delivered_one.or_else(|| ferry_catalogue::find(&app.id)) {
        Some(own) if own == app => Ok(()),
        Some(own) => Err(AppRefusal::Differs(own.name.clone())),
        None if app.id.is_custom() => accept_custom(app, delivered, server),
        None => Err(AppRefusal::Unsupported(app.name.clone())),
    }
}

/// A custom app has to make sense, and keeps away from the supported ones: of these,
/// a person knows the rules, and no server has a say in them. Nor does it have the
/// browser visit the server itself with the cookies of the app's domains.
fn accept_custom(app: &App, delivered: &[App], server: Option<&ServerAddress>) -> Result<(), AppRefusal> {
    app.validate().map_err(|error| AppRefusal::Invalid {
        name: app.name.clone(),
        reason: error.to_string(),
    })?;
    if server.is_some_and(|server| visited(app).any(|page| server.is_host_of(page))) {
        return Err(AppRefusal::OnServer(app.name.clone()));
    }
    let overlapping = delivered.iter().find(|supported| supported.overlaps(app));
    match overlapping.or_else(|| ferry_catalogue::overlapping(app)) {
        Some(supported) => Err(AppRefusal::Covers {
            name: app.name.clone(),
            supported: supported.name.clone(),
        }),
        None => Ok(()),
    }
}

/// Every address that the browser is sent to for this app, or that a person is.
fn visited(app: &App) -> impl Iterator<Item = &str> {
    let pages = [&app.sign_in, &app.check].into_iter();
    let pages = pages.chain(&app.sign_out).chain(&app.sign_out_of);
    let looked_at = app.probes().into_iter().chain(app.storage_keys());
    pages.map(String::as_str).chain(looked_at)
}

#[cfg(test)]
mod tests {
    use ferry_catalogue::Source;

    use super::*;

    fn accept(app: &App) -> Result<(), AppRefusal> {
        super::accept(app, &[], None)
    }

    fn supported() -> App {
        ferry_catalogue::builtin()[0].clone()
    }

    #[test]
    fn supported_apps_are_our_own_to_the_letter() {
        assert_eq!(accept(&supported()), Ok(()));
        let mut wider = supported();
        wider.domains.push("bank.example".to_owned());
        assert_eq!(accept(&wider), Err(AppRefusal::Differs(wider.name.clone())));
        let mut weaker = supported();
        weaker.signed_in = Default::default();
        weaker.identity.clear();
        assert_eq!(accept(&weaker), Err(AppRefusal::Differs(weaker.name.clone())));
    }

    #[test]
    fn others_have_to_say_that_they_are_custom_and_make_sense() {
        let mut app = crate::testing::app();
        assert_eq!(accept(&app), Ok(()));
        app.id = "unheard-of".parse().unwrap();
        assert_eq!(accept(&app), Err(AppRefusal::Unsupported(app.name.clone())));
        app.id = "custom-one".parse().unwrap();
        app.domains = vec!["com".to_owned()];
        assert!(matches!(accept(&app), Err(AppRefusal::Invalid { .. })));
    }

    #[test]
    fn a_custom_app_takes_in_no_supported_one() {
        let github = ferry_catalogue::find(&"github".parse().unwrap()).unwrap();
        // The same, one below, and one that is above another's (microsoftonline.com).
        for domain in ["github.com", "gist.github.com", "microsoftonline.com"] {
            let mut app = crate::testing::app();
            app.domains.push(domain.to_owned());
            let refused = accept(&app);
            assert!(
                matches!(refused, Err(AppRefusal::Covers { .. })),
                "{domain}: {refused:?}"
            );
        }
        let mut renamed = github.clone();
        renamed.id = "custom-github".parse().unwrap();
        assert!(matches!(accept(&renamed), Err(AppRefusal::Covers { .. })));
        let mut beside = crate::testing::app();
        beside.domains.push("notgithub.com".to_owned());
        assert_eq!(accept(&beside), Ok(()));
    }

    /// The server's host is below the app's domain: it may have cookies of that domain,
    /// but no page that the browser is sent to with them.
    #[test]
    fn a_custom_app_has_no_page_on_the_workspaces_server() {
        let accept = |app: &App, server: &str| super::accept(app, &[], Some(&server.parse().unwrap()));
        let servers = [
            "https://ferry.notes.example:8443/at",
            "https://ferry.notes.example",
        ];
        for server in servers {
            assert_eq!(accept(&crate::testing::app(), server), Ok(()));
        }
        let there = || "https://ferry.notes.example/x".to_owned();
        let changes: [fn(&mut App, String); 7] = [
            |app, there| app.sign_in = there,
            |app, there| app.check = there,
            |app, there| app.sign_out = Some(there),
            |app, there| app.identity[0].from = Source::Page(there),
            |app, there| app.identity[0].from = Source::Probe(there),
            |app, there| app.storage.push(there.replace("/x", "#token")),
            |app, there| app.storage_optional.push(there.replace("/x", "#token")),
        ];
        for (n, change) in changes.iter().enumerate() {
            let mut app = crate::testing::app();
            change(&mut app, there());
            for server in servers {
                let refused = AppRefusal::OnServer(app.name.clone());
                assert_eq!(accept(&app, server), Err(refused), "{n}: {server}");
            }
            assert_eq!(accept(&app, "https://ferry.example"), Ok(()), "{n}");
        }

        // On the app's domain itself, where alone one of several is signed out.
        let mut app = crate::testing::app();
        let www = |page: &str| format!("https://www.notes.example/{page}");
        (app.sign_in, app.check, app.sign_out) = (www("login"), www("me"), None);
        let server = "https://notes.example:8443";
        assert_eq!(accept(&app, server), Ok(()));
        app.sign_out_of = Some("https://notes.example/out?{identity}".to_owned());
        let refused = AppRefusal::OnServer(app.name.clone());
        assert_eq!(accept(&app, server), Err(refused));
    }

    #[test]
    fn what_was_delivered_takes_the_place_of_our_own() {
        let github = ferry_catalogue::find(&"github".parse().unwrap()).unwrap();
        let mut changed = github.clone();
        changed.check = "https://github.com/settings/security".to_owned();
        let mut new = crate::testing::app();
        new.id = "new".parse().unwrap();
        new.domains = vec!["new.example".to_owned()];
        let delivered = [changed.clone(), new.clone()];
        let accept = |app: &App| super::accept(app, &delivered, None);
        assert_eq!(accept(&changed), Ok(()));
        assert_eq!(accept(github), Err(AppRefusal::Differs(github.name.clone())));
        assert_eq!(accept(&new), Ok(()));
        assert_eq!(
            super::accept(&new, &[], None),
            Err(AppRefusal::Unsupported(new.name.clone()))
        );
        assert_eq!(accept(&supported()), Ok(()), "it was not delivered");
        let mut wider = new.clone();
        wider.domains.push("bank.example".to_owned());
        assert_eq!(accept(&wider), Err(AppRefusal::Differs(wider.name.clone())));
        for domain in ["new.example", "sub.new.example", "github.com", "reddit.com"] {
            let mut custom = crate::testing::app();
            custom.domains.push(domain.to_owned());
            assert!(
                matches!(accept(&custom), Err(AppRefusal::Covers { .. })),
                "{domain}"
            );
        }
    }
}
