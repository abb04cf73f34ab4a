//! Pictures of pages in both themes and two widths, each checked for accessibility by
//! axe-core and for what sticks out of the window. Chromium only.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::files;
use crate::page::Page;
use crate::wait;

/// A phone's width and a desk's, in CSS pixels, and the height that goes with each.
const SIZES: [(u32, u32); 2] = [(360, 780), (1280, 860)];
const THEMES: [&str; 2] = ["light", "dark"];

/// Takes pictures of a page.
pub struct Gallery {
    folder: PathBuf,
    axe: String,
}

impl Gallery {
    /// Pictures go to `target/screenshots/<name>-<theme>-<width>.png`.
    pub fn new() -> Result<Self> {
        let target = files::repository().join("target");
        let folder = target.join("screenshots");
        std::fs::create_dir_all(&folder)?;
        let axe = target.join("tools/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&axe).with_context(|| format!("{} is not there", axe.display()))?;
        Ok(Self { folder, axe })
    }

    /// The page as it is now, in both themes and widths.
    pub async fn show(&self, page: &Page, name: &str) -> Result<()> {
        page.show().await?;
        let tools = page.browser.driver.cdp();
        for theme in THEMES {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
            tools.send_raw("Emulation.setEmulatedMedia", media).await?;
            for (width, height) in SIZES {
                let metrics =
                    json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
                tools
                    .send_raw("Emulation.setDeviceMetricsOverride", metrics)
                    .await?;
                let what = format!("{name}-{theme}-{width}");
                self.check(page, &what, width).await?;
                let file = self.folder.join(format!("{what}.png"));
                page.browser.screenshot(&file).await?;
            }
        }
        tools
            .send_raw("Emulation.clearDeviceMetricsOverride", json!({}))
            .await?;
        Ok(())
    }

    async fn check(&self, page: &Page, what: &str, width: u32) -> Result<()> {
        let driver = &page.browser.driver;
        wait::until("the new width", || async {
            let now = driver.execute("return innerWidth;", Vec::new()).await?;
            Ok((*now.json() == json!(width)).then_some(()))
        })
        .await?;
        // A colour that is on its way to another one is neither.
        let still = "const done = arguments[0];
            const ends = (one) => one.effect.getComputedTiming().endTime < Infinity;
            Promise.allSettled(document.getAnimations().filter(ends).map((one) => one.finished)).then(() => done(true));";
        driver.execute_async(still, Vec::new()).await?;
        let wide = "return document.documentElement.scrollWidth - innerWidth;";
        let wide = driver.execute(wide, Vec::new()).await?;
        ensure!(
            wide.json().as_i64().is_some_and(|wide| wide <= 0),
            "{what} is {} px too wide",
            wide.json()
        );
        let is_there = driver.execute("return !!globalThis.axe;", Vec::new()).await?;
        if *is_there.json() != json!(true) {
            driver.execute(&self.axe, Vec::new()).await?;
        }
        let run = "const done = arguments[0];
            axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations
                .filter(({ impact }) => impact === 'serious' || impact === 'critical')
                .map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html.slice(0, 160)).join(' | '))));";
        let found = driver.execute_async(run, Vec::new()).await?;
        let Value::Array(found) = found.json() else {
            anyhow::bail!("axe said {}", found.json());
        };
        ensure!(found.is_empty(), "{what}: axe found {found:#?}");
        Ok(())
    }
}
