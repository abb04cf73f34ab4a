//! The worker's program, run as a person runs it.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::app::TestApp;
use crate::ferry::{Ferry, WORKER_TOKEN};

/// Nothing takes longer in these tests.
const LIMIT: Duration = Duration::from_secs(90);

/// Where a worker's files are, and whom it talks to.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    server: String,
    ca: PathBuf,
}

/// A running worker.
pub(crate) struct Running {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    log: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Place {
    pub(crate) fn new(ferry: &Ferry, app: &TestApp) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), format!("{WORKER_TOKEN}\n")).unwrap();
        Self {
            dir,
            server: ferry.url.clone(),
            ca: app.ca.clone(),
        }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Whether these bytes are in any file of the worker's.
    pub(crate) fn holds(&self, marker: &[u8]) -> bool {
        holds(&self.state(), marker)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ferry-worker"));
        command
            .env_remove("FERRY_WORKER_TOKEN")
            // The noisiest log there is: nothing in it may be secret.
            .env("RUST_LOG", "trace")
            .arg("--state")
            .arg(self.state())
            .args(["--server", &self.server])
            .arg("--ca")
            .arg(&self.ca)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Starts `run`, and waits until it is ready.
    pub(crate) async fn run(&self) -> Running {
        let token = self.dir.path().join("token");
        let mut worker = self.start(&["run", "--token-file", token.to_str().unwrap()]);
        assert_eq!(worker.line().await, "ready");
        worker
    }

    /// Starts something that drives a browser.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        command.args([
            "--insecure-no-sandbox",
            "--resolve",
            "*.test=127.0.0.1",
            "--allow-private",
            "app.test",
        ]);
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (mut stderr, kept) = (child.stderr.take().unwrap(), log.clone());
        let reader = tokio::spawn(async move {
            let mut chunk = [0; 4096];
            while let Ok(len @ 1..) = stderr.read(&mut chunk).await {
                kept.lock().unwrap().extend_from_slice(&chunk[..len]);
            }
        });
        Running {
            child,
            stdout,
            log,
            reader,
        }
    }
}

impl Running {
    /// The next line that it prints.
    pub(crate) async fn line(&mut self) -> String {
        let line = tokio::time::timeout(LIMIT, self.stdout.next_line()).await;
        let line = line.expect("it prints something in time").unwrap();
        line.unwrap_or_else(|| panic!("it ended: {}", self.log()))
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().unwrap()).into_owned()
    }

    /// Ends it as a service manager does, and waits for it.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        kill_process(self.pid(), Signal::TERM).unwrap();
        self.wait().await
    }

    /// Waits for its end, and until its log is read to the last line.
    pub(crate) async fn wait(&mut self) -> ExitStatus {
        let end = async {
            let status = self.child.wait().await.unwrap();
            if !self.reader.is_finished() {
                (&mut self.reader).await.unwrap();
            }
            status
        };
        tokio::time::timeout(LIMIT, end).await.expect("it ends in time")
    }

    /// Kills it, as a crash does.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Its browser.
    pub(crate) fn browser(&self) -> Pid {
        let parent = self.child.id().unwrap().to_string();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let is_child = |pid: &i32| {
            // pid (name) state parent …; the name may hold anything but ends with the last `)`.
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields = stat
                .rsplit_once(") ")
                .map(|(_, fields)| fields.to_owned())
                .unwrap_or_default();
            fields.split(' ').nth(1) == Some(&parent)
        };
        let pid = pids.into_iter().find(is_child).expect("the worker has a browser");
        Pid::from_raw(pid).unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap()
    }
}

fn holds(dir: &Path, marker: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            holds(&path, marker)
        } else {
            let content = std::fs::read(&path).unwrap_or_default();
            content.windows(marker.len()).any(|window| window == marker)
        }
    })
}
