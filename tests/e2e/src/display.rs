//! A screen with a window manager, for what a browser only asks in a real window.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::Instant;

use crate::process::{self, Program};
use crate::wait;

/// The stretch of lines at the top of the screen that prompts appear in.
const TOP: usize = 400;

/// What has not changed for so long moves no more. Chromium's prompt wakes its button half a
/// second after everything else is drawn.
const STILL: Duration = Duration::from_secs(1);

/// A virtual screen.
pub struct Display {
    /// Its X name, such as `:7`.
    pub name: String,
    frame_buffer: PathBuf,
    _window_manager: Program,
    _server: Program,
}

impl Display {
    /// Starts one that is used by nobody else.
    pub async fn start(folder: &Path) -> Result<Self> {
        let mut command = Command::new("Xvfb");
        command.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x1000x24",
            "-nolisten",
            "tcp",
            "-fbdir",
        ]);
        command.arg(folder);
        let mut server = Program::start("xvfb", command, folder)?;
        let name = format!(":{}", server.line_with("").await?);
        let mut command = Command::new("openbox");
        command
            .args(["--sm-disable", "--startup", "echo managing windows"])
            .env("DISPLAY", &name);
        let mut window_manager = Program::start("openbox", command, folder)?;
        window_manager.line_with("managing windows").await?;
        Ok(Self {
            name,
            frame_buffer: folder.join("Xvfb_screen0"),
            _window_manager: window_manager,
            _server: server,
        })
    }

    /// Waits until the top of the screen is drawn, and gives what is to be seen there.
    pub async fn until_still(&self) -> Result<Vec<u8>> {
        let last = RefCell::new((Instant::now(), Vec::new()));
        wait::until("the screen to stand still", || async {
            let now = self.top()?;
            let mut last = last.borrow_mut();
            if last.1 != now {
                *last = (Instant::now(), now.clone());
            }
            Ok((last.0.elapsed() >= STILL).then_some(now))
        })
        .await
    }

    /// Waits until something else is to be seen at the top of the screen.
    pub async fn until_other_than(&self, picture: &[u8]) -> Result<()> {
        wait::until("the screen to change", || async {
            Ok((self.top()? != picture).then_some(()))
        })
        .await
    }

    /// The uppermost lines of the screen, as Xvfb keeps them: a dump in the form of
    /// XWDFile.h, whose header has its own length first and that of a line 48 bytes in.
    fn top(&self) -> Result<Vec<u8>> {
        let dump =
            std::fs::read(&self.frame_buffer).with_context(|| self.frame_buffer.display().to_string())?;
        let number = |at: usize| -> Option<usize> {
            let bytes = dump.get(at..at + 4)?;
            Some(u32::from_be_bytes(bytes.try_into().ok()?) as usize)
        };
        let (header, line, colours) = (number(0), number(48), number(76));
        let lines = header
            .zip(line)
            .zip(colours)
            .and_then(|((header, line), colours)| {
                let start = header + 12 * colours;
                dump.get(start..start + TOP * line)
            });
        Ok(lines.context("a screen of 400 lines")?.to_vec())
    }

    /// Presses a key in the window that has the focus, such as `Tab`.
    pub async fn press(&self, key: &str) -> Result<()> {
        self.xdotool(&["key", "--clearmodifiers", key]).await?;
        Ok(())
    }

    /// Presses the left button at a point of the screen.
    pub async fn click(&self, x: i64, y: i64) -> Result<()> {
        self.xdotool(&["mousemove", &x.to_string(), &y.to_string(), "click", "1"])
            .await?;
        Ok(())
    }

    /// Runs `xdotool` on this screen and gives what it prints.
    pub async fn xdotool(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("xdotool");
        command.args(arguments).env("DISPLAY", &self.name);
        process::run(command, None).await
    }
}
