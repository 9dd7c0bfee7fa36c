// Live updates: <… data-live="topic topic" data-live-every="seconds" hx-trigger="live"> is asked for again when one of its
// topics changed. What is told is only that something changed; the part itself comes from the portal, by its own rules.
// While nothing is heard, parts are asked for every so many seconds, as they are without this file.
(() => {
  "use strict";

  const meta = document.querySelector('meta[name="live"]');
  if (!meta || !window.io) return;
  const badge = document.querySelector("[data-live-badge]");
  const away = [...document.querySelectorAll("[data-live-badge], [data-live-away]")];
  const parts = () => [...document.querySelectorAll("[data-live]")];
  const topicsOf = (part) => part.dataset.live.split(" ").filter(Boolean);
  const now = () => window.performance.now();

  // ---- asking for a part
  const LEAST_APART = 1000;
  const CALM = 1500;
  const asked = new WeakMap();
  const planned = new WeakSet();
  function refresh(part) {
    // A window that nobody looks at asks when somebody does.
    if (document.hidden) return void (part.dataset.liveStale = "");
    if (planned.has(part)) return;
    planned.add(part);
    // All windows of a hospital hear at once; they need not all ask at once.
    setTimeout(() => ask(part), Math.max(Math.random() * 150, (asked.get(part) ?? 0) + LEAST_APART - now()));
  }
  function ask(part) {
    // What somebody is in the middle of is not taken from under their hand: a block being moved, a question, a form on its way.
    if (part.querySelector(".is-moving, .is-busy, :popover-open") || document.querySelector("dialog[open]")) {
      return void setTimeout(() => ask(part), LEAST_APART);
    }
    planned.delete(part);
    asked.set(part, now());
    delete part.dataset.liveStale;
    part.dispatchEvent(new CustomEvent("live"));
  }
  const refreshAll = () => parts().forEach(refresh);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) parts().filter((part) => "liveStale" in part.dataset).forEach(refresh);
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) refreshAll(); });

  // ---- whether anything is heard
  let connected = false;
  let behind = false;
  let since = meta.dataset.since;
  let quietSince = now();
  function listening() {
    const hears = connected && !behind;
    if (hears) quietSince = null;
    else quietSince ??= now();
    document.documentElement.dataset.liveState = hears ? "hears" : "waits";
    return hears;
  }
  setInterval(() => {
    const hears = listening();
    // A moment without connection is no news; only what lasts is said.
    for (const sign of away) sign.hidden = hears || now() - quietSince < 4000;
    if (hears) return;
    for (const part of parts()) {
      if (now() - (asked.get(part) ?? 0) >= Number(part.dataset.liveEvery) * 1000) refresh(part);
    }
  }, 1000);
  badge?.addEventListener("click", () => window.location.reload());
  for (const part of parts()) asked.set(part, now());

  // ---- the connection
  const socket = window.io(meta.content || window.location.origin, {
    path: "/live/",
    transports: ["websocket"],
    // After a restart everybody comes back, each after a time of its own.
    reconnectionDelay: 1000,
    reconnectionDelayMax: 15000,
    randomizationFactor: 0.5,
    autoConnect: false,
  });
  // Nothing is missed by coming later: the page says since when it wants to know.
  setTimeout(() => socket.connect(), parts().every((part) => "liveCalm" in part.dataset) ? CALM : 0);
  async function follow() {
    const topics = [...new Set(parts().flatMap(topicsOf))];
    try {
      const answer = await socket.timeout(5000).emitWithAck("follow", { topics, since });
      behind = Boolean(answer.behind);
      connected = Array.isArray(answer.following);
      if (answer.at) since = answer.at;
      const changed = new Set(answer.changed ?? []);
      for (const part of parts()) if (topicsOf(part).some((topic) => changed.has(topic))) refresh(part);
    } catch {
      // No answer in time: once more, on a new connection.
      if (socket.connected) socket.disconnect().connect();
    }
    listening();
  }
  socket.on("connect", follow);
  socket.on("disconnect", (reason) => {
    connected = false;
    listening();
    if (reason !== "io server disconnect") return;
    // Sent away: the session ended, or the hospital is suspended. The page's own address says which.
    refreshAll();
    setTimeout(() => socket.connect(), 30000 * (0.5 + Math.random()));
  });
  socket.on("changed", ({ topic, at }) => {
    since = at;
    for (const part of parts()) if (topicsOf(part).includes(topic)) refresh(part);
  });
  socket.on("reload", refreshAll);
  socket.on("withdrawn", refreshAll);
  socket.on("state", (state) => {
    behind = Boolean(state.behind);
    listening();
  });
})();
