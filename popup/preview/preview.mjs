// Shows every scene in headless Chromium, takes its picture and checks it.
//
//   node popup/preview/preview.mjs --dist DIR --out DIR [--only NAME] [--axe FILE] [--chromium PATH] [--scale N]
//
// DIR of --dist holds popup/index.html as built. Each scene (scenes.json) is shown as
// popup and in a tab, light and dark: NAME.popup.light.png and so on. With --axe (the
// path of axe-core's axe.min.js) each is checked for accessibility. A pixel of the page's is
// as many pixels wide as --scale says (2, unless told). Ends with 1 when
// a page logs an error, lacks what a scene's acts touch, is wider than its window, moves
// what is there already, or when axe finds anything serious.

import { createServer } from "node:http";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { extname, join, normalize } from "node:path";
import { parseArgs } from "node:util";

import { openPage } from "./browser.mjs";

const { values: args } = parseArgs({
    options: {
        dist: { type: "string" },
        out: { type: "string" },
        only: { type: "string" },
        axe: { type: "string" },
        chromium: { type: "string", default: "chromium" },
        scale: { type: "string", default: "2" },
    },
});

const here = import.meta.dirname;
const scenes = JSON.parse(await readFile(join(here, "scenes.json"), "utf8"));
const shim = await readFile(join(here, "chrome.js"), "utf8");
const axe = args.axe && (await readFile(args.axe, "utf8"));
const LAYOUTS = { popup: [360, 600], tab: [900, 760] };

const server = createServer(async (request, response) => {
    const types = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".wasm": "application/wasm" };
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    try {
        const body = await readFile(join(args.dist, path));
        // The policy of the manifest, so that what it forbids fails here as well.
        response.setHeader("Content-Security-Policy", "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'");
        response.setHeader("Content-Type", types[extname(path)] ?? "application/octet-stream");
        response.end(body);
    } catch {
        response.writeHead(404).end();
    }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${server.address().port}`;

const problems = [];
let count = 0;

// Shows scenes in a browser of its own, one after the other, as long as `next` gives any.
async function shoot(next) {
    const page = await openPage(args.chromium);
    let showing = "";
    const report = (problem) => problems.push(`${showing}: ${problem}`);
    page.on(({ method, params }) => {
        if (method === "Runtime.exceptionThrown") report(params.exceptionDetails.exception?.description);
        if (method === "Log.entryAdded" && params.entry.level === "error" && !params.entry.url?.endsWith(".png")) {
            report(params.entry.text);
        }
        if (method === "Runtime.consoleAPICalled" && params.type === "error") {
            report(params.args.map((arg) => arg.value ?? arg.description).join(" "));
        }
    });
    for (let scene = next(); scene; scene = next()) {
        for (const layout of Object.keys(LAYOUTS)) {
            if (layout === "tab" && scene.name.endsWith("-firefox")) continue;
            for (const scheme of ["light", "dark"]) {
                showing = `${scene.name}.${layout}.${scheme}`;
                await page.send("Emulation.setEmulatedMedia", {
                    features: [
                        { name: "prefers-color-scheme", value: scheme },
                        { name: "prefers-reduced-motion", value: "reduce" },
                    ],
                });
                try {
                    // In the dark, the page is as it was: only its style changes.
                    await (scheme === "light" ? show(page, report, scene, layout) : settled(page));
                    await check(page, report, showing);
                } catch (error) {
                    report(error.message);
                }
                const { data } = await page.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: layout === "tab" });
                await writeFile(join(args.out, `${showing}.png`), Buffer.from(data, "base64"));
                count += 1;
            }
        }
    }
    await page.close();
}

// Calls the page's function until it gives something; the page tells of each frame.
const until = (page, condition) =>
    page.evaluate(`new Promise((resolve, reject) => {
        const end = performance.now() + 5000;
        (function look() {
            const found = (${condition})();
            if (found) resolve(true);
            else if (performance.now() > end) reject(new Error(${JSON.stringify(condition)}));
            else requestAnimationFrame(look);
        })();
    })`);
// Waits until the fonts are there and two frames in a row have changed nothing.
const settled = (page) =>
    page.evaluate(`document.fonts.ready.then(() => new Promise((done) => {
        let changed = true;
        let calm = 0;
        const observer = new MutationObserver(() => (changed = true));
        observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
        (function look() {
            calm = changed ? 0 : calm + 1;
            changed = false;
            if (calm < 2) return requestAnimationFrame(look);
            observer.disconnect();
            done();
        })();
    }))`);

async function act(page, step) {
    const [hook, text] = step.type ?? [step.click];
    const found = `document.querySelector('[data-testid="${hook}"]')`;
    await until(page, `() => ${found}`);
    if (step.click) {
        await page.evaluate(`${found}.click()`);
    } else {
        await page.evaluate(`${found}.focus()`);
        await page.evaluate(`${found}.select()`);
        await page.send("Input.insertText", { text });
    }
}

// What has moved although nobody did anything, as far as people can see it. Runs in the page.
function shifts() {
    return new Promise((done) => {
        const found = [];
        const observer = new PerformanceObserver((list) => found.push(...list.getEntries()));
        observer.observe({ type: "layout-shift", buffered: true });
        // Entries come with the frame after.
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
            done(found.flatMap(({ sources, value }) => sources.map(({ node }) => `${value.toFixed(4)} ${node?.outerHTML?.slice(0, 100)}`)));
        })));
    });
}

async function show(page, report, scene, layout) {
    const [width, height] = LAYOUTS[layout];
    await page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: Number(args.scale), mobile: false });
    const { identifier } = await page.send("Page.addScriptToEvaluateOnNewDocument", {
        source: `globalThis.ferryScene = ${JSON.stringify(scene)};\n${shim}`,
    });
    // A number of its own, so that each scene is a new document.
    const query = `?scene=${count}${layout === "tab" ? "&view=tab" : ""}${scene.for_web_page ? "&for=page" : ""}`;
    await page.send("Page.navigate", { url: `${base}/popup/index.html${query}${scene.hash}` });
    await page.send("Page.removeScriptToEvaluateOnNewDocument", { identifier });
    await until(page, `() => document.readyState === "complete" && !document.querySelector(".skeleton-list")`);
    await settled(page);
    for (const shift of await page.evaluate(`(${shifts})()`)) report(`jumps: ${shift}`);
    for (const step of scene.acts) await act(page, step);
    await settled(page);
}

// Parts of cards that are to be seen outside of them. Runs in the page.
function sticksOut() {
    const clips = (element) => getComputedStyle(element).overflowX !== "visible";
    const parts = (card) => {
        const edge = card.getBoundingClientRect();
        return [...card.querySelectorAll("*")].filter((part) => {
            const box = part.getBoundingClientRect();
            if (box.width === 0 || (box.right <= edge.right + 1 && box.left >= edge.left - 1)) return false;
            for (let around = part.parentElement; around !== card; around = around.parentElement) {
                if (clips(around)) return false;
            }
            return true;
        });
    };
    return [...document.querySelectorAll(".card")].flatMap(parts).map((part) => part.outerHTML.slice(0, 100));
}

async function check(page, report, name) {
    const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    if (wide > 0) report(`${wide} px too wide`);
    for (const part of await page.evaluate(`(${sticksOut})()`)) report(`out of its card: ${part}`);
    if (!axe) return;
    await page.evaluate(`if (!globalThis.axe) { ${axe} }`);
    const { violations } = await page.evaluate(`axe.run(document, { resultTypes: ["violations"] })
        .then(({ violations }) => ({ violations: violations.map(({ id, impact, nodes }) =>
            ({ id, impact, nodes: nodes.map((node) => node.html.slice(0, 160)) })) }))`);
    for (const { id, impact, nodes } of violations) {
        const line = `axe ${impact}: ${id}: ${nodes.join(" | ")}`;
        if (impact === "serious" || impact === "critical") report(line);
        else console.log(`${name}: ${line}`);
    }
}

await mkdir(args.out, { recursive: true });
const waiting = scenes.filter(({ name }) => !args.only || name.startsWith(args.only));
const browsers = Math.min(availableParallelism(), waiting.length, 4);
await Promise.all(Array.from({ length: browsers }, () => shoot(() => waiting.shift())));

server.close();
problems.forEach((problem) => console.error(problem));
console.log(`${count} pictures, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
