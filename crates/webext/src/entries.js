// Reads entries of an origin's storage, in one of its pages; the extension has it run in
// the person's tab, the worker in its own. It refers to nothing outside.
//
// An entry is the name of an item of local storage, or `indexeddb:DATABASE/STORE`. The
// value of the latter is JSON:
//
//     {"version": 1,
//      "stores": [{"name", "keyPath", "autoIncrement", "indexes": [{"name", "keyPath", "unique", "multiEntry"}]}],
//      "records": [[key, value], …]}
//
// with all stores of the database, and the records of the one. What JSON has no form for is
// `{"?": "undefined"}` or `{"?": "date", "at": milliseconds}`. Anything else that structured
// cloning takes (keys that cannot be exported, files, …) cannot be moved: this throws then.

export async function readEntries(origin, names) {
    // The tab may have gone elsewhere since it was found.
    if (location.origin !== origin) {
        return null;
    }

    const done = (request) =>
        new Promise((resolve, reject) => {
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => reject(request.error);
        });

    // Each kind by its name: pages of other realms have other prototypes.
    function plain(value) {
        const kind = Object.prototype.toString.call(value).slice(8, -1);
        switch (kind) {
            case "Null":
            case "Boolean":
            case "String":
                return value;
            case "Undefined":
                return { "?": "undefined" };
            case "Date":
                return { "?": "date", at: value.getTime() };
            case "Array":
                return Array.from(value, plain);
            case "Number":
                if (Number.isFinite(value) && !Object.is(value, -0)) {
                    return value;
                }
                break;
            case "Object":
                if (!("?" in value)) {
                    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
                }
        }
        throw new TypeError(`a ${kind} cannot be moved`);
    }

    async function fromDatabase(databaseName, storeName) {
        // Opening one that is not there would make it.
        const known = await indexedDB.databases();
        if (!known.some(({ name }) => name === databaseName)) {
            return null;
        }
        const database = await done(indexedDB.open(databaseName));
        try {
            if (!database.objectStoreNames.contains(storeName)) {
                return null;
            }
            const all = database.transaction([...database.objectStoreNames]);
            const stores = [...database.objectStoreNames].map((name) => {
                const { keyPath, autoIncrement, indexNames } = all.objectStore(name);
                const indexes = [...indexNames].map((index) => {
                    const { keyPath, unique, multiEntry } = all.objectStore(name).index(index);
                    return { name: index, keyPath, unique, multiEntry };
                });
                return { name, keyPath, autoIncrement, indexes };
            });
            const store = all.objectStore(storeName);
            const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
            const records = keys.map((key, at) => [plain(key), plain(values[at])]);
            return JSON.stringify({ version: database.version, stores, records });
        } finally {
            database.close();
        }
    }

    return Promise.all(
        names.map((name) => {
            const [, database, store] = /^indexeddb:([^/]*)\/(.*)$/s.exec(name) ?? [];
            return database === undefined ? localStorage.getItem(name) : fromDatabase(database, store);
        }),
    );
}
