//! The real program, in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ferry_server::clock::SystemClock;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::client::{Client, Transport};

/// A running server; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
    log: UnboundedReceiver<String>,
}

impl Process {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::try_start(folder).expect("it listens")
    }

    /// The same; an error is what it complained about.
    pub(crate) fn try_start(folder: &Path) -> Result<Self, String> {
        Self::try_start_with(folder, &[])
    }

    /// The same with more arguments.
    pub(crate) fn try_start_with(folder: &Path, arguments: &[&OsStr]) -> Result<Self, String> {
        let mut child = program(folder)
            .args(["serve", "--listen", "127.0.0.1:0", "--mail-outbox"])
            .arg(folder.join("outbox"))
            .args(arguments)
            // All of it, whatever the libraries say as well.
            .env("RUST_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = read_lines(child.stderr.take().unwrap());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Some(address) = line.trim().strip_prefix("listening on http://") else {
            child.wait().unwrap();
            return Err(std::iter::from_fn(|| log.blocking_recv()).collect());
        };
        let address = address.parse().unwrap();
        Ok(Self { child, address, log })
    }

    /// The next line of its log; `None`: it has ended.
    pub(crate) async fn log_line(&mut self) -> Option<String> {
        let line = tokio::time::timeout(Duration::from_secs(20), self.log.recv());
        line.await.expect("it says something")
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn transport(&self) -> Transport {
        Transport::Tcp(self.address)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.transport(), &self.base(), Arc::new(SystemClock))
    }

    /// SIGKILL: it gets no chance to do anything.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let done = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(done.success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads on a thread of its own, so that whoever writes never waits.
fn read_lines(from: impl Read + Send + 'static) -> UnboundedReceiver<String> {
    let (lines, read) = unbounded_channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            // The test may not be interested.
            let _ = lines.send(line);
        }
    });
    read
}

/// The program, on the database of this folder.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferry-server"));
    command.env_clear().arg("--database").arg(folder.join("ferry.db"));
    command
}

/// Runs a command; its output, and what it complained about.
pub(crate) fn run(folder: &Path, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut child = program(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}
