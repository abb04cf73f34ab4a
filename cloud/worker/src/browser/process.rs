//! The Chromium process: how it is started, and that it ends.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::browser::GetVersionParams;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use super::cdp::Cdp;
use super::profile::{Profile, TrustError};
use super::user_agent::sends_third_party_cookies;

/// How long Chromium may take to start.
const START_LIMIT: Duration = Duration::from_secs(30);

/// How long it may take to end by itself once it was asked to.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Which Chromium to start, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The executable.
    pub chromium: PathBuf,
    /// Whether Chromium's sandbox is on. Off, a page that breaks out of the browser
    /// is in the worker's own account, beside its keys: for tests only.
    pub sandbox: bool,
    /// Certificates to trust beside the usual ones, as a PEM file.
    pub extra_ca: Option<PathBuf>,
    /// Where profiles go if there is no place in memory.
    pub profiles: PathBuf,
}

/// Chromium does not start.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// None found.
    #[error(
        "there is no Chromium on this machine; install one (Debian: chromium), or name it with --chromium"
    )]
    NotFound,
    /// Its sandbox does not work for root.
    #[error("Chromium has no sandbox when root starts it: run the worker as a user of its own")]
    Root,
    /// The executable does not run, or its directory cannot be made.
    #[error("cannot start Chromium: {0}")]
    Io(#[from] io::Error),
    /// The certificate authority is not taken.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// It ended, or did not say where it listens.
    #[error("Chromium did not start: {0}")]
    Failed(String),
}

/// What a browser is for.
#[derive(Clone, Copy)]
pub(crate) enum Role<'a> {
    /// Contexts of their own for any number of sessions. Its default context reaches
    /// nothing, and no program but this one reaches it.
    Contexts,
    /// One session in its default context, open to programs on this machine.
    Automation {
        /// The default context's way out.
        proxy: &'a str,
        /// What it says it is.
        user_agent: &'a str,
    },
}

/// A running Chromium. Killed when dropped, and when this process dies.
pub(crate) struct Process {
    child: Child,
    /// Removed after the process is gone: fields are dropped in this order.
    _profile: Profile,
}

/// A Chromium that has just started.
pub(crate) struct Started {
    /// The process.
    pub(crate) process: Process,
    /// Its DevTools, for this process alone.
    pub(crate) cdp: Cdp,
    /// The WebSocket address of its DevTools, in [`Role::Automation`].
    pub(crate) endpoint: Option<String>,
}

/// The first Chromium on the PATH.
pub fn find_chromium() -> Result<PathBuf, LaunchError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ];
    let candidates = names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)));
    candidates
        .into_iter()
        .find(|path| path.is_file())
        .ok_or(LaunchError::NotFound)
}

impl Process {
    /// Starts Chromium.
    pub(crate) async fn start(options: &Options, role: Role<'_>) -> Result<Started, LaunchError> {
        if options.sandbox && rustix::process::geteuid().is_root() {
            return Err(LaunchError::Root);
        }
        if !options.sandbox {
            tracing::warn!("Chromium runs without its sandbox; do this in tests only");
        }
        let third_party = match role {
            Role::Contexts => true,
            Role::Automation { user_agent, .. } => sends_third_party_cookies(user_agent),
        };
        let profile = Profile::create(&options.profiles, third_party)?;
        if let Some(ca) = &options.extra_ca {
            profile.trust(ca)?;
        }
        let mut child = command(&options.chromium, &profile)
            .args(arguments(&profile.user_data(), options.sandbox, role))
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(LaunchError::Failed("it has no pipes".to_owned()));
        };
        let cdp = Cdp::over(stdin, stdout);
        let process = Self {
            child,
            _profile: profile,
        };
        let mut words = BufReader::new(stderr).lines();
        let starting = answers(&cdp, role, &mut words);
        let endpoint = match tokio::time::timeout(START_LIMIT, starting).await {
            Ok(endpoint) => endpoint?,
            Err(_) => return Err(LaunchError::Failed("it takes too long".to_owned())),
        };
        discard(words);
        Ok(Started {
            process,
            cdp,
            endpoint,
        })
    }

    /// Waits for its end after it was asked to end, and kills it if it does not.
    pub(crate) async fn end(mut self) {
        if tokio::time::timeout(END_LIMIT, self.child.wait()).await.is_err()
            && let Err(error) = self.child.kill().await
        {
            tracing::warn!(%error, "cannot end Chromium");
        }
    }
}

fn command(chromium: &Path, profile: &Profile) -> Command {
    // A shell lays standard input and output where Chromium's DevTools pipe is (file
    // descriptors 3 and 4). Chromium ends as soon as the pipe closes, however this
    // process dies.
    let mut command = Command::new("/bin/sh");
    command
        .arg("-c")
        .arg(r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#)
        .arg(chromium)
        // Nothing of the worker's environment, such as a token, is the browser's business.
        .env_clear()
        .env("HOME", profile.home())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C at the terminal is for the worker, which ends the browser itself.
        .process_group(0)
        .kill_on_drop(true);
    for name in [
        "PATH",
        "LANG",
        "LC_ALL",
        "TZ",
        "LD_LIBRARY_PATH",
        "FONTCONFIG_PATH",
        "FONTCONFIG_FILE",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Command line flags. What they switch off either talks to somebody else than the
/// app, writes to disk, or goes past the proxy.
fn arguments(user_data: &Path, sandbox: bool, role: Role<'_>) -> Vec<OsString> {
    const FLAGS: &[&str] = &[
        "--headless=new",
        "--remote-debugging-pipe",
        // Nothing past the proxy.
        "--proxy-bypass-list=<-loopback>",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        "--disable-quic",
        "--dns-prefetch-disable",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
        // Nobody but the app.
        "--disable-background-networking",
        "--disable-client-side-phishing-detection",
        "--disable-component-extensions-with-background-pages",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-domain-reliability",
        "--disable-extensions",
        // The last two are pages of the browser's own, which each window would load beside
        // itself: half of the time that a start takes.
        "--disable-features=AutofillServerCommunication,DialMediaRouteProvider,MediaRouter,\
         NetworkTimeServiceQuerying,OptimizationHints,Translate,WebUIOmniboxPopup,WebUIOmniboxAimPopup",
        "--disable-sync",
        "--metrics-recording-only",
        "--no-default-browser-check",
        "--no-first-run",
        "--no-pings",
        // No dumps of memory that holds sessions, no key ring of the desktop's.
        "--disable-breakpad",
        "--disable-crash-reporter",
        "--password-store=basic",
        "--use-mock-keychain",
        // Servers and containers: no GPU, and little shared memory.
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disk-cache-size=33554432",
        "--mute-audio",
    ];
    let mut arguments: Vec<OsString> = FLAGS.iter().map(OsString::from).collect();
    let mut user_data_flag = OsString::from("--user-data-dir=");
    user_data_flag.push(user_data);
    arguments.push(user_data_flag);
    match role {
        // What has no proxy of its own has none that answers (port 9, "discard").
        Role::Contexts => arguments.push("--proxy-server=http://127.0.0.1:9".into()),
        Role::Automation { proxy, user_agent } => arguments.extend([
            format!("--proxy-server={proxy}").into(),
            format!("--user-agent={user_agent}").into(),
            "--remote-debugging-port=0".into(),
        ]),
    }
    if !sandbox {
        arguments.push("--no-sandbox".into());
    }
    arguments
}

type Words = Lines<BufReader<ChildStderr>>;

/// Waits until Chromium answers; gives the address that it prints, if it is to.
async fn answers(cdp: &Cdp, role: Role<'_>, words: &mut Words) -> Result<Option<String>, LaunchError> {
    let endpoint = match role {
        Role::Contexts => None,
        Role::Automation { .. } => Some(printed_endpoint(words).await?),
    };
    match cdp.call(GetVersionParams::default()).await {
        Ok(_) => Ok(endpoint),
        Err(error) => Err(LaunchError::Failed(
            last_words(words).await?.unwrap_or_else(|| error.to_string()),
        )),
    }
}

async fn printed_endpoint(words: &mut Words) -> Result<String, LaunchError> {
    let mut last = None;
    while let Some(line) = words.next_line().await? {
        if let Some((_, address)) = line.split_once("DevTools listening on ") {
            return Ok(address.trim().to_owned());
        }
        last = Some(line).filter(|line| !line.trim().is_empty()).or(last);
    }
    Err(LaunchError::Failed(last.unwrap_or_else(|| "it ended".to_owned())))
}

/// What Chromium said before it ended. No page was open: these are its own words.
async fn last_words(words: &mut Words) -> io::Result<Option<String>> {
    let mut last = None;
    while let Some(line) = words.next_line().await? {
        last = Some(line).filter(|line| !line.trim().is_empty()).or(last);
    }
    Ok(last)
}

/// Reads on so that Chromium never blocks on a full pipe. Nothing of it is logged:
/// pages can print there.
fn discard(words: Words) {
    let mut rest = words.into_inner();
    tokio::spawn(async move {
        let mut discarded = [0; 4096];
        while rest.read(&mut discarded).await.is_ok_and(|len| len > 0) {}
    });
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn only_automation_opens_a_port() {
        let has_port = |role| {
            let arguments = arguments(Path::new("/x"), true, role);
            arguments.contains(&OsString::from("--remote-debugging-port=0"))
        };
        assert!(!has_port(Role::Contexts));
        assert!(has_port(Role::Automation {
            proxy: "http://127.0.0.1:9",
            user_agent: "x"
        }));
    }

    #[test]
    fn the_sandbox_is_on_unless_switched_off() {
        let arguments = |sandbox| arguments(Path::new("/x"), sandbox, Role::Contexts);
        let flag = OsString::from("--no-sandbox");
        assert!(!arguments(true).contains(&flag));
        assert!(arguments(false).contains(&flag));
    }

    #[tokio::test]
    async fn chromium_that_does_not_start_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let chromium = dir.path().join("chromium");
        std::fs::write(&chromium, "#!/bin/sh\necho 'No usable sandbox!' >&2\nexit 1\n").unwrap();
        std::fs::set_permissions(&chromium, std::fs::Permissions::from_mode(0o755)).unwrap();
        let profiles = dir.path().to_owned();
        let options = Options {
            chromium,
            sandbox: false,
            extra_ca: None,
            profiles,
        };
        let proxy = "http://127.0.0.1:9";
        let automation = Role::Automation {
            proxy,
            user_agent: "x",
        };
        for role in [Role::Contexts, automation] {
            let error = Process::start(&options, role).await.err().unwrap();
            assert!(error.to_string().contains("No usable sandbox!"), "{error}");
        }
    }
}
