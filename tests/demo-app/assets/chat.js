// The chat's client. Like the apps that it stands for, it takes local storage away from
// the page's other scripts, and throws the sign-in away when the server refuses it.
"use strict";

const storage = window.localStorage;
delete window.localStorage;

const [, , kind, page] = location.pathname.split("/");
const read = (name) => JSON.parse(storage.getItem(name) ?? "null");
const write = (name, value) => storage.setItem(name, JSON.stringify(value));

const done = (request) =>
    new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });

// The store of the database, as Firebase has it.
async function people(mode) {
    const opening = indexedDB.open("firebaseLocalStorageDb", 1);
    opening.onupgradeneeded = () =>
        opening.result.createObjectStore("firebaseLocalStorage", { keyPath: "fbase_key" });
    return (await done(opening)).transaction("firebaseLocalStorage", mode).objectStore("firebaseLocalStorage");
}

// The active token.
async function token() {
    switch (kind) {
        case "token":
            return read("token");
        case "database": {
            const [person] = await done((await people("readonly")).getAll());
            return person?.value.stsTokenManager.accessToken;
        }
        default: {
            const config = read("localConfig_v2");
            return config?.teams[config.lastActiveTeamId]?.token;
        }
    }
}

async function keep({ token, user }) {
    switch (kind) {
        case "token": {
            write("token", token);
            const users = read("MultiAccountStore")?._state.users ?? [];
            const others = users.filter(({ username }) => username !== user);
            write("MultiAccountStore", { _state: { users: [{ id: user, username: user }, ...others] }, _version: 0 });
            break;
        }
        case "database": {
            const value = { uid: user, photoURL: undefined, stsTokenManager: { accessToken: token } };
            await done((await people("readwrite")).put({ fbase_key: `firebase:authUser:${user}`, value }));
            break;
        }
        default: {
            const teams = read("localConfig_v2")?.teams ?? {};
            write("localConfig_v2", { teams: { ...teams, [user]: { name: user, token } }, lastActiveTeamId: user });
        }
    }
}

async function forget() {
    storage.clear();
    if (kind === "database") {
        await done((await people("readwrite")).clear());
    }
}

async function show() {
    const answer = await fetch(`/chat/${kind}/me`, { headers: { Authorization: `Bearer ${await token()}` } });
    if (!answer.ok) {
        await forget();
        location.replace(`/chat/${kind}/sign-in`);
        return;
    }
    const { user } = await answer.json();
    document.querySelector("#who").textContent = `Signed in as ${user}`;
}

function offerForm() {
    const form = document.querySelector("form");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const value = (id) => document.querySelector(id).value;
        const answer = await fetch(`/chat/${kind}/sign-in`, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ user: value("#user"), password: value("#password") }),
        });
        if (answer.ok) {
            await keep(await answer.json());
            location.assign(`/chat/${kind}/client`);
        } else {
            document.querySelector("#who").textContent = "That is not right. Try again.";
        }
    });
}

async function start() {
    if (page !== "client") {
        offerForm();
    } else if (await token()) {
        await show();
    } else {
        location.replace(`/chat/${kind}/sign-in`);
    }
}

addEventListener("DOMContentLoaded", start);
