// Between the workspace's web app and the background worker. Runs in the pages of the
// server that the person is signed in to, apart from their scripts. It passes asks on
// and replies back, and decides nothing: who is heard, the background says
// (src/sender.rs, src/page.rs). The messages are in crates/bridge/src/page.rs.

"use strict";

(() => {
    // Once in a page, and not in frames.
    if (globalThis.ferryBridge || window.top !== window) {
        return;
    }
    globalThis.ferryBridge = true;

    const LONGEST_ASK = 200; // bytes, as in crates/bridge/src/page.rs
    const MOST_FOLLOWED = 8;
    const AGAIN_MS = 1000;

    /** The ports of the accounts that the page follows, oldest first. */
    const followed = new Map();

    const tell = (message) => window.postMessage(message, location.origin);

    // The ask as JSON, if the message is one.
    function asked({ source, origin, data }) {
        if (source !== window || origin !== location.origin || typeof data !== "object" || data === null) {
            return undefined;
        }
        const { ferry, id, ask } = data;
        if (ferry !== "ask" || !Number.isInteger(id) || id < 0 || id > 0xffffffff) {
            return undefined;
        }
        if (typeof ask !== "object" || ask === null) {
            return undefined;
        }
        try {
            const json = JSON.stringify(ask);
            return new TextEncoder().encode(json).length <= LONGEST_ASK ? json : undefined;
        } catch {
            return undefined;
        }
    }

    async function send(ask) {
        try {
            return await chrome.runtime.sendMessage({ page: ask });
        } catch (error) {
            if (!chrome.runtime?.id) {
                // The extension was updated or removed beneath this page.
                removeEventListener("message", onMessage);
                followed.clear();
            }
            return undefined;
        }
    }

    function follow(account) {
        const port = chrome.runtime.connect({ name: `ferry-follow:${account}` });
        followed.get(account)?.disconnect();
        followed.delete(account);
        followed.set(account, port);
        if (followed.size > MOST_FOLLOWED) {
            const [oldest, itsPort] = followed.entries().next().value;
            followed.delete(oldest);
            itsPort.disconnect();
        }
        port.onMessage.addListener((event) => tell({ ferry: "event", event }));
        port.onDisconnect.addListener(() => {
            // The browser stopped the background, or nobody is signed in any more.
            if (followed.get(account) === port) {
                followed.set(account, undefined);
                setTimeout(followAgain, AGAIN_MS);
            }
        });
    }

    // Connects again where that broke, while somebody looks.
    async function followAgain() {
        if (document.visibilityState !== "visible") {
            return;
        }
        for (const [account, port] of [...followed]) {
            if (port === undefined) {
                followed.delete(account);
                const reply = await send({ follow: { account } });
                if (reply?.ok) {
                    follow(account);
                }
            }
        }
    }

    async function onMessage(event) {
        const json = asked(event);
        if (json === undefined) {
            return;
        }
        const ask = JSON.parse(json);
        const reply = await send(ask);
        if (!reply) {
            // Not heard: Chrome makes `null` of the background's `undefined`.
            return;
        }
        tell({ ferry: "reply", id: event.data.id, reply });
        if (reply.ok && ask.follow) {
            follow(ask.follow.account);
        }
    }

    addEventListener("message", onMessage);
    document.addEventListener("visibilitychange", followAgain);
})();
