// A part of a page that asks again by itself: <div data-poll hx-get="…" hx-trigger="poll">. Its inside says after how many
// seconds, by data-poll-next, and by data-poll-waits that somebody waits for it. Without this file there is a link.
(() => {
  "use strict";

  const part = document.querySelector("[data-poll]");
  if (!part) return;
  const away = document.querySelector("[data-poll-away]");
  const title = document.title;
  const MOST_APART = 300; // Seconds, however often it failed.
  const LEFT_ALONE = 15 * 60 * 1000; // A page that nobody waits at and nobody touches asks no more.
  let failed = 0;
  let failing = false;
  let timer = 0;
  let touched = Date.now();

  const inside = () => part.querySelector("[data-poll-next]");
  function plan() {
    clearTimeout(timer);
    const said = inside();
    if (!said) return;
    document.title = said.dataset.pollTitle || title;
    if (!("pollWaits" in said.dataset) && Date.now() - touched > LEFT_ALONE) return;
    // A little apart, so that all the phones of a waiting room do not ask in the same moment.
    const seconds = Math.min(Number(said.dataset.pollNext) * 2 ** failed, MOST_APART) * (0.9 + Math.random() * 0.2);
    timer = setTimeout(ask, seconds * 1000);
  }
  function ask() {
    // A screen that is off asks when somebody looks.
    if (document.hidden) return;
    failing = false;
    part.dispatchEvent(new CustomEvent("poll"));
  }
  function fail(event) {
    failing = true;
    // Said once beside the part, and not as a message at each try. Who was signed out is led to sign in.
    if (event.detail?.ctx?.response?.status !== 401) event.stopPropagation();
  }
  part.addEventListener("htmx:response:error", fail);
  part.addEventListener("htmx:error", fail);
  part.addEventListener("htmx:finally:request", () => {
    failed = failing ? failed + 1 : 0;
    if (away) away.hidden = failed < 2;
    plan();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  window.addEventListener("online", ask);
  for (const kind of ["pointerdown", "keydown", "scroll"]) {
    document.addEventListener(kind, () => {
      const asleep = Date.now() - touched > LEFT_ALONE;
      touched = Date.now();
      if (asleep) plan();
    }, { passive: true });
  }
  plan();
})();
