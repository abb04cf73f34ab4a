//! A server that is built again after the web app was takes it in.

use std::io::{self, Write as _};
use std::path::Path;

fn main() -> io::Result<()> {
    // Of a path that is not there, cargo thinks that it changes all the time.
    let web = ["../web/dist", "../web"].into_iter();
    let web = web.filter(|path| Path::new(path).exists()).take(1);
    let mut out = io::stdout().lock();
    for path in web.chain(["build.rs"]) {
        writeln!(out, "cargo::rerun-if-changed={path}")?;
    }
    Ok(())
}
