//! A screen with a window manager, for what a browser only asks in a real window.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::{self, Program};

/// A virtual screen.
pub struct Display {
    /// Its X name, such as `:7`.
    pub name: String,
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
        ]);
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
            _window_manager: window_manager,
            _server: server,
        })
    }

    /// How many windows are to be seen.
    pub async fn windows(&self) -> Result<usize> {
        let shown = self.xdotool(&["search", "--onlyvisible", "--name", ""]).await?;
        Ok(shown.lines().count())
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
