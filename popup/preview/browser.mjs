// Headless Chromium, spoken to over a pipe with the DevTools protocol.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

// One page of a fresh browser: `send` calls a method of the protocol, `on` hears
// events, `evaluate` gives what an expression of the page comes to.
export async function openPage(chromiumPath) {
    const profile = await mkdtemp(join(tmpdir(), "ferry-preview-"));
    const chromium = spawn(
        chromiumPath,
        [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--remote-debugging-pipe",
            `--user-data-dir=${profile}`,
            "about:blank",
        ],
        { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
    );
    chromium.once("exit", () => {
        for (const { reject } of waiting.values()) reject(new Error("Chromium has ended"));
    });
    const [, , , toBrowser, fromBrowser] = chromium.stdio;
    const waiting = new Map();
    const listeners = [];
    let last = 0;
    let rest = "";
    fromBrowser.setEncoding("utf8");
    fromBrowser.on("data", (data) => {
        // Messages end with a zero byte.
        const parts = (rest + data).split("\0");
        rest = parts.pop();
        for (const message of parts.map((part) => JSON.parse(part))) {
            const { resolve, reject } = waiting.get(message.id) ?? {};
            waiting.delete(message.id);
            if (message.error) reject?.(new Error(message.error.message));
            else if (resolve) resolve(message.result);
            else listeners.forEach((listen) => listen(message));
        }
    });

    function call(method, params = {}, sessionId = undefined) {
        if (chromium.exitCode !== null || chromium.signalCode !== null) {
            return Promise.reject(new Error("Chromium has ended"));
        }
        const id = ++last;
        toBrowser.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
        return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    }

    const { targetId } = await call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
    const send = (method, params) => call(method, params, sessionId);
    for (const domain of ["Page", "Runtime", "Log"]) await send(`${domain}.enable`);

    return {
        send,
        on: (listen) => listeners.push(listen),
        async evaluate(expression) {
            const { result, exceptionDetails } = await send("Runtime.evaluate", {
                expression,
                awaitPromise: true,
                returnByValue: true,
                userGesture: true,
            });
            if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
            return result.value;
        },
        async close() {
            const ended = new Promise((resolve) => chromium.once("exit", resolve));
            await call("Browser.close");
            await ended;
            await rm(profile, { recursive: true, force: true });
        },
    };
}
