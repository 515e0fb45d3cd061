// Keeps an open page up to date. The socket says only that something has changed; the page is then asked for again as
// the browser's reader is signed in, and what differs is put in place. Without it the page stays as it was loaded.

const MIN_WAIT_MS = 2000;
const PING_MS = 45_000;
const MAX_RETRY_MS = 60_000;

const address = document.body.dataset.live;
const sign = document.querySelector("#live");
let isReading = false;
let isStale = false;

/** Replaces what differs; where the keyboard was, it stays. */
function adopt(next) {
  for (const fragment of document.querySelectorAll("[data-fragment]")) {
    const other = next.getElementById(fragment.id);
    if (other === null || other.innerHTML === fragment.innerHTML) continue;
    const active = document.activeElement;
    const href = fragment.contains(active) ? active.getAttribute("href") : null;
    fragment.replaceChildren(...document.adoptNode(other).childNodes);
    if (href !== null) fragment.querySelector(`a[href="${CSS.escape(href)}"]`)?.focus({ preventScroll: true });
  }
}

/** Reads the page again; changes that come meanwhile are one more reading, not many. */
async function refresh() {
  if (document.hidden || isReading) {
    isStale = true;
    return;
  }
  isReading = true;
  isStale = false;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
    if (answer.ok) adopt(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // Signed out, or no way there: the page stays as it is, and the next change tries again.
  }
  await new Promise((resolve) => setTimeout(resolve, MIN_WAIT_MS));
  isReading = false;
  if (isStale) await refresh();
}

function show(isLive) {
  sign.textContent = isLive ? "live" : "";
  sign.classList.toggle("on", isLive);
}

function connect(retryMs, isAgain) {
  const url = new URL(address, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  const pings = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send("ping"), PING_MS);
  let wasOpen = false;
  socket.addEventListener("open", () => {
    wasOpen = true;
    show(true);
    // What changed while there was no socket.
    if (isAgain) void refresh();
  });
  socket.addEventListener("message", ({ data }) => {
    if (data === "changed") void refresh();
  });
  socket.addEventListener("close", () => {
    clearInterval(pings);
    show(false);
    const wait = wasOpen ? MIN_WAIT_MS : Math.min(retryMs * 2, MAX_RETRY_MS);
    setTimeout(() => connect(wait, true), wait * (0.5 + Math.random()));
  });
}

if (address !== undefined) {
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && isStale) void refresh();
  });
  connect(MIN_WAIT_MS, false);
}
