// Another extension, which asks Ferry's for everything: as its pages would, and as the
// workspace's web app would. Tells what came back.

const FERRY = "FERRY_ID";

async function message(payload) {
    try {
        const reply = await chrome.runtime.sendMessage(FERRY, payload);
        return reply === undefined || reply === null ? "nothing" : JSON.stringify(reply);
    } catch {
        return "refused";
    }
}

function port(name) {
    return new Promise((done) => {
        try {
            const port = chrome.runtime.connect(FERRY, { name });
            port.onMessage.addListener((event) => done(JSON.stringify(event)));
            port.onDisconnect.addListener(() => {
                // Reading it keeps the console quiet.
                void chrome.runtime.lastError;
                done("refused");
            });
        } catch {
            done("refused");
        }
    });
}

async function attack({ account, share }) {
    const asks = [
        { "get-state": {} },
        { "refresh": {} },
        share,
        { "delete": { account } },
        { "sign-out": {} },
        { "page": { hello: {} } },
        { "page": { open: { account } } },
    ];
    const replies = [];
    for (const ask of asks) {
        replies.push(await message(ask));
    }
    for (const name of ["ferry", `ferry-follow:${account}`]) {
        replies.push(await port(name));
    }
    return replies;
}

chrome.runtime.onMessage.addListener((what, _sender, reply) => {
    attack(what).then(reply);
    return true;
});
