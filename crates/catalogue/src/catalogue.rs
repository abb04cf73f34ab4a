//! Several apps that are delivered together: no two of them claim the same cookies.

use crate::{App, AppError, AppId};

/// The longest catalogue, as JSON, in bytes.
pub const MAX_CATALOGUE: usize = 256 << 10;

/// Why apps are no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// More than [`MAX_CATALOGUE`].
    #[error("the catalogue is longer than 256 KiB")]
    TooLarge,
    /// No JSON of the form of apps.
    #[error("this is no list of apps in JSON, or of a newer form")]
    Form,
    /// An app by itself.
    #[error("{id}: {error}")]
    App {
        /// Which one.
        id: AppId,
        /// What is wrong with it.
        error: AppError,
    },
    /// Custom apps are a workspace's own.
    #[error("{0}: what starts with custom- is a workspace's own app, and in no catalogue")]
    Custom(AppId),
    /// The same identifier twice, or a domain that two apps claim.
    #[error("{0} and {1} have the same id, or claim the same domain")]
    Overlap(AppId, AppId),
}

impl App {
    /// Whether one takes in cookies of the other: their domains are the same, or one of
    /// them lies below.
    pub fn overlaps(&self, other: &Self) -> bool {
        let takes_in = |one: &Self, other: &Self| other.domains.iter().any(|domain| one.owns_domain(domain));
        takes_in(self, other) || takes_in(other, self)
    }
}

/// Reads a catalogue: apps as a JSON array.
///
/// # Errors
/// When it is too long, not of the form, or as [`check_catalogue`].
pub fn read_catalogue(json: &str) -> Result<Vec<App>, CatalogueError> {
    if json.len() > MAX_CATALOGUE {
        return Err(CatalogueError::TooLarge);
    }
    let apps: Vec<App> = ferry_json::read(json.as_bytes()).map_err(|_| CatalogueError::Form)?;
    check_catalogue(&apps)?;
    Ok(apps)
}

/// Checks that each app can be used, and that they stand together.
///
/// # Errors
/// The first fault.
pub fn check_catalogue(apps: &[App]) -> Result<(), CatalogueError> {
    for (index, app) in apps.iter().enumerate() {
        if app.id.is_custom() {
            return Err(CatalogueError::Custom(app.id.clone()));
        }
        app.validate().map_err(|error| CatalogueError::App {
            id: app.id.clone(),
            error,
        })?;
        if let Some(other) = apps[..index]
            .iter()
            .find(|other| other.id == app.id || other.overlaps(app))
        {
            return Err(CatalogueError::Overlap(other.id.clone(), app.id.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(id: &str, domains: &[&str]) -> App {
        let app = serde_json::json!({
            "id": id,
            "name": "App",
            "domains": domains,
            "sign_in": format!("https://{}/in", domains[0]),
            "check": format!("https://{}/me", domains[0]),
        });
        serde_json::from_value(app).unwrap()
    }

    fn read(apps: &[App]) -> Result<Vec<App>, CatalogueError> {
        read_catalogue(&serde_json::to_string(apps).unwrap())
    }

    #[test]
    fn the_built_in_apps_are_a_catalogue() {
        assert_eq!(read(crate::builtin()).unwrap(), crate::builtin());
        assert_eq!(read(&[]), Ok(vec![]));
    }

    #[test]
    fn what_is_no_catalogue() {
        let one = app("one", &["one.example", "both.example"]);
        assert_eq!(read_catalogue("[{}]"), Err(CatalogueError::Form));
        let newer = serde_json::to_string(&[&one])
            .unwrap()
            .replace("\"name\"", "\"nom\"");
        assert_eq!(read_catalogue(&newer), Err(CatalogueError::Form));
        let custom = app("custom-one", &["one.example"]);
        assert_eq!(
            read(std::slice::from_ref(&custom)),
            Err(CatalogueError::Custom(custom.id))
        );
        let broad = app("broad", &["com"]);
        assert!(
            matches!(read(&[one.clone(), broad]), Err(CatalogueError::App { id, .. }) if id.as_str() == "broad")
        );
        for (id, domain) in [
            ("one", "other.example"),
            ("two", "both.example"),
            ("two", "a.one.example"),
        ] {
            let two = app(id, &[domain]);
            let expected = Err(CatalogueError::Overlap(one.id.clone(), two.id.clone()));
            assert_eq!(read(&[one.clone(), two.clone()]), expected, "{id} {domain}");
            let expected = Err(CatalogueError::Overlap(two.id.clone(), one.id.clone()));
            assert_eq!(read(&[two, one.clone()]), expected, "{id} {domain}");
        }
        assert!(read(&[one.clone(), app("two", &["notone.example"])]).is_ok());
    }

    #[test]
    fn a_catalogue_has_a_limit() {
        let text = |length: usize| format!("[{}]", " ".repeat(length - 2));
        assert_eq!(read_catalogue(&text(MAX_CATALOGUE)), Ok(vec![]));
        assert_eq!(
            read_catalogue(&text(MAX_CATALOGUE + 1)),
            Err(CatalogueError::TooLarge)
        );
    }
}
