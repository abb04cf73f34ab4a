// Opens the web app without a connection. It keeps the app's own files and nothing
// else: no answer of the API ever comes into its hands.

const CACHE = "ferry-1";
const FILES = [
    "/",
    "/web.css",
    "/main.js",
    "/ferry_web.js",
    "/ferry_web_bg.wasm",
    "/manifest.webmanifest",
    "/icons/32.png",
    "/icons/192.png",
];

self.addEventListener("install", (event) => {
    event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
    self.skipWaiting();
});

self.addEventListener("activate", (event) => {
    const old = (names) => names.filter((name) => name !== CACHE).map((name) => caches.delete(name));
    event.waitUntil(
        caches
            .keys()
            .then((names) => Promise.all(old(names)))
            .then(() => self.clients.claim()),
    );
});

// The network first: what the server has is what runs. Its copy is for when there is
// no connection.
async function answer(event, path) {
    let fresh;
    try {
        fresh = await fetch(event.request);
    } catch (error) {
        const kept = await caches.match(path);
        if (kept) {
            return kept;
        }
        throw error;
    }
    if (fresh.ok && !fresh.redirected) {
        const copy = fresh.clone();
        // Where there is no room, the copy of before stays.
        const kept = caches.open(CACHE).then((cache) => cache.put(path, copy));
        event.waitUntil(kept.catch(() => {}));
    }
    return fresh;
}

self.addEventListener("fetch", (event) => {
    const { request } = event;
    const url = new URL(request.url);
    if (request.method === "GET" && url.origin === location.origin && FILES.includes(url.pathname)) {
        event.respondWith(answer(event, url.pathname));
    }
});
