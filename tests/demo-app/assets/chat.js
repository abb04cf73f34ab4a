// The chat's client. Like the apps that it stands for, it takes local storage away from
// the page's other scripts, and throws the sign-in away when the server refuses it.
"use strict";

const storage = window.localStorage;
delete window.localStorage;

const [, , kind, page] = location.pathname.split("/");
const read = (name) => JSON.parse(storage.getItem(name) ?? "null");
const write = (name, value) => storage.setItem(name, JSON.stringify(value));

// The active token.
function token() {
    if (kind === "token") {
        return read("token");
    }
    const config = read("localConfig_v2");
    return config?.teams[config.lastActiveTeamId]?.token;
}

function keep({ token, user }) {
    if (kind === "token") {
        write("token", token);
        const users = read("MultiAccountStore")?._state.users ?? [];
        const others = users.filter(({ username }) => username !== user);
        write("MultiAccountStore", { _state: { users: [{ id: user, username: user }, ...others] }, _version: 0 });
    } else {
        const teams = read("localConfig_v2")?.teams ?? {};
        write("localConfig_v2", { teams: { ...teams, [user]: { name: user, token } }, lastActiveTeamId: user });
    }
}

async function show() {
    const answer = await fetch(`/chat/${kind}/me`, { headers: { Authorization: `Bearer ${token()}` } });
    if (!answer.ok) {
        storage.clear();
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
            keep(await answer.json());
            location.assign(`/chat/${kind}/client`);
        } else {
            document.querySelector("#who").textContent = "That is not right. Try again.";
        }
    });
}

if (page === "client" && !token()) {
    location.replace(`/chat/${kind}/sign-in`);
} else {
    addEventListener("DOMContentLoaded", page === "client" ? show : offerForm);
}
