//! What is wrong with an app's file: `app check`, which needs no database, and `app add`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use ferry_catalogue::{App, Fixtures, Problem};

/// Why an app's file is not fine.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A file cannot be read.
    #[error("{file} cannot be read: {error}")]
    File {
        /// The file.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// Something has to be corrected.
    #[error("{0}")]
    Problems(Problems),
}

/// What has to be corrected in one file; at least one thing.
#[derive(Debug)]
pub struct Problems {
    file: String,
    problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    /// A line for each, as compilers have it: file, line and reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, problems } = self;
        let noun = if problems.len() == 1 {
            "problem"
        } else {
            "problems"
        };
        write!(f, "{} {noun} in {file}", problems.len())?;
        // A parser's words may take several lines; the first says it.
        problems.iter().try_for_each(|Problem { line, reason }| {
            write!(
                f,
                "\n{file}:{line}: {}",
                reason.lines().next().unwrap_or_default()
            )
        })
    }
}

fn read(file: &Path) -> Result<String, CheckError> {
    std::fs::read_to_string(file).map_err(|error| CheckError::File {
        file: file.display().to_string(),
        error,
    })
}

fn problems(file: &Path) -> impl FnOnce(Vec<Problem>) -> CheckError {
    let file = file.display().to_string();
    |problems| CheckError::Problems(Problems { file, problems })
}

/// Reads an app's file.
///
/// # Errors
/// When something is wrong: everything that is.
pub(super) fn read_app(file: &Path) -> Result<App, CheckError> {
    App::check_toml(&read(file)?).map_err(problems(file))
}

/// Checks an app's file, and tries it on the cases in `fixtures`: a file, or a folder with
/// a file `<id>.toml`. Returns what to print.
///
/// # Errors
/// When something is wrong: everything that is.
pub fn check(file: &Path, fixtures: Option<&Path>) -> Result<Vec<String>, CheckError> {
    let app = read_app(file)?;
    let mut lines = vec![format!("{}: {} is a valid app", file.display(), app.id)];
    if let Some(path) = fixtures {
        let file = if path.is_dir() {
            path.join(format!("{}.toml", app.id))
        } else {
            path.to_owned()
        };
        let cases = Fixtures::from_toml(&read(&file)?).map_err(|problem| problems(&file)(vec![problem]))?;
        let found = cases.problems(&app);
        if !found.is_empty() {
            return Err(problems(&file)(found));
        }
        let mut counts = BTreeMap::<_, usize>::new();
        for kind in cases.kinds() {
            *counts.entry(kind).or_default() += 1;
        }
        let counts: Vec<_> = counts
            .iter()
            .map(|(kind, count)| format!("{count} {kind}"))
            .collect();
        lines.push(format!(
            "{}: {} cases come out as recorded: {}",
            file.display(),
            cases.count(),
            counts.join(", ")
        ));
    } else {
        lines.push(
            "No case was tried, so nothing shows that its rules find anybody: \
             name a file of cases with --fixtures FILE"
                .to_owned(),
        );
    }
    Ok(lines)
}
