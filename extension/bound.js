// Notes which hosts have this browser bind a session to the device (Device Bound Session
// Credentials): a copy of such a session dies at its next refresh, and people are told so
// before anything is taken. Only hosts that the person has granted are seen at all, only
// two headers are looked at, and only the host and the time are kept, in this browser.

const HEADERS = new Set(["secure-session-registration", "secure-session-challenge"]);

const KEPT_MS = 30 * 24 * 60 * 60 * 1000; // as in crates/webext/src/stores.js

let writing = Promise.resolve();

function note(host, now) {
  writing = writing.then(async () => {
    const { bound = {} } = await chrome.storage.local.get("bound");
    const recent = Object.entries(bound).filter(([, at]) => now - at < KEPT_MS);
    await chrome.storage.local.set({ bound: { ...Object.fromEntries(recent), [host]: now } });
  });
  return writing.catch(console.error);
}

async function seen({ url, tabId, responseHeaders = [] }) {
  if (!responseHeaders.some(({ name }) => HEADERS.has(name.toLowerCase()))) {
    return;
  }
  // Nothing is written down of private windows. A tab that is gone is of none that stays,
  // and what a service worker asks for is of no tab (-1): nobody can tell of which window.
  const tab = tabId < 0 ? undefined : await chrome.tabs.get(tabId).catch(() => undefined);
  if (tab !== undefined && !tab.incognito) {
    await note(new URL(url).hostname, Date.now());
  }
}

export function watch() {
  // Only where it is permitted, and once. Firefox binds no session.
  const answers = chrome.webRequest?.onHeadersReceived;
  if (!answers || answers.hasListener(seen) || chrome.runtime.getURL("").startsWith("moz-")) {
    return;
  }
  // Not what frames load: a page of anybody's may be in one.
  const filter = { urls: ["https://*/*"], types: ["main_frame", "xmlhttprequest"] };
  answers.addListener(seen, filter, ["responseHeaders"]);
}
