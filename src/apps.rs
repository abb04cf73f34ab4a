//! Which app definitions are used: the extension's own for supported apps, the
//! server's for custom ones.

use ferry_catalogue::App;

use crate::explain::Explain;

/// Identifiers of apps that a workspace defined for itself start so.
const CUSTOM: &str = "custom-";

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
        "The server describes {0} differently than this extension does. Nothing was read. \
         Update the extension; if this goes on, tell the workspace's admin."
    )]
    Differs(String),
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
            Self::Invalid { .. } => "app-invalid",
        }
    }
}

/// Whether the definition that the server sent may be used. For a supported app it
/// has to be the extension's own: otherwise a server could widen the domains, or
/// weaken the identity rules, of an app that the person knows.
pub fn accept(app: &App) -> Result<(), AppRefusal> {
    match ferry_catalogue::find(&app.id) {
        Some(own) if own == app => Ok(()),
        Some(own) => Err(AppRefusal::Differs(own.name.clone())),
        None if app.id.as_str().starts_with(CUSTOM) => app.validate().map_err(|error| AppRefusal::Invalid {
            name: app.name.clone(),
            reason: error.to_string(),
        }),
        None => Err(AppRefusal::Unsupported(app.name.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut app = supported();
        app.id = "unheard-of".parse().unwrap();
        assert_eq!(accept(&app), Err(AppRefusal::Unsupported(app.name.clone())));
        app.id = "custom-one".parse().unwrap();
        assert_eq!(accept(&app), Ok(()));
        app.domains = vec!["com".to_owned()];
        assert!(matches!(accept(&app), Err(AppRefusal::Invalid { .. })));
    }
}
