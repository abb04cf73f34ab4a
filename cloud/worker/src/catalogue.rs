//! The catalogue that this worker delivers: the apps of its own binary, and those of a
//! folder that its operator keeps. Signed by the vault identity, so that devices take
//! apps from it that they have never heard of.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use ferry_catalogue::{App, AppId, CatalogueError, MAX_CATALOGUE, Problem, check_catalogue};
use ferry_protocol::catalogue::SignedCatalogue;
use ferry_protocol::problem::ProblemCode;
use ferry_protocol::signature::SigningKey;
use ferry_protocol::{UnixMillis, WorkspaceId};

use crate::ambient;
use crate::api::{Api, ApiError};
use crate::domains::is_public_suffix;

/// At most so often is it signed anew in one go: again for each other worker of the
/// workspace that delivers in between.
const MAX_SENDS: usize = 8;

/// The supported apps, as this worker knows them.
#[derive(Clone, Debug)]
pub struct Catalogue {
    apps: Vec<App>,
    /// The same, as it is signed.
    json: String,
}

/// Why a worker has no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder, or a file in it.
    #[error("{} cannot be read: {error}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file that does not define an app.
    #[error("{0}")]
    Problems(Problems),
    /// The file of one app is named as another one.
    #[error("{}:1: the app in it is called {id}: name the file {id}.toml", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// The app in it.
        id: AppId,
    },
    /// A domain below which anybody may have a name.
    #[error("{}:1: other people have names of their own below {domain}", path.display())]
    PublicSuffix {
        /// The file.
        path: PathBuf,
        /// The domain.
        domain: String,
    },
    /// The apps do not stand together, or are too many.
    #[error("the apps in {} cannot be delivered: {error}", folder.display())]
    Catalogue {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: CatalogueError,
    },
}

/// What has to be corrected in one file; at least one thing.
#[derive(Debug)]
pub struct Problems {
    path: PathBuf,
    problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    /// A line for each, as compilers have it: file, line and reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { line, reason }) in self.problems.iter().enumerate() {
            let gap = if index > 0 { "\n" } else { "" };
            let reason = reason.lines().next().unwrap_or_default();
            write!(f, "{gap}{}:{line}: {reason}", self.path.display())?;
        }
        Ok(())
    }
}

impl Catalogue {
    /// The apps that are built in, and those of the files `<id>.toml` in the folder, if
    /// there is one: an app in it takes the place of the built-in one of its name.
    ///
    /// # Errors
    /// When a file cannot be read, or anything in it is wrong.
    pub fn load(folder: Option<&Path>) -> Result<Self, LoadError> {
        let mut apps = ferry_catalogue::builtin().to_vec();
        for file in folder.map(files).transpose()?.unwrap_or_default() {
            let app = read(&file)?;
            match apps.iter_mut().find(|known| known.id == app.id) {
                Some(known) => *known = app,
                None => apps.push(app),
            }
        }
        let json = to_json(&apps);
        let checked = match json.len() {
            0..=MAX_CATALOGUE => check_catalogue(&apps),
            _ => Err(CatalogueError::TooLarge),
        };
        checked.map_err(|error| LoadError::Catalogue {
            folder: folder.map(Path::to_owned).unwrap_or_default(),
            error,
        })?;
        Ok(Self { apps, json })
    }

    /// The app of this identifier.
    pub fn find(&self, id: &AppId) -> Option<&App> {
        self.apps.iter().find(|app| app.id == *id)
    }

    /// Delivers the catalogue, unless the server has it.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn deliver(&self, api: &Api, identity: &SigningKey) -> Result<(), ApiError> {
        let workspace = api.workspace().await?;
        let mut version = ambient::now();
        for _ in 0..MAX_SENDS {
            let held = match api.deliver(&self.signed(identity, &workspace, version)).await {
                Ok(held) => held,
                // A server of another version: it goes by the apps that it knows.
                Err(error)
                    if matches!(
                        error.code(),
                        Some(ProblemCode::InvalidRequest | ProblemCode::NotFound)
                    ) =>
                {
                    tracing::error!(%error, "the server does not take the catalogue");
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            if held.same {
                tracing::info!(
                    apps = self.apps.len(),
                    version = held.version.0,
                    "the catalogue is delivered"
                );
                return Ok(());
            }
            // Devices do not go back: another clock was ahead of this one.
            version = held.version.plus(1);
        }
        tracing::warn!("other workers deliver other catalogues; this one's is not delivered");
        Ok(())
    }

    fn signed(&self, identity: &SigningKey, workspace: &WorkspaceId, version: UnixMillis) -> SignedCatalogue {
        SignedCatalogue {
            workspace: *workspace,
            version,
            apps: self.json.clone(),
            signature: identity.sign(&SignedCatalogue::message(workspace, version, &self.json)),
        }
    }
}

/// The TOML files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unread = |error| LoadError::Read {
        path: folder.to_owned(),
        error,
    };
    let entries = fs::read_dir(folder).map_err(unread)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<_> = paths.collect::<Result<_, _>>().map_err(unread)?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<App, LoadError> {
    let text = fs::read_to_string(path).map_err(|error| LoadError::Read {
        path: path.to_owned(),
        error,
    })?;
    let app = App::check_toml(&text).map_err(|problems| {
        LoadError::Problems(Problems {
            path: path.to_owned(),
            problems,
        })
    })?;
    let path = path.to_owned();
    if path.file_stem().is_none_or(|stem| stem != app.id.as_str()) {
        return Err(LoadError::Name { path, id: app.id });
    }
    match app.domains.iter().find(|domain| is_public_suffix(domain)) {
        Some(domain) => Err(LoadError::PublicSuffix {
            path,
            domain: domain.clone(),
        }),
        None => Ok(app),
    }
}

fn to_json(apps: &[App]) -> String {
    #[expect(clippy::expect_used, reason = "apps are structs of strings")]
    serde_json::to_string(apps).expect("serialisable")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = r#"
id = "new"
name = "New"
domains = ["new.example"]
sign_in = "https://new.example/in"
check = "https://new.example/me"
"#;

    fn load(files: &[(&str, &str)]) -> Result<Catalogue, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let shown = format!("{}/", folder.path().display());
        Catalogue::load(Some(folder.path())).map_err(|error| error.to_string().replace(&shown, ""))
    }

    #[test]
    fn without_a_folder_it_is_what_is_built_in() {
        let catalogue = Catalogue::load(None).unwrap();
        assert_eq!(catalogue.apps, ferry_catalogue::builtin());
        assert_eq!(
            ferry_catalogue::read_catalogue(&catalogue.json).unwrap(),
            catalogue.apps
        );
    }

    #[test]
    fn a_folder_adds_apps_and_changes_them() {
        let github = include_str!("../../../crates/catalogue/apps/github.toml");
        let github = github.replace("settings/profile", "settings/security");
        let files = [
            ("new.toml", NEW),
            ("github.toml", &github),
            ("README.md", "no app"),
        ];
        let catalogue = load(&files).unwrap();
        assert_eq!(catalogue.apps.len(), ferry_catalogue::builtin().len() + 1);
        let find = |id: &str| catalogue.find(&id.parse().unwrap()).unwrap();
        assert_eq!(find("new").name, "New");
        assert_eq!(find("github").check, "https://github.com/settings/security");
        assert_eq!(
            ferry_catalogue::read_catalogue(&catalogue.json).unwrap(),
            catalogue.apps
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_file_and_line() {
        let why = |files: &[(&str, &str)]| load(files).unwrap_err();
        let wrong = NEW.replace("check =", "chek =");
        assert_eq!(
            why(&[("new.toml", &wrong)]),
            "new.toml:1: missing field `check`\nnew.toml:6: unknown field `chek`"
        );
        assert!(why(&[("old.toml", NEW)]).starts_with("old.toml:1: the app in it is called new"));
        let shared = NEW.replace(
            "domains = [\"new.example\"]",
            "domains = [\"new.example\", \"co.uk\"]",
        );
        assert!(why(&[("new.toml", &shared)]).contains("names of their own below co.uk"));
        let custom = NEW.replace("\"new\"", "\"custom-new\"");
        assert!(why(&[("custom-new.toml", &custom)]).contains("a workspace's own app"));
        let taken = NEW.replace("new.example", "gist.github.com");
        assert!(why(&[("new.toml", &taken)]).contains("github and new"));
        let missing = Catalogue::load(Some(Path::new("/nowhere/at/all"))).unwrap_err();
        assert!(missing.to_string().starts_with("/nowhere/at/all cannot be read"));
        let rule = "[[identity]]\nstrength = \"list\"\nfrom = { cookie = \"a\" }\nsteps = [{ split = \"\\u0001\" }]\n";
        let many: Vec<_> = (0..90)
            .map(|n| {
                let app = NEW
                    .replace("new", &format!("n{n}"))
                    .replace("New", &"x".repeat(80));
                let pad = "x".repeat(2000);
                let app = app
                    .replace("/in", &format!("/{pad}"))
                    .replace("/me", &format!("/{pad}"));
                (format!("n{n}.toml"), format!("{app}{rule}"))
            })
            .collect();
        let many: Vec<_> = many
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        assert!(why(&many).contains("longer than 256 KiB"));
    }
}
