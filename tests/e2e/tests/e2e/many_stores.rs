//! Ten thousand cookies in twenty containers: the share page says how far it is, can be
//! stopped, and is never in the way of the person. Firefox alone has containers.

use std::time::Duration;

use anyhow::{Result, ensure};
use ferry_e2e::browser::Kind;
use ferry_e2e::setting::{Plan, Setting};
use ferry_e2e::{Stage, stage, wait};
use serde_json::json;

const CONTAINERS: usize = 20;
const COOKIES: usize = 500;

/// An app that cookies alone tell everything of.
const APP: &str = r#"
id = "custom-many"
name = "Many"
domains = ["many.test"]
sign_in = "https://many.test/sign-in"
check = "https://many.test/"

[signed_in]
all = ["sid"]

[[identity]]
strength = "list"
from = { cookie = "who" }
"#;

/// Makes a container in which this person is signed in, with so many cookies.
const FILL: &str = r#"
    const [name, count, done] = arguments;
    async function fill() {
        const { cookieStoreId: storeId } = await browser.contextualIdentities.create({ name, color: "blue", icon: "circle" });
        const url = "https://many.test/";
        const set = (name, value) => browser.cookies.set({ url, name, value, storeId });
        const others = Array.from({ length: count - 2 }, (_, n) => set(`cookie-${n}`, "v".repeat(100)));
        await Promise.all([set("sid", "s"), set("who", name), ...others]);
        return (await browser.cookies.getAll({ storeId })).length;
    }
    fill().then(done, (error) => done(String(error)));
"#;

/// Notes on the page how long the page was once not free to do anything else, in
/// milliseconds.
const WATCH: &str = r#"
    const [done] = arguments;
    let last = performance.now();
    const { dataset } = document.documentElement;
    dataset.longestPause = 0;
    setInterval(() => {
        const now = performance.now();
        dataset.longestPause = Math.max(dataset.longestPause, now - last);
        last = now;
    }, 5);
    done(null);
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_cookies_in_twenty_containers_are_looked_through() -> Result<()> {
    let name = "ten_thousand_cookies_in_twenty_containers";
    stage::run(name, Kind::Firefox, look_through).await
}

async fn look_through(stage: &Stage) -> Result<()> {
    let plan = Plan::of(APP.to_owned(), None);
    let setting = Setting::start(stage, plan).await?;
    let popup = &setting.popup;
    for n in 0..CONTAINERS {
        let filled = popup
            .run(FILL, vec![json!(format!("person-{n}")), json!(COOKIES)])
            .await?;
        ensure!(filled == COOKIES, "container {n}: {filled}");
    }
    setting.browser.driver.refresh().await?;
    popup
        .go_to(&format!("#/accounts/{}/share", setting.account))
        .await?;
    popup.find("stores").await?;
    popup.run(WATCH, Vec::new()).await?;

    // It says how far it is, and stops when it is told to.
    popup.click("look-everywhere").await?;
    let progress = async || Ok::<_, anyhow::Error>(popup.find("stores-progress").await?.text().await?);
    wait::until("the third container", || async {
        let text = progress().await?;
        let at = text
            .strip_prefix("Looking in ")
            .and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok());
        Ok(at.filter(|at| *at >= 3))
    })
    .await?;
    popup.click("look-everywhere").await?;
    let stopped = progress().await?;
    ensure!(stopped.ends_with("places, each by itself"), "{stopped}");
    let named = async || {
        let rows = popup.run(NAMED, Vec::new()).await?;
        Ok::<_, anyhow::Error>(rows.as_u64().unwrap_or_default())
    };
    ensure!(
        named().await? < CONTAINERS as u64,
        "there was nothing left to stop"
    );

    // And once more, to the end.
    popup.click("look-everywhere").await?;
    wait::until_within(Duration::from_secs(120), "everybody to be named", || async {
        Ok((named().await? == CONTAINERS as u64).then_some(()))
    })
    .await?;
    let pause = popup
        .run(
            "arguments[0](Number(document.documentElement.dataset.longestPause))",
            Vec::new(),
        )
        .await?;
    print(&format!(
        "{} cookies in {CONTAINERS} containers: the page paused for {pause} ms at most",
        CONTAINERS * COOKIES
    ));
    Ok(())
}

/// In how many containers somebody was found.
const NAMED: &str = r#"
    const [done] = arguments;
    const rows = [...document.querySelectorAll("[data-testid=store] .store-who")];
    done(rows.filter((row) => /person-\d+/.test(row.textContent)).length);
"#;

#[expect(clippy::print_stdout, reason = "the figure is a part of what the test is for")]
fn print(text: &str) {
    println!("{text}");
}
