// What takes several of the browser's functions in a row, each waiting for the one
// before. As JavaScript, that is a quarter of what it weighs in WebAssembly. What each
// is for, its binding says (tabs.rs, scripting.rs).

// Ends when the new tab can be found by its address: before, one more would be opened.
async function open(page, address) {
    const { promise, resolve } = Promise.withResolvers();
    let id;
    const look = async () => {
        if ((await chrome.tabs.query({ url: page })).length > 0) {
            resolve();
        }
    };
    const removed = (which) => {
        if (which === id) {
            resolve();
        }
    };
    chrome.tabs.onUpdated.addListener(look);
    chrome.tabs.onRemoved.addListener(removed);
    try {
        ({ id } = await chrome.tabs.create({ url: address }));
        await look();
        await promise;
    } finally {
        chrome.tabs.onUpdated.removeListener(look);
        chrome.tabs.onRemoved.removeListener(removed);
    }
}

export async function show(page, address) {
    const [tab] = await chrome.tabs.query({ url: page });
    if (tab === undefined) {
        await open(page, address);
        return;
    }
    // The same address once more would load the page anew.
    const url = tab.url === address ? undefined : address;
    await chrome.tabs.update(tab.id, { active: true, url });
    // Firefox for Android has no windows.
    await chrome.windows?.update(tab.windowId, { focused: true });
}

async function isRegistered(file) {
    const scripts = await chrome.scripting.getRegisteredContentScripts({ ids: [file] });
    return scripts.length > 0;
}

export async function register(file, pattern) {
    const script = {
        id: file,
        js: [file],
        matches: [pattern],
        runAt: "document_start",
        allFrames: false,
        persistAcrossSessions: true,
    };
    if (await isRegistered(file)) {
        await chrome.scripting.updateContentScripts([script]);
    } else {
        await chrome.scripting.registerContentScripts([script]);
    }
    for (const { id } of await chrome.tabs.query({ url: pattern })) {
        // Not waited for: a tab that sleeps answers when it is woken. One that is gone,
        // or shows an error, has no page to run it in.
        chrome.scripting
            .executeScript({ target: { tabId: id }, files: [file], injectImmediately: true })
            .catch(() => {});
    }
}

export async function unregister(file) {
    if (await isRegistered(file)) {
        await chrome.scripting.unregisterContentScripts({ ids: [file] });
    }
}
