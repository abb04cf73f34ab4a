//! The commands, their options, and what belongs to a terminal: the log, the
//! password, signals.

use std::fmt;
use std::future::Future;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ferry_catalogue::AppId;
use ferry_protocol::{DeviceId, UserId, WorkspaceId};
use ferry_server::config::{DEFAULT_CHECK_EVERY_MS, MailConfig, PublicUrl};
use ferry_server::forwarded::Network;
use ferry_server::server::Serve;
use ferry_server::storage::workspaces::DEFAULT_RETENTION_MS;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};
use zeroize::Zeroizing;

/// Stores sealed sessions, and cannot open one.
#[derive(Parser)]
#[command(version)]
pub(crate) struct Cli {
    /// The database file; it is made if it is not there.
    #[arg(
        long,
        global = true,
        env = "FERRY_DATABASE",
        default_value = "ferry.db",
        value_name = "FILE"
    )]
    pub(crate) database: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server until SIGTERM or SIGINT.
    Serve(ServeOptions),
    /// Workspaces: each has users, accounts and a vault of its own.
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// The people who sign in.
    #[command(subcommand)]
    User(UserCommand),
    /// The devices that people use.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// A workspace's own apps, beside those of the catalogue.
    #[command(subcommand)]
    App(AppCommand),
    /// Accounts in apps, whose sessions are transferred.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Tokens that workers sign in with.
    #[command(subcommand)]
    WorkerToken(WorkerTokenCommand),
}

#[derive(Args)]
pub(crate) struct ServeOptions {
    /// Where to listen; port 0 takes any that is free.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// The address that clients use, if it is another (behind a proxy).
    #[arg(long, env = "FERRY_PUBLIC_URL", value_name = "URL")]
    public_url: Option<PublicUrl>,
    /// Write e-mail as files into this folder.
    #[arg(
        long,
        required_unless_present = "smtp",
        conflicts_with = "smtp",
        value_name = "FOLDER"
    )]
    mail_outbox: Option<PathBuf>,
    /// Send e-mail through this server, such as smtps://user:password@mail.example.com.
    #[arg(
        long,
        env = "FERRY_SMTP",
        hide_env_values = true,
        requires = "mail_from",
        value_name = "URL"
    )]
    smtp: Option<String>,
    /// Who e-mail is from.
    #[arg(long, env = "FERRY_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// A reverse proxy whose X-Forwarded-For or Forwarded is believed, as an IP address
    /// or a network such as 10.0.0.0/8; may be repeated.
    #[arg(long = "trusted-proxy", value_name = "NETWORK")]
    trusted_proxies: Vec<Network>,
    /// The file with the server's own keys, made at the first start; beside the
    /// database, named DATABASE.secrets, if not given.
    #[arg(long, env = "FERRY_SECRETS_FILE", value_name = "FILE")]
    secrets_file: Option<PathBuf>,
    /// How often a session is checked.
    #[arg(long, default_value_t = Duration(DEFAULT_CHECK_EVERY_MS), value_name = "TIME")]
    check_every: Duration,
    /// The form of the log, which goes to standard error. How much of it: RUST_LOG.
    #[arg(long, default_value = "text", env = "FERRY_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// Add a workspace, and print its id.
    Add {
        /// What people call it.
        name: String,
        /// How long a session is kept that nothing uses.
        #[arg(long, default_value_t = Duration(DEFAULT_RETENTION_MS), value_name = "TIME")]
        retention: Duration,
    },
    /// List all.
    List,
}

#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Add a person, and print their id.
    Add {
        /// Where they belong.
        #[arg(long, value_name = "ID")]
        workspace: WorkspaceId,
        /// Their e-mail address: they sign in with it, and codes go there.
        #[arg(long)]
        email: String,
        /// What to call them.
        #[arg(long)]
        name: String,
        /// They administer the workspace.
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
    },
    /// End all access of a person at once: their devices are disabled.
    Deprovision {
        /// Who.
        #[arg(long, value_name = "ID")]
        user: UserId,
    },
    /// List those of a workspace.
    List {
        /// Which.
        #[arg(long, value_name = "ID")]
        workspace: WorkspaceId,
    },
}

#[derive(Subcommand)]
pub(crate) enum DeviceCommand {
    /// List those of a person: id, state, fingerprint, name.
    List {
        /// Whose.
        #[arg(long, value_name = "ID")]
        user: UserId,
    },
    /// Disable a device for good, at once. It can be set up anew.
    Disable {
        /// Whose.
        #[arg(long, value_name = "ID")]
        user: UserId,
        /// Which, as `device list` names it.
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        device: DeviceId,
    },
}

#[derive(Subcommand)]
pub(crate) enum AppCommand {
    /// Add an app, or replace it, and print its id.
    Add {
        /// Whose it is.
        #[arg(long, value_name = "ID")]
        workspace: WorkspaceId,
        /// Its definition, a TOML file of the catalogue's form. Its id starts with custom-.
        file: PathBuf,
    },
    /// Say everything that is wrong with an app's file, by line. Needs no database.
    Check {
        /// A TOML file of the catalogue's form.
        file: PathBuf,
        /// Try it on the cases in this file as well, or in <id>.toml of this folder.
        #[arg(long, value_name = "FILE")]
        fixtures: Option<PathBuf>,
    },
    /// List the workspace's own and the catalogue's.
    List {
        /// Which.
        #[arg(long, value_name = "ID")]
        workspace: WorkspaceId,
    },
}

#[derive(Subcommand)]
pub(crate) enum AccountCommand {
    /// Add an account, and print its id.
    Add {
        /// Whose it is.
        #[arg(long, value_name = "ID")]
        workspace: WorkspaceId,
        /// The app.
        #[arg(long, value_name = "APP")]
        app: AppId,
        /// What people call it.
        #[arg(long)]
        name: String,
        /// Whose session it takes, as the app writes it; anybody's, if not given.
        #[arg(long)]
        identity: Option<String>,
        /// E-mail address of somebody who may transfer and delete; may be repeated.
        #[arg(long = "owner", value_name = "EMAIL", required = true, num_args = 1..)]
        owners: Vec<String>,
        /// E-mail address of somebody who may look; may be repeated.
        #[arg(long = "collaborator", value_name = "EMAIL", num_args = 1..)]
        collaborators: Vec<String>,
    },
    /// List those of a workspace.
    List {
        /// Which.
        #[arg(long, value_name = "ID")]
        workspace: WorkspaceId,
    },
}

#[derive(Subcommand)]
pub(crate) enum WorkerTokenCommand {
    /// Make a token for a worker, and print it. It is shown this once.
    Add {
        /// The workspace that the worker serves.
        #[arg(long, value_name = "ID")]
        workspace: WorkspaceId,
        /// What to call the worker.
        #[arg(long)]
        name: String,
    },
    /// List the workers of a workspace.
    List {
        /// Which.
        #[arg(long, value_name = "ID")]
        workspace: WorkspaceId,
    },
}

/// A length of time in milliseconds, written as `250ms`, `30s`, `15m`, `2h` or `30d`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duration(pub(crate) i64);

/// The units of a length of time, each in milliseconds, the longest first.
const UNITS: [(&str, i64); 5] = [
    ("d", 24 * 60 * 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

impl fmt::Display for Duration {
    /// In the longest unit that says it exactly.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, millis) = UNITS
            .into_iter()
            .find(|(_, millis)| self.0 % millis == 0)
            .unwrap_or(("ms", 1));
        write!(f, "{}{unit}", self.0 / millis)
    }
}

impl FromStr for Duration {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "write a length of time as 250ms, 30s, 15m, 2h or 30d";
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or(FORM)?;
        let number: i64 = number.parse().map_err(|_| FORM)?;
        number
            .checked_mul(millis)
            .filter(|millis| *millis > 0)
            .map(Self)
            .ok_or(FORM)
    }
}

impl TryFrom<ServeOptions> for Serve {
    type Error = &'static str;

    fn try_from(options: ServeOptions) -> Result<Self, Self::Error> {
        let mail = match (options.mail_outbox, options.smtp, options.mail_from) {
            (Some(folder), _, _) => MailConfig::Outbox(folder),
            (None, Some(url), Some(from)) => MailConfig::Smtp { url, from },
            // The parser asks for one of the two before this.
            (None, _, _) => return Err("give --mail-outbox, or --smtp and --mail-from"),
        };
        Ok(Self {
            listen: options.listen,
            public_url: options.public_url,
            mail,
            check_every_ms: options.check_every.0,
            trusted_proxies: options.trusted_proxies,
            secrets_file: options.secrets_file,
        })
    }
}

/// Starts the log on standard error: standard output is for what scripts read.
///
/// Only Ferry's own words are logged, whatever RUST_LOG says: the libraries beneath
/// log whole messages, with tokens and e-mailed codes in them.
pub(crate) fn start_log(format: LogFormat) {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let ours = filter_fn(|metadata| metadata.target().starts_with("ferry_"));
    let log = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let log = match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => log.json().boxed(),
    };
    tracing_subscriber::registry()
        .with(level)
        .with(log.with_filter(ours))
        .init();
}

/// Done at SIGTERM or SIGINT.
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// The password: the first line of standard input, or asked for without showing it.
pub(crate) fn read_password(from_stdin: bool) -> io::Result<Zeroizing<String>> {
    if !from_stdin {
        return rpassword::prompt_password("Password: ").map(Zeroizing::new);
    }
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Prints lines to standard output.
pub(crate) fn print(lines: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// Says on standard error why a command failed.
pub(crate) fn complain(error: &dyn std::error::Error) {
    // If standard error is closed, there is nobody to tell.
    let _ = writeln!(io::stderr(), "ferry-server: {error}");
}
