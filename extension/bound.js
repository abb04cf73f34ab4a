// Notes which hosts have this browser bind a session to the device (Device Bound Session
// Credentials): a copy of such a session dies at its next refresh, and people are told so
// before anything is taken. Only hosts that the person has granted are seen at all, only
// two headers are looked at, and only the host and the time are kept, in this browser.

const HEADERS = new Set(["secure-session-registration", "secure-session-challenge"]);

let writing = Promise.resolve();

function note(host) {
  writing = writing.then(async () => {
    const { bound = {} } = await chrome.storage.local.get("bound");
    await chrome.storage.local.set({ bound: { ...bound, [host]: Date.now() } });
  });
  return writing.catch(console.error);
}

export function watch() {
  chrome.webRequest.onHeadersReceived.addListener(
    ({ url, responseHeaders = [] }) => {
      if (responseHeaders.some(({ name }) => HEADERS.has(name.toLowerCase()))) {
        note(new URL(url).hostname);
      }
    },
    { urls: ["https://*/*"], types: ["main_frame", "sub_frame", "xmlhttprequest"] },
    ["responseHeaders"],
  );
}
