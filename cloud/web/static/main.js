// Starts the web app, which is Rust compiled to WebAssembly (cloud/web/src).

import init from "/ferry_web.js";

init().catch((error) => {
    console.error(error);
    const place = document.getElementById("ferry");
    const notice = document.createElement("p");
    notice.setAttribute("role", "alert");
    notice.className = "broken";
    notice.textContent = "Ferry could not start. Reload the page. If that does not help, update your browser.";
    place.replaceChildren(notice);
});

// Makes it installable, and opens it without a connection: cloud/web/static/sw.js.
if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/sw.js").catch(() => {
        // Private windows may refuse it; everything else works without.
    });
}
