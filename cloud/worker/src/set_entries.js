// Sets entries of an origin's storage, in an empty page of it. Their form is that of crates/webext/src/entries.js.
async function setEntries(entries) {
    const done = (request) =>
        new Promise((resolve, reject) => {
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => reject(request.error);
        });

    function meant(value) {
        if (value === null || typeof value !== "object") {
            return value;
        }
        if (Array.isArray(value)) {
            return value.map(meant);
        }
        switch (value["?"]) {
            case "undefined":
                return undefined;
            case "date":
                return new Date(value.at);
            default:
                return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, meant(one)]));
        }
    }

    async function intoDatabase(databaseName, storeName, text) {
        const { version, stores, records } = JSON.parse(text);
        const opening = indexedDB.open(databaseName, version);
        opening.onupgradeneeded = () => {
            for (const { name, keyPath, autoIncrement, indexes } of stores) {
                const store = opening.result.createObjectStore(name, { keyPath, autoIncrement });
                for (const { name, keyPath, unique, multiEntry } of indexes) {
                    store.createIndex(name, keyPath, { unique, multiEntry });
                }
            }
        };
        const database = await done(opening);
        try {
            const store = database.transaction(storeName, "readwrite").objectStore(storeName);
            const puts = records.map(([key, value]) =>
                done(store.keyPath === null ? store.put(meant(value), meant(key)) : store.put(meant(value))),
            );
            await Promise.all(puts);
        } finally {
            database.close();
        }
    }

    // One after the other: two may be of one database.
    for (const [name, value] of entries) {
        const [, database, store] = /^indexeddb:([^/]*)\/(.*)$/s.exec(name) ?? [];
        try {
            if (database === undefined) {
                localStorage.setItem(name, value);
            } else {
                await intoDatabase(database, store, value);
            }
        } catch {
            // Shown by what is read then.
        }
    }
}
