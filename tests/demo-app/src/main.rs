//! Runs the demo app until it is interrupted.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;

/// Harbour: a small notes app with sign-in, over HTTPS, whose sessions can be
/// transferred. Everything is in memory.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Host name of the app, three labels or more. The browser has to find it at
    /// the address above.
    #[arg(long, default_value = "app.demo.test")]
    host: String,
    /// Folder that gets `ca.pem` (the authority to trust), `spki.txt` (for
    /// Chromium's --ignore-certificate-errors-spki-list) and `harbour.toml`,
    /// `chat-token.toml`, `chat-paired.toml` and `chat-database.toml` (app definitions,
    /// with the port).
    #[arg(long)]
    ca_dir: Option<PathBuf>,
    /// Password of alice, bob and carol. The sign-in page shows it.
    #[arg(long, default_value = "harbour")]
    password: String,
    /// Answer /test/…, which shows cookies and ends sessions.
    #[arg(long)]
    test_controls: bool,
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the entry point speaks to the terminal"
)]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(running) => {
            println!("listening on {}", running.origin);
            running.wait().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("harbour: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the entry point draws the time")]
async fn run(arguments: Arguments) -> Result<harbour::Running, Box<dyn std::error::Error>> {
    let config = harbour::Config {
        listen: arguments.listen,
        host: arguments.host,
        password: arguments.password,
        test_controls: arguments.test_controls,
        random,
        now: SystemTime::now(),
    };
    let running = harbour::start(config).await?;
    if let Some(folder) = arguments.ca_dir {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
        };
        fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        write("ca.pem", &running.ca_pem)?;
        write("spki.txt", &running.spki)?;
        write("harbour.toml", &running.definition())?;
        write("board.toml", &running.board_definition())?;
        let [token, paired, database] = running.chat_definitions();
        write("chat-token.toml", &token)?;
        write("chat-paired.toml", &paired)?;
        write("chat-database.toml", &database)?;
    }
    Ok(running)
}

#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "the entry point draws randomness"
)]
fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives randomness: without it nobody can sign in");
    bytes
}
