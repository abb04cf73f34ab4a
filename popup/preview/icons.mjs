// Renders extension/icons/*.png from the SVG beside them.
//
//   node popup/preview/icons.mjs [--chromium PATH]

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { openPage } from "./browser.mjs";

const { values: args } = parseArgs({ options: { chromium: { type: "string", default: "chromium" } } });
const icons = join(import.meta.dirname, "../../extension/icons");
const page = await openPage(args.chromium);
await page.send("Emulation.setDefaultBackgroundColorOverride", { color: { r: 0, g: 0, b: 0, a: 0 } });
for (const size of [16, 32, 48, 128]) {
    const source = await readFile(join(icons, size === 16 ? "ferry-small.svg" : "ferry.svg"));
    const html = `<body style="margin:0"><img width=${size} height=${size} src="data:image/svg+xml;base64,${source.toString("base64")}">`;
    await page.send("Emulation.setDeviceMetricsOverride", { width: size, height: size, deviceScaleFactor: 1, mobile: false });
    await page.send("Page.navigate", { url: `data:text/html,${encodeURIComponent(html)}` });
    await page.evaluate("new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))");
    await page.evaluate("document.images[0].decode()");
    const clip = { x: 0, y: 0, width: size, height: size, scale: 1 };
    const { data } = await page.send("Page.captureScreenshot", { format: "png", clip });
    await writeFile(join(icons, `${size}.png`), Buffer.from(data, "base64"));
}
await page.close();
