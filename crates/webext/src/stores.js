// Cookie stores, and what is read out of one: cookies, pages, local storage. Each store
// is a set of identities of its own. The one of ordinary windows is named "" here.
// What each function is for, its binding says (stores.rs, cookies.rs).

// Also read where there is no extension, in tests.
const isFirefox = Boolean(globalThis.chrome?.runtime?.getURL?.("").startsWith("moz-"));
const [ORDINARY, PRIVATE] = isFirefox ? ["firefox-default", "firefox-private"] : ["0", "1"];
const LIMIT_MS = 15000;

const byBrowser = (store) => store || ORDINARY;
const byFerry = (id) => (id === ORDINARY ? "" : id);
const storeOf = (tab) => byFerry(tab.cookieStoreId ?? (tab.incognito ? PRIVATE : ORDINARY));

export async function stores() {
    const [open, containers, [front]] = await Promise.all([
        chrome.cookies.getAllCookieStores(),
        // Firefox's own; it refuses where containers are switched off.
        chrome.contextualIdentities?.query({}).catch(() => []) ?? [],
        chrome.tabs.query({ active: true, lastFocusedWindow: true }),
    ]);
    const all = [{ id: "", kind: "ordinary", name: null }];
    for (const { cookieStoreId, name } of containers) {
        all.push({ id: cookieStoreId, kind: "container", name });
    }
    if (open.some(({ id }) => id === PRIVATE)) {
        all.push({ id: PRIVATE, kind: "private", name: null });
    }
    const current = front === undefined ? "" : storeOf(front);
    return { stores: all, current: all.some(({ id }) => id === current) ? current : "" };
}

export function cookies(store, domain) {
    const details = { storeId: byBrowser(store), partitionKey: {} };
    if (domain !== undefined) {
        details.domain = domain;
    }
    if (isFirefox) {
        // Of any first party. Chrome throws at a property that it does not know.
        details.firstPartyDomain = null;
    }
    return chrome.cookies.getAll(details);
}

// Without following first: a redirect that cannot be followed fails just as a missing
// network does. Runs in pages as well, and so refers to nothing outside. `origin` is that
// of the page that it is to run in, if in any: the tab may have gone elsewhere.
async function visit(origin, url, limit) {
    if (origin !== null && location.origin !== origin) {
        return null;
    }
    const get = (redirect) =>
        fetch(url, { credentials: "include", cache: "no-store", redirect, signal: AbortSignal.timeout(limit) });
    let answer = await get("manual");
    if (answer.type === "opaqueredirect") {
        try {
            answer = await get("follow");
        } catch {
            // What lies behind is out of reach, but that there was a redirect says
            // that the app did not show this page.
            return { answered: "", status: 302, body: "" };
        }
    }
    return { answered: answer.url, status: answer.status, body: await answer.text() };
}

export function page(store, url) {
    return store === "" ? visit(null, url, LIMIT_MS) : within(store, new URL(url).origin, visit, [url, LIMIT_MS]);
}

// `read` is entries.js's.
export function storage(store, origin, names, read) {
    return within(store, origin, read, [names]);
}

// What extension/bound.js noted; after so long, a sign-in is another one.
const BOUND_FOR_MS = 30 * 24 * 60 * 60 * 1000;

export async function boundBy(domains) {
    // Firefox binds none.
    if (isFirefox) {
        return null;
    }
    const { bound = {} } = await chrome.storage.local.get("bound");
    const isAt = (host) => domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
    const found = Object.keys(bound).filter((host) => isAt(host) && Date.now() - bound[host] < BOUND_FOR_MS);
    return found.sort((a, b) => bound[b] - bound[a])[0] ?? null;
}

// What `func` gives in a page of this origin and store; null where there is none. It is
// told the origin first, and gives null if it finds itself elsewhere.
async function within(store, origin, func, args) {
    const isOurs = (tab) => storeOf(tab) === store && new URL(tab.url).origin === origin;
    const open = await chrome.tabs.query({
        // No port: Firefox takes none, and both mean any by that.
        url: `*://${new URL(origin).hostname}/*`,
        status: "complete",
        discarded: false,
    });
    const found = open.find(isOurs);
    const seen = found && (await run(found.id, func, [origin, ...args]));
    if (seen) {
        return seen;
    }
    // First a page with none of the app's scripts, which signs nobody in or out. There may
    // be none: browsers show an answer without a body as an error page of their own.
    for (const path of ["/robots.txt", "/"]) {
        const seen = await behind(store, origin + path, (tab) => run(tab.id, func, [origin, ...args]));
        if (seen) {
            return seen;
        }
    }
    return null;
}

// What `use` gives of a new tab behind the others, which is closed then.
async function behind(store, url, use) {
    const opened = await openBehind(store, url);
    if (opened === undefined) {
        return null;
    }
    try {
        await opened.loaded;
        return await use(await chrome.tabs.get(opened.id));
    } catch {
        // The tab is gone.
        return null;
    } finally {
        await chrome.tabs.remove(opened.id).catch(() => {});
    }
}

// Null where nobody may look (an error page), or where the page does not get round to it:
// one that shows a dialog never does.
async function run(tabId, func, args) {
    const late = new Promise((resolve) => setTimeout(resolve, LIMIT_MS, [{ result: null }]));
    const running = chrome.scripting.executeScript({ target: { tabId }, func, args });
    const [{ result }] = await Promise.race([running, late]).catch(() => [{ result: null }]);
    return result;
}

// A new tab behind the others; `loaded` ends when it has, or is gone, or takes too long.
async function openBehind(store, url) {
    const properties = { url, active: false };
    // Firefox for Android has no windows. Elsewhere, the one in front may be of another store.
    if (chrome.windows !== undefined) {
        const windows = await chrome.windows.getAll({ windowTypes: ["normal"] });
        const ours = windows.find(({ incognito }) => incognito === (store === PRIVATE));
        if (ours === undefined) {
            return undefined;
        }
        properties.windowId = ours.id;
    }
    if (isFirefox && store !== PRIVATE) {
        properties.cookieStoreId = byBrowser(store);
    }
    const { promise: loaded, resolve } = Promise.withResolvers();
    const ended = new Set();
    let id;
    const end = (which) => {
        ended.add(which);
        if (ended.has(id)) {
            chrome.tabs.onUpdated.removeListener(updated);
            chrome.tabs.onRemoved.removeListener(end);
            resolve();
        }
    };
    // Firefox begins with an empty page.
    const updated = (which, change, tab) => {
        if (tab.status === "complete" && tab.url !== "about:blank") {
            end(which);
        }
    };
    chrome.tabs.onUpdated.addListener(updated);
    chrome.tabs.onRemoved.addListener(end);
    try {
        ({ id } = await chrome.tabs.create(properties));
    } catch (error) {
        end(id);
        throw error;
    }
    if (ended.has(id)) {
        end(id);
    }
    setTimeout(end, LIMIT_MS, id);
    return { id, loaded };
}
