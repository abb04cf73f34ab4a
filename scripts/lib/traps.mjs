// Takes out of a WebAssembly module what Rust does before a panic ends it.
//
//   node scripts/lib/traps.mjs BINARYEN IN OUT
//
// BINARYEN is the file to import it from. A panic puts its reason into words, for a
// standard error that WebAssembly in a browser does not have; then it runs into
// `unreachable`. Here it does so at once: wasm-opt then drops what was handed over, and
// the code that made words of it. What the browser reports is the same either way.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [library, from, to] = process.argv.slice(2);
const { default: binaryen } = await import(pathToFileURL(library));

// Functions of the standard library that never return, as wasm-bindgen writes their names.
const PANICS = [
    /^core(\[\w+\])?::panicking::/,
    /^core(\[\w+\])?::(option|result)::(unwrap|expect)_failed/,
    /^core(\[\w+\])?::cell::panic_already/,
    /^core(\[\w+\])?::str::slice_error_fail/,
    /^core(\[\w+\])?::slice::(index|copy_from_slice_impl)::\w+_fail\b/,
    /^alloc(\[\w+\])?::raw_vec::(handle_error|capacity_overflow)/,
    /^alloc(\[\w+\])?::alloc::handle_alloc_error/,
    /^__rustc(\[\w+\])?::rust_begin_unwind/,
];

const module = binaryen.readBinary(readFileSync(from));
const found = new Set();
for (let index = 0; index < module.getNumFunctions(); index++) {
    const f = module.getFunctionByIndex(index);
    const { name, module: imported } = binaryen.getFunctionInfo(f);
    const panic = imported ? -1 : PANICS.findIndex((pattern) => pattern.test(name));
    if (panic >= 0) {
        binaryen.Function.setBody(f, module.unreachable());
        found.add(panic);
    }
}
if (!found.has(0)) {
    console.error(`${from}: no panic by the name that the standard library gave it before`);
    process.exit(1);
}
// With names, by which wasm-opt puts functions in order.
binaryen.setDebugInfo(true);
writeFileSync(to, module.emitBinary());
