// Put into a copy of Ferry's extension: a page that answers other extensions, which shows
// that these do reach it.

chrome.runtime.onMessageExternal.addListener((_ask, _from, reply) => void reply("heard"));
chrome.runtime.onConnectExternal.addListener((port) => port.postMessage("heard"));
document.title = "Hearing";
