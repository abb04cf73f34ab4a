//! The command line of the worker. Everything it does is in the library.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ferry_protocol::device::Fingerprint;
use ferry_protocol::vault::fingerprint_text;
use ferry_protocol::{AccountId, UserId};
use ferry_worker::automation::{self, Format};
use ferry_worker::config::Config;
use ferry_worker::egress::{HostPattern, Policy, Resolve};
use ferry_worker::state_dir::StateDir;
use ferry_worker::{ambient, renew, run};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, filter};
use zeroize::Zeroizing;

/// Opens transferred sessions, keeps them alive, and hands them to automation.
#[derive(Parser)]
#[command(name = "ferry-worker", version)]
struct Cli {
    /// Directory for the worker's private keys; made if it is not there.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "FERRY_WORKER_STATE",
        default_value = "ferry-worker"
    )]
    state: PathBuf,
    /// Address of the Ferry server.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "FERRY_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    server: String,
    /// PEM file of certificate authorities to trust beside the usual ones, for the
    /// server and for apps. Chromium is told by `certutil` (Debian: libnss3-tools).
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Folder with apps to support beside those that are built in, or in their place:
    /// a file ID.toml for each. The workspace's devices get them from this worker.
    #[arg(long, global = true, value_name = "DIR", env = "FERRY_WORKER_APPS")]
    apps: Option<PathBuf>,
    /// File with the worker token, or the token itself in the environment variable
    /// FERRY_WORKER_TOKEN. Needed once, and kept from then on.
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves a workspace: supplies keys, checks sessions. Prints `ready` when it does.
    Run {
        #[command(flatten)]
        browser: BrowserArgs,
    },
    /// Writes an account's session to a file for other programs. Whoever has the
    /// file is signed in.
    Export {
        /// The account.
        #[arg(long, value_name = "ID")]
        account: AccountId,
        /// Playwright's storageState, or Netscape's cookies.txt.
        #[arg(long)]
        format: FormatArg,
        /// Where to; standard output if absent. The file is closed to other users.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Opens an account's session in a headless Chromium, and prints the address at
    /// which programs reach it over CDP. Stays until Ctrl-C.
    Open {
        /// The account.
        #[arg(long, value_name = "ID")]
        account: AccountId,
        #[command(flatten)]
        browser: BrowserArgs,
    },
    /// The devices at which trust in a person's devices begins.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Prints the fingerprint of the vault identity, to compare with what the
    /// extension shows.
    Identity {
        /// Make another one first, that the one in use hands over to: devices follow
        /// by themselves. Stop `run` before. Interrupted, give the same command again.
        #[arg(long)]
        renew: bool,
    },
}

#[derive(Subcommand)]
enum DeviceCommand {
    /// Accepts a device that was set up by an e-mailed code alone, and all that it
    /// approves. Have the person read the fingerprint to you from that device.
    Accept {
        /// Whose device it is.
        #[arg(long, value_name = "ID")]
        user: UserId,
        /// The device's fingerprint, as the device itself shows it.
        #[arg(long, value_name = "FINGERPRINT")]
        fingerprint: Fingerprint,
    },
    /// Lists whose devices are known, and by which fingerprints: of each person the
    /// pinned one first. An id here that belongs to nobody in your workspace was made up
    /// by the server.
    List,
}

#[derive(Args, Default)]
struct BrowserArgs {
    /// The Chromium to use; otherwise the first on the PATH.
    #[arg(long, value_name = "PATH")]
    chromium: Option<PathBuf>,
    /// Do not look these hosts up, use this address: `app.internal=10.0.0.7`,
    /// `*.test=127.0.0.1`. A private address must be allowed as well.
    #[arg(long, value_name = "PATTERN=IP")]
    resolve: Vec<Resolve>,
    /// Apps on these hosts may be at private addresses: `app.internal`, `*.test`.
    #[arg(long, value_name = "PATTERN")]
    allow_private: Vec<HostPattern>,
    /// Run Chromium without its sandbox: for tests as root, and nothing else.
    #[arg(long)]
    insecure_no_sandbox: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    StorageState,
    CookiesTxt,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match execute(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; the exit code says it as well.
            let _ = writeln!(io::stderr(), "ferry-worker: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(cli: Cli) -> Result<(), Failure> {
    let config = |browser: BrowserArgs| Config {
        state: cli.state.clone(),
        server: cli.server.clone(),
        ca: cli.ca.clone(),
        apps: cli.apps.clone(),
        chromium: browser.chromium,
        sandbox: !browser.insecure_no_sandbox,
        policy: Policy {
            resolve: browser.resolve,
            allow_private: browser.allow_private,
        },
    };
    keep_worker_token(&StateDir::open(&cli.state)?, cli.token_file.as_deref())?;
    match cli.command {
        Command::Run { browser } => {
            run::run(config(browser), shutdown()?, || print_line("ready")).await?;
        }
        Command::Export {
            account,
            format,
            output,
        } => {
            let format = match format {
                FormatArg::StorageState => Format::StorageState,
                FormatArg::CookiesTxt => Format::CookiesTxt,
            };
            automation::export(
                &config(BrowserArgs::default()),
                &account,
                format,
                output.as_deref(),
            )
            .await?;
        }
        Command::Open { account, browser } => {
            automation::open(&config(browser), &account, shutdown()?, print_line).await?;
        }
        Command::Device(DeviceCommand::Accept { user, fingerprint }) => {
            let is_new = StateDir::open(&cli.state)?.accept_root(&user, fingerprint)?;
            print_line(if is_new { "accepted" } else { "was accepted before" });
        }
        Command::Device(DeviceCommand::List) => {
            let state = StateDir::open(&cli.state)?;
            for user in state.people()? {
                for fingerprint in state.roots(&user)? {
                    print_line(&format!("{user}\t{fingerprint}"));
                }
            }
        }
        Command::Identity { renew } => {
            let identity = if renew {
                renew::renew(&config(BrowserArgs::default())).await?
            } else {
                StateDir::open(&cli.state)?.vault(ambient::random())?
            };
            print_line(&fingerprint_text(&identity.fingerprint()));
        }
    }
    Ok(())
}

/// Keeps the worker token that was given, if one was.
fn keep_worker_token(state: &StateDir, file: Option<&Path>) -> Result<(), Failure> {
    let token = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path);
            Some(Zeroizing::new(text.map_err(|error| {
                format!("cannot read {}: {error}", path.display())
            })?))
        }
        None => std::env::var("FERRY_WORKER_TOKEN").ok().map(Zeroizing::new),
    };
    if let Some(token) = token {
        state.set_worker_token(token.trim())?;
    }
    Ok(())
}

/// Ends with the first SIGINT or SIGTERM.
fn shutdown() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Logs to standard error, at the level that RUST_LOG says; `info` without it.
///
/// Only Ferry's own words are logged, whatever RUST_LOG says: the libraries beneath
/// log whole messages, with cookies and tokens in them.
fn log_to_stderr() {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let ours = filter::filter_fn(|metadata| metadata.target().starts_with("ferry_"));
    let to_stderr = tracing_subscriber::fmt::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .with_filter(ours);
    tracing_subscriber::registry().with(level).with(to_stderr).init();
}

/// One line on standard output, for the program that started this one.
fn print_line(line: &str) {
    let mut stdout = io::stdout().lock();
    // Nobody may be listening; that stops nothing.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
