// A stand-in for the browser's extension APIs and the background, for previews and
// tests: answers every request from the scene in `globalThis.ferryScene`
// (popup/tests/scenes). Not part of dist/.

"use strict";

(() => {
    const scene = globalThis.ferryScene;
    const failing = new Map(scene.failing);
    const asked = [];
    const ONE_STORE = { stores: [{ id: "", kind: "ordinary", name: null }], current: "" };
    const never = () => new Promise(() => {});

    Date.now = () => scene.now;
    localStorage.clear();
    if (!scene.silent) {
        localStorage.setItem("ferry.state", JSON.stringify(scene.state));
    }

    function answer(message) {
        asked.push(message);
        // A request is an object with one key: what is asked.
        const [ask] = Object.keys(message);
        if (scene.silent || scene.hanging.includes(ask)) {
            return never();
        }
        if (failing.has(ask)) {
            return Promise.resolve({ failed: failing.get(ask) });
        }
        switch (ask) {
            case "list-stores":
                return Promise.resolve({ ok: scene.stores ?? ONE_STORE });
            case "inspect": {
                // Where looks are given for each store, one that has none hangs.
                const look = scene.looks.find(({ store }) => store === message.inspect.store);
                if (look === undefined && scene.looks.length > 0) {
                    return never();
                }
                return Promise.resolve({ ok: look ?? scene.inspection });
            }
            case "list-devices":
            case "approve-device":
            case "deny-device":
            case "disable-device":
                return Promise.resolve({ ok: scene.devices });
            case "expect-permission":
                return Promise.resolve({ ok: null });
            default:
                return Promise.resolve({ ok: scene.state });
        }
    }

    const listeners = () => ({ addListener() {}, removeListener() {} });

    globalThis.chrome = {
        runtime: {
            getURL: (path) => `${scene.firefox ? "moz" : "chrome"}-extension://preview/${path}`,
            sendMessage: answer,
            connect: ({ name }) => ({
                name,
                onMessage: listeners(),
                onDisconnect: listeners(),
                postMessage() {},
                disconnect() {},
            }),
        },
        permissions: {
            request: ({ origins }) => {
                asked.push({ permission: origins });
                return failing.has("permission")
                    ? Promise.reject(new Error(failing.get("permission").message))
                    : Promise.resolve(scene.allows);
            },
            contains: () => Promise.resolve(scene.granted),
        },
        tabs: {
            create: (properties) => {
                asked.push({ tab: properties });
                return Promise.resolve({});
            },
        },
    };

    // For tests: what was asked.
    globalThis.ferryAsked = asked;
})();
