// Starts the popup. Runs before the page is painted first, so that the skeleton
// fits what takes its place; the WebAssembly is on its way meanwhile.

const page = document.documentElement;

if (new URLSearchParams(location.search).get("view") === "tab") {
    page.dataset.view = "tab";
}

try {
    // Kept by popup/src/keep.rs. Without it, nobody has signed in here yet.
    const state = JSON.parse(localStorage.getItem("ferry.state"));
    page.dataset.phase = Object.keys(state?.phase ?? {})[0] ?? "signed-out";
} catch {
    page.dataset.phase = "signed-out";
}

import("./ferry_popup.js")
    .then((popup) => popup.default())
    .catch((error) => {
        console.error(error);
        const place = document.getElementById("ferry");
        const notice = document.createElement("p");
        notice.setAttribute("role", "alert");
        notice.className = "broken";
        notice.textContent = "Ferry could not start. Close this window and open it again, or reload the extension.";
        place.replaceChildren(notice);
    });
