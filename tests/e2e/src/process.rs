//! Programs that a test starts. What they print is kept in a file, and they end
//! with the test, with everything that they started themselves.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::mpsc;

/// How long a program may take to say that it is ready.
const START: Duration = Duration::from_secs(60);

/// How often a program that was asked to end is looked at, and how often at most.
const STOP_POLL: (Duration, u32) = (Duration::from_millis(10), 500);

/// A running program, the leader of a process group of its own.
pub struct Program {
    name: String,
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Program {
    /// Starts it. Its output goes to `<name>.log` in `logs`.
    pub fn start(name: &str, mut command: Command, logs: &Path) -> Result<Self> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(logs.join(format!("{name}.log")))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} does not start: {command:?}"))?;
        let output = child.stdout.take().context("standard output is piped")?;
        let (sender, lines) = mpsc::unbounded_channel();
        thread::spawn(move || keep_lines(BufReader::new(output), log, &sender));
        Ok(Self {
            name: name.to_owned(),
            child,
            lines,
        })
    }

    /// Waits for a line of standard output that holds `marker`, and gives what
    /// follows the marker.
    pub async fn line_with(&mut self, marker: &str) -> Result<String> {
        let find = async {
            while let Some(line) = self.lines.recv().await {
                if let Some((_, rest)) = line.split_once(marker) {
                    return Ok(rest.trim().to_owned());
                }
            }
            bail!("{} ended before it printed {marker:?}", self.name)
        };
        match tokio::time::timeout(START, find).await {
            Ok(found) => found,
            Err(_) => Err(anyhow!("{} did not print {marker:?} within {START:?}", self.name)),
        }
    }

    /// How it ended, if it did.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Ends it and all that it started: by request, and by force what remains.
    pub fn stop(&mut self) {
        let group = Pid::from_child(&self.child);
        if matches!(self.child.try_wait(), Ok(None)) {
            // It may end by itself at this very moment: then there is nobody to ask.
            let _ = kill_process_group(group, Signal::TERM);
            self.wait_a_while();
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }

    fn wait_a_while(&mut self) {
        let (pause, times) = STOP_POLL;
        for _ in 0..times {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(pause);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Copies every line to the log, and to whoever waits for one.
fn keep_lines(output: impl BufRead, mut log: File, sender: &mpsc::UnboundedSender<String>) {
    for line in output.lines() {
        let Ok(line) = line else { return };
        // Nobody may wait any more, and a full disk shows elsewhere.
        let _ = writeln!(log, "{line}");
        let _ = sender.send(line);
    }
}

/// Runs a program to its end, and gives its standard output without white space at
/// the ends. Fails, with what it printed, unless it succeeded.
pub async fn run(mut command: Command, input: Option<&str>) -> Result<String> {
    let input = input.map(str::to_owned);
    let shown = format!("{command:?}");
    let output = tokio::task::spawn_blocking(move || {
        command.stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            stdin.write_all(input.as_bytes())?;
        }
        child.wait_with_output()
    })
    .await?
    .with_context(|| format!("{shown} does not start"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("{shown} failed, {}:\n{stdout}\n{stderr}", output.status);
    }
    Ok(stdout)
}
