//! An app that nobody here wrote: a Jupyter server with a password, from PyPI. Its
//! sign-in is two cookies, of which one guards against forged requests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use thirtyfour::By;

use crate::browser::Browser;
use crate::process::Program;
use crate::{files, wait};

/// Where the browsers find it; its port is drawn.
const HOST: &str = "lab.jupyter.test";

/// The server's one password.
const PASSWORD: &str = "correct horse battery";

/// [`PASSWORD`] as the server keeps it, made by `jupyter_server.auth.passwd`.
const HASHED: &str = "sha256:a07b9f0703a0:08102596502a86731ba468596f7263527d7640eff1d9e752dafdaff15610add1";

/// A running server.
pub struct Jupyter {
    /// Its port on this machine.
    pub port: u16,
    /// The folder that it shows.
    pub root: PathBuf,
    _program: Program,
}

impl Jupyter {
    /// Starts one of its own in `folder`.
    pub async fn start(folder: &Path) -> Result<Self> {
        let root = folder.join("root");
        std::fs::create_dir(&root)?;
        let mut command = Command::new(files::python()?);
        command
            .args(["-m", "jupyter_server", "--no-browser", "--allow-root"])
            .args(["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"])
            .arg("--ServerApp.allow_remote_access=True")
            .arg(format!("--PasswordIdentityProvider.hashed_password={HASHED}"))
            .arg(format!("--ServerApp.root_dir={}", root.display()))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("HOME", folder);
        for (name, part) in [
            ("JUPYTER_CONFIG_DIR", "config"),
            ("JUPYTER_DATA_DIR", "data"),
            ("JUPYTER_RUNTIME_DIR", "runtime"),
        ] {
            command.env(name, folder.join(part));
        }
        let program = Program::start("jupyter", command, folder)?;
        // It logs to standard error, and writes where it listens into a file.
        let port = wait::until("the Jupyter server to listen", || async {
            listening(&folder.join("runtime"))
        })
        .await?;
        Ok(Self {
            port,
            root,
            _program: program,
        })
    }

    /// The address of a page, such as `/login`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.port)
    }

    /// Its definition, as the documentation has it, with the port filled in.
    pub fn definition(&self) -> Result<String> {
        let file = files::repository().join("docs/examples/jupyter.toml");
        let text = std::fs::read_to_string(file)?;
        ensure!(text.contains(":8888/"), "the example is about another port");
        Ok(text.replace("8888", &self.port.to_string()))
    }

    /// Signs in by the form, in the tab in use, and gives the name that the server gave.
    pub async fn sign_in(&self, browser: &Browser) -> Result<String> {
        let driver = &browser.driver;
        driver.goto(self.url("/login?next=%2Fapi%2Fme")).await?;
        let field = driver.find(By::Id("password_input")).await?;
        field.send_keys(PASSWORD).await?;
        driver.find(By::Id("login_submit")).await?.click().await?;
        wait::until("the page that says who is signed in", || async {
            let at = driver.current_url().await?;
            Ok((at.path() == "/api/me").then_some(()))
        })
        .await?;
        let text = driver.find(By::Css("body")).await?.text().await?;
        let who = name(&text)?;
        ensure!(!who.is_empty(), "signed in as nobody");
        Ok(who)
    }
}

/// The name in what the server says of who is signed in.
pub fn name(me: &str) -> Result<String> {
    let me: Value = serde_json::from_str(me).with_context(|| me.to_owned())?;
    let name = me["identity"]["username"].as_str().context("a name")?;
    Ok(name.to_owned())
}

/// The port in the file that a running server writes, if it is there in whole.
fn listening(runtime: &Path) -> Result<Option<u16>> {
    let Ok(entries) = std::fs::read_dir(runtime) else {
        return Ok(None);
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(path)?;
            let about: Value = serde_json::from_str(&text).unwrap_or_default();
            return Ok(about["port"].as_u64().and_then(|port| u16::try_from(port).ok()));
        }
    }
    Ok(None)
}
