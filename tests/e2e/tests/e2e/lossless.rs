//! Nothing is lost: cookies of every kind go back to their server from the restored
//! browser as they did from the person's, byte for byte.

mod lab;

use anyhow::{Result, ensure};
use ferry_e2e::Stage;
use ferry_e2e::browser::Kind;
use ferry_e2e::cdp::Connection;
use ferry_e2e::setting::{Plan, Setting};

use lab::{Cases, Lab, Outcome, VECTORS, lifetimes};

crate::in_both_browsers!(
    every_cookie_goes_back_as_it_was,
    every_combination_goes_back_as_it_was
);

/// In how many cases of each group both browsers send cookies. (Of the parser suite, a
/// quarter is about cookies that no browser takes.)
const KINDS: [(&str, usize); 9] = [
    ("attributes", 56),
    ("partitions", 88),
    ("prefixes", 9),
    ("paths", 15),
    ("lifetimes", 8),
    ("order", 7),
    ("names and values", 61),
    ("odd in partitions", 57),
    ("parser suite", 165),
];

/// The same of the combinations. (In frames, no browser takes all that is `SameSite`.)
const COMBINATIONS: [(&str, usize); 4] = [
    ("attributes × paths", 112),
    ("× prefixes", 120),
    ("× partitions", 96),
    ("× both", 180),
];

async fn every_cookie_goes_back_as_it_was(stage: &Stage) -> Result<()> {
    all_go_back(stage, Cases::of_each_kind(VECTORS)?, &KINDS).await
}

async fn every_combination_goes_back_as_it_was(stage: &Stage) -> Result<()> {
    all_go_back(stage, Cases::of_combinations(), &COMBINATIONS).await
}

/// Has these cases set, transferred, and sent back by the restored browser. `least`: in how
/// many of each group a cookie is sent.
async fn all_go_back(stage: &Stage, cases: Cases, least: &[(&str, usize)]) -> Result<()> {
    let lab = Lab::start(&stage.subfolder("lab")?, cases).await?;
    let plan = Plan::of(lab.definition(), Some("alice")).secured_by(&lab.site.authority);
    let setting = Setting::start(stage, plan).await?;
    let driver = &setting.browser.driver;
    let tab = driver.new_tab().await?;
    driver.switch_to_window(tab.clone()).await?;
    let visit = async |address: &str| Ok(driver.goto(address).await?);
    lab.set(&visit).await?;
    let source = lab.ask("source", &visit).await?;

    let lived = lifetimes::of_person(&setting.popup).await?;

    setting.share().await?;
    let receipt = setting.popup.account(&setting.account).await?["session"]["check"]["receipt"].clone();
    let (_open, devtools) = setting.worker.open(&setting.account).await?;
    let connection = Connection::open(&devtools, Box::new(|_, _| {})).await?;
    let live = lifetimes::of_restored(&connection).await?;
    ensure!(
        receipt["restored"] == live.len(),
        "{} are there: {receipt}",
        live.len()
    );
    let now = driver
        .execute("return Date.now() / 1000;", Vec::new())
        .await?
        .convert()?;
    let compared = lifetimes::ensure_same(&lived, &live, now)?;
    let visit = async |address: &str| connection.open_tab(address).await.map(|_| ());
    let restored = lab.ask("restored", visit).await?;

    let table = lab.compare(&source, &restored, &receipt);
    print(
        stage,
        &format!(
            "{table}sealed {}, restored {}; lifetimes compared: {compared}",
            receipt["sealed"], receipt["restored"]
        ),
    );
    for (group, least) in least {
        let tried = table.tried(group);
        ensure!(
            tried >= *least,
            "{group}: the browser sent cookies in {tried} cases only"
        );
    }
    let mut refused = table.refused().into_iter();
    let unheard_of =
        refused.find(|(group, name, reason)| refused_for(stage.kind, group, name) != Some(*reason));
    ensure!(
        unheard_of.is_none(),
        "refused without need, or for another reason: {unheard_of:?}"
    );
    let changes = table.changes();
    ensure!(
        table.count(Outcome::Changed) == 0,
        "silently changed:\n{changes}\n{receipt}"
    );
    Ok(())
}

/// For which reason this case is refused, if `docs/lossless.md` says that it is.
fn refused_for(kind: Kind, group: &str, name: &str) -> Option<&'static str> {
    let firefox = kind == Kind::Firefox;
    let of = |groups: &[&str]| groups.contains(&group);
    if of(&["names and values", "odd in partitions"]) {
        let in_firefox = (firefox && name.contains('\t')).then_some("browser");
        return name.contains('\u{fffd}').then_some("unreadable").or(in_firefox);
    }
    let in_frames = name.contains("-unsaid-") && !name.contains("page-");
    let in_partitions = of(&["partitions", "× partitions", "× both"]);
    (firefox && in_partitions && in_frames).then_some("browser")
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are a part of what the test is for"
)]
fn print(stage: &Stage, text: &str) {
    println!("{}:\n{text}", stage.kind);
}
