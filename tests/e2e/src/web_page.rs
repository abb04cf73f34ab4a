//! A page at the server's address that speaks to the extension as the web app does.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;
use thirtyfour::WindowHandle;

use crate::browser::Browser;
use crate::wait;

/// Where the wire serves it.
pub const PATH: &str = "/bridge-test";

/// The page: its own script asks, and keeps what it hears.
pub const HTML: &str = r#"<!doctype html>
<title>A page of the server's</title>
<script>
    globalThis.replies = [];
    globalThis.events = [];
    const waiting = new Map();
    addEventListener("message", ({ source, origin, data }) => {
        if (source !== window || origin !== location.origin) return;
        if (data.ferry === "reply") {
            replies.push(data.reply);
            waiting.get(data.id)?.(data.reply);
        } else if (data.ferry === "event") {
            events.push(data.event);
        }
    });
    let id = 0;
    globalThis.ask = (ask) =>
        new Promise((resolve) => {
            id += 1;
            waiting.set(id, resolve);
            postMessage({ ferry: "ask", id, ask }, location.origin);
        });
</script>
"#;

/// The page, in a tab of its own.
pub struct WebPage {
    browser: Arc<Browser>,
    tab: WindowHandle,
}

impl WebPage {
    /// Opens it at a wire's address.
    pub async fn open(browser: &Arc<Browser>, address: &str) -> Result<Self> {
        let tab = browser.open_tab(&format!("{address}{PATH}")).await?;
        Ok(Self {
            browser: Arc::clone(browser),
            tab,
        })
    }

    /// Asks, and waits for the reply.
    pub async fn ask(&self, ask: Value) -> Result<Value> {
        self.wait_for(
            "const [ask, done] = arguments; window.ask(ask).then(done);",
            vec![ask],
        )
        .await
    }

    /// Asks so many times at once, and waits for all replies.
    pub async fn ask_often(&self, ask: Value, times: u32) -> Result<Value> {
        let script = "const [ask, times, done] = arguments; \
                      Promise.all(Array.from({ length: times }, () => window.ask(ask))).then(done);";
        self.wait_for(script, vec![ask, times.into()]).await
    }

    /// Asks, and waits for nothing.
    pub async fn say(&self, ask: Value) -> Result<()> {
        self.run("window.ask(arguments[0]);", vec![ask]).await?;
        Ok(())
    }

    /// Asks from a frame of the same page, as the frame and as if it were the page.
    pub async fn say_in_frame(&self, ask: Value) -> Result<()> {
        let script = "const [ask, done] = arguments; \
                      const frame = document.createElement('iframe'); \
                      frame.src = location.href; \
                      frame.onload = () => { \
                          frame.contentWindow.ask(ask); \
                          frame.contentWindow.eval(`parent.postMessage({ ferry: 'ask', id: 99, ask: ${JSON.stringify(ask)} }, '*')`); \
                          done(null); \
                      }; \
                      document.body.append(frame);";
        self.wait_for(script, vec![ask]).await?;
        Ok(())
    }

    /// How many replies have come, here and in its frames.
    pub async fn replies(&self) -> Result<u64> {
        let script = "const frames = [...document.querySelectorAll('iframe')].map((frame) => frame.contentWindow); \
                      return [window, ...frames].reduce((sum, one) => sum + one.replies.length, 0);";
        let count = self.run(script, Vec::new()).await?;
        count.as_u64().context("no number of replies")
    }

    /// Asks until somebody answers, as a page does that does not know whether the
    /// extension is there.
    pub async fn ask_until_heard(&self, ask: &Value) -> Result<Value> {
        wait::until("an answer", || async {
            self.say(ask.clone()).await?;
            let reply = self
                .run("return window.replies.at(-1) ?? null;", Vec::new())
                .await?;
            Ok((!reply.is_null()).then_some(reply))
        })
        .await
    }

    /// Waits until the page has heard of this step, and gives all that it heard.
    pub async fn until_step(&self, step: &str) -> Result<Value> {
        let what = format!("the step {step}");
        wait::until(&what, || async {
            let events = self.run("return window.events;", Vec::new()).await?;
            let heard = events.as_array().into_iter().flatten();
            let mut steps = heard.map(|event| &event["progress"]["step"]);
            Ok(steps.any(|one| one == step).then(|| events.clone()))
        })
        .await
    }

    async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.browser.driver.switch_to_window(self.tab.clone()).await?;
        let answer = self.browser.driver.execute(script, arguments).await?;
        Ok(answer.json().clone())
    }

    async fn wait_for(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.browser.driver.switch_to_window(self.tab.clone()).await?;
        let answer = self.browser.driver.execute_async(script, arguments).await?;
        Ok(answer.json().clone())
    }
}
