// Has the background attack when the page asks for it, and shows what came back.

addEventListener("message", async ({ data }) => {
    if (typeof data?.attack === "object") {
        const replies = await chrome.runtime.sendMessage(data.attack);
        document.documentElement.dataset.replies = JSON.stringify(replies);
    }
});
document.documentElement.dataset.hears = "";
