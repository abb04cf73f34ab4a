//! Turns `apps/*.toml` into one JSON text for `src/builtin.rs`.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=apps");
    if env::var_os("CARGO_FEATURE_BUILTIN").is_none() {
        return Ok(());
    }
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("apps");
    let mut files = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let apps = files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file)?;
            toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()).into())
        })
        .collect::<Result<Vec<serde_json::Value>, Box<dyn Error>>>()?;
    fs::write(
        PathBuf::from(env::var("OUT_DIR")?).join("apps.json"),
        serde_json::to_string(&apps)?,
    )?;
    Ok(())
}
