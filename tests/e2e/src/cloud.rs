//! The cloud: a server, a worker, and a workspace with people, an app and an account
//! in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{self, Program};
use crate::{files, wait};

/// Everybody's password at Ferry.
pub const PASSWORD: &str = "a long enough passphrase";

/// Owns the accounts, and administers the workspace.
pub const OWNER: Person = Person {
    email: "olivia@example.test",
    name: "Olivia Owner",
};

/// Administers the workspace as well, and has no part in the accounts.
pub const ADMIN: Person = Person {
    email: "ada@example.test",
    name: "Ada Admin",
};

/// May only look at them.
pub const COLLABORATOR: Person = Person {
    email: "colin@example.test",
    name: "Colin Collaborator",
};

/// Somebody who uses Ferry.
#[derive(Clone, Copy)]
pub struct Person {
    /// E-mail address.
    pub email: &'static str,
    /// Name.
    pub name: &'static str,
}

/// A running server with a workspace.
pub struct Cloud {
    /// The address that clients use, without a slash at the end.
    pub address: String,
    /// The address that the server listens at.
    pub listening: String,
    /// Where the database is.
    pub data: PathBuf,
    /// Where e-mail goes.
    pub outbox: PathBuf,
    /// The workspace's identifier.
    pub workspace: String,
    _program: Program,
    _post: Option<Program>,
}

/// How the server sends its mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mail {
    /// As files, into a folder.
    #[default]
    Outbox,
    /// To a mail server, which puts it into that folder.
    Smtp,
}

impl Cloud {
    /// Starts a server of its own in `folder`, and makes a workspace with two people.
    /// Clients reach it at `public_url`, or else where it listens.
    pub async fn start(folder: &Path, public_url: Option<&str>, mail: Mail) -> Result<Self> {
        let (data, outbox) = (folder.join("data"), folder.join("outbox"));
        fs::create_dir(&data)?;
        fs::create_dir(&outbox)?;
        let mut command = server_command(&data)?;
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        let post = match mail {
            Mail::Outbox => {
                command.arg("--mail-outbox").arg(&outbox);
                None
            }
            Mail::Smtp => {
                let (post, address) = post_office(folder, &outbox).await?;
                command.args(["--smtp", &address, "--mail-from", "ferry@example.test"]);
                Some(post)
            }
        };
        if let Some(url) = public_url {
            command.args(["--public-url", url]);
        }
        let mut program = Program::start("server", command, folder)?;
        let listening = program.line_with("listening on ").await?;
        let address = public_url.map_or_else(|| listening.clone(), str::to_owned);
        let mut cloud = Self {
            address,
            listening,
            data,
            outbox,
            workspace: String::new(),
            _program: program,
            _post: post,
        };
        cloud.workspace = cloud.admin(&["workspace", "add", "Acme"], None).await?;
        for person in [OWNER, ADMIN, COLLABORATOR] {
            cloud.add_person(person).await?;
        }
        Ok(cloud)
    }

    /// Adds an app by the text of its definition, and an account in it that the
    /// [`OWNER`] owns and the [`COLLABORATOR`] sees. Gives the account's identifier.
    pub async fn add_account(&self, app: &str, identity: Option<&str>) -> Result<String> {
        let file = self.data.with_file_name("app.toml");
        fs::write(&file, app)?;
        let path = file.to_str().context("a path in UTF-8")?;
        let app = self
            .admin(&["app", "add", "--workspace", &self.workspace, path], None)
            .await?;
        let mut account = vec!["account", "add", "--workspace", &self.workspace, "--app", &app];
        account.extend([
            "--name",
            "Ops",
            "--owner",
            OWNER.email,
            "--collaborator",
            COLLABORATOR.email,
        ]);
        if let Some(identity) = identity {
            account.extend(["--identity", identity]);
        }
        self.admin(&account, None).await
    }

    /// Starts a worker of the workspace's in `folder`. Its browser reaches the test
    /// apps on this machine.
    pub async fn start_worker(&self, folder: &Path, authority: Option<&Path>) -> Result<Worker> {
        let token = [
            "worker-token",
            "add",
            "--workspace",
            &self.workspace,
            "--name",
            "worker",
        ];
        let token = self.admin(&token, None).await?;
        let worker = Worker {
            server: self.address.clone(),
            state: folder.join("state"),
            token: folder.join("token"),
            authority: authority.map(Path::to_owned),
            folder: folder.to_owned(),
            program: None,
        };
        fs::write(&worker.token, token)?;
        worker.started().await
    }

    /// The newest code that was e-mailed to a person; waits for one.
    pub async fn emailed_code(&self, to: Person) -> Result<String> {
        wait::until("an e-mail with a code", || async {
            newest_code(&self.outbox, to.email)
        })
        .await
    }

    /// The code of the newest invitation that was e-mailed to a person; waits for one.
    pub async fn invitation_code(&self, to: Person) -> Result<String> {
        wait::until("an invitation", || async {
            let message = newest_message(&self.outbox, to.email)?;
            let words = message.iter().flat_map(|message| message.split_whitespace());
            let mut codes = words.filter(|word| word.len() == 19 && word.split('-').count() == 4);
            Ok(codes.next().map(str::to_owned))
        })
        .await
    }

    /// Gives a person trusted devices until they have so many: copies of one that they
    /// have, straight into the database, since each real one takes a browser.
    pub async fn fill_devices(&self, person: Person, count: u32) -> Result<()> {
        let mut command = Command::new(files::python()?);
        command
            .arg(files::repository().join("tests/e2e/devices.py"))
            .arg(self.data.join("ferry.sqlite3"))
            .args([person.email, &count.to_string()]);
        process::run(command, None).await?;
        Ok(())
    }

    /// Ends all access of a person.
    pub async fn deprovision(&self, person: Person) -> Result<()> {
        let users = self
            .admin(&["user", "list", "--workspace", &self.workspace], None)
            .await?;
        let line = users.lines().find(|line| line.contains(person.email));
        let id = line.and_then(|line| line.split_whitespace().next());
        let id = id.with_context(|| format!("{} is not in {users}", person.email))?;
        self.admin(&["user", "deprovision", "--user", id], None).await?;
        Ok(())
    }

    /// The files of the server that hold these bytes.
    pub fn server_files_holding(&self, bytes: &[u8]) -> Result<Vec<PathBuf>> {
        files::holding(&self.data, bytes)
    }

    async fn add_person(&self, person: Person) -> Result<()> {
        let Person { email, name } = person;
        let add = [
            "user",
            "add",
            "--workspace",
            &self.workspace,
            "--email",
            email,
            "--name",
            name,
        ];
        let mut add: Vec<&str> = add.into_iter().chain(["--password-stdin"]).collect();
        if [OWNER.email, ADMIN.email].contains(&email) {
            add.push("--admin");
        }
        self.admin(&add, Some(PASSWORD)).await?;
        Ok(())
    }

    /// Runs an administration command and gives what it prints.
    pub async fn admin(&self, arguments: &[&str], input: Option<&str>) -> Result<String> {
        let mut command = server_command(&self.data)?;
        command.args(arguments);
        process::run(command, input).await
    }
}

/// A mail server that puts what it gets into a folder, and its address.
async fn post_office(folder: &Path, outbox: &Path) -> Result<(Program, String)> {
    let mut command = Command::new(files::python()?);
    command
        .arg(files::repository().join("tests/e2e/mail/post.py"))
        .arg(outbox);
    let mut program = Program::start("post", command, folder)?;
    let port = program.line_with("listening on ").await?;
    Ok((program, format!("smtp://127.0.0.1:{port}")))
}

fn server_command(data: &Path) -> Result<Command> {
    let mut command = Command::new(files::program("ferry-server")?);
    command.arg("--database").arg(data.join("ferry.sqlite3"));
    Ok(command)
}

/// Eight characters of Crockford's base32 with a dash between, in the newest message
/// of the outbox that goes to this address.
pub fn newest_code(outbox: &Path, to: &str) -> Result<Option<String>> {
    let message = newest_message(outbox, to)?;
    let mut words = message.iter().flat_map(|message| message.split_whitespace());
    Ok(words.find(|word| is_code(word)).map(str::to_owned))
}

fn newest_message(outbox: &Path, to: &str) -> Result<Option<String>> {
    let mut messages = Vec::new();
    for entry in fs::read_dir(outbox)? {
        let entry = entry?;
        let path = entry.path();
        // Those that are being written have other names, and lose them meanwhile.
        if path
            .extension()
            .is_some_and(|kind| kind == "eml" || kind == "txt")
        {
            messages.push((entry.metadata()?.modified()?, path));
        }
    }
    messages.sort();
    for (_, path) in messages.iter().rev() {
        let message = fs::read_to_string(path)?;
        if message.contains(to) {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

fn is_code(word: &str) -> bool {
    let symbol = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
    matches!(word.split_once('-'), Some((a, b)) if a.len() == 4 && b.len() == 4 && a.chars().chain(b.chars()).all(symbol))
}

/// A worker, running or not.
pub struct Worker {
    /// Its private files.
    pub state: PathBuf,
    server: String,
    token: PathBuf,
    authority: Option<PathBuf>,
    folder: PathBuf,
    program: Option<Program>,
}

impl Worker {
    async fn started(mut self) -> Result<Self> {
        self.start().await?;
        Ok(self)
    }

    /// Starts it, again if need be.
    pub async fn start(&mut self) -> Result<()> {
        ensure!(self.program.is_none(), "the worker runs");
        let mut command = self.command()?;
        command.arg("run").arg("--token-file").arg(&self.token);
        self.browser_arguments(&mut command)?;
        let mut program = Program::start("worker", command, &self.folder)?;
        program.line_with("ready").await?;
        self.program = Some(program);
        Ok(())
    }

    /// Ends it.
    pub fn stop(&mut self) {
        self.program = None;
    }

    /// What `ferry-worker export` prints.
    pub async fn export(&self, account: &str, format: &str) -> Result<String> {
        let mut command = self.command()?;
        command.args(["export", "--account", account, "--format", format]);
        process::run(command, None).await
    }

    /// Starts `ferry-worker open`, and gives it with the DevTools address it prints.
    pub async fn open(&self, account: &str) -> Result<(Program, String)> {
        let mut command = self.command()?;
        command.args(["open", "--account", account]);
        self.browser_arguments(&mut command)?;
        let mut program = Program::start("worker-open", command, &self.folder)?;
        let rest = program.line_with("ws://").await?;
        Ok((program, format!("ws://{rest}")))
    }

    /// The same for a person to type.
    pub fn open_command(&self, account: &str) -> Result<String> {
        let mut command = self.command()?;
        command.args(["open", "--account", account]);
        self.browser_arguments(&mut command)?;
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let quoted = words.map(|word| format!("'{}'", word.to_string_lossy()));
        Ok(quoted.collect::<Vec<_>>().join(" "))
    }

    /// The private files that hold these bytes.
    pub fn files_holding(&self, bytes: &[u8]) -> Result<Vec<PathBuf>> {
        files::holding(&self.state, bytes)
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(files::program("ferry-worker")?);
        command
            .arg("--state")
            .arg(&self.state)
            .args(["--server", &self.server]);
        Ok(command)
    }

    fn browser_arguments(&self, command: &mut Command) -> Result<()> {
        command.arg("--chromium").arg(files::on_path("chromium")?);
        if files::is_root() {
            command.arg("--insecure-no-sandbox");
        }
        command.args(["--resolve", "*.test=127.0.0.1", "--allow-private", "*.test"]);
        if let Some(authority) = &self.authority {
            command.arg("--ca").arg(authority);
        }
        Ok(())
    }
}
