// Starts the background worker, which is Rust compiled to WebAssembly (src/).
//
// The browser wakes this file for an event, and finds the listener only if it was
// registered while the file ran for the first time: hence all of them here, at
// once, each waiting for the WebAssembly on its own. There is no logic here.

import init, * as ferry from "./background/ferry_extension.js";
import { watch } from "./bound.js";

let starting;

// Loaded once; if that failed, tried again at the next event.
function ready() {
  starting ??= init().then(
    () => ferry,
    (error) => {
      starting = undefined;
      throw error;
    },
  );
  return starting;
}

chrome.runtime.onMessage.addListener((message, sender, reply) => {
  ready()
    .then((background) => background.onMessage(message, sender))
    .then(reply, (error) => {
      console.error(error);
      reply();
    });
  // The reply comes later.
  return true;
});

chrome.runtime.onConnect.addListener(async (port) => (await ready()).onConnect(port));
chrome.runtime.onInstalled.addListener(async () => (await ready()).onWake());
chrome.runtime.onStartup.addListener(async () => (await ready()).onWake());
chrome.alarms.onAlarm.addListener(async () => (await ready()).onWake());
chrome.permissions.onAdded.addListener(async () => (await ready()).onPermissionsAdded());
chrome.permissions.onAdded.addListener(watch);
watch();
