// A Verdaccio registry with nothing in it, where everything takes a sign-in.
//
//     node serve.cjs MODULES FOLDER    prints its port and serves until ended

const { createRequire } = require("node:module");
const { join } = require("node:path");

const [modules, folder] = process.argv.slice(2);
const { runServer } = createRequire(join(modules, "node_modules", "x.js"))("verdaccio");

const everybody = { access: "$authenticated", publish: "$authenticated", unpublish: "$authenticated" };
const config = {
    self_path: join(folder, "config.yaml"),
    storage: join(folder, "storage"),
    web: { title: "Packages" },
    auth: { htpasswd: { file: join(folder, "htpasswd"), max_users: 10 } },
    uplinks: {},
    packages: { "**": everybody },
    log: { type: "stdout", format: "json", level: "http" },
};

runServer(config).then((server) => {
    server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
});
