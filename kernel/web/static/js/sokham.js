// What the pages do beyond plain HTML. Without this file every form still works as a plain post.
// No inline handlers anywhere: elements say what they want by data attributes, listed in docs/design-language.md.
(() => {
  "use strict";

  const root = document.documentElement;
  root.classList.add("has-js");
  const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const text = (templateId) => document.getElementById(templateId)?.content.textContent.trim() ?? "";

  // ---- toasts: also from the server, by the header  HX-Trigger: {"toast": {"title": …, "detail": …, "tone": …}}
  function toast({ title, detail = "", tone = "info" }) {
    const region = document.getElementById("toasts");
    const template = document.getElementById("toast-template");
    if (!region || !template || !title) return;
    const item = template.content.firstElementChild.cloneNode(true);
    item.classList.add(`sk-tone-${tone}`);
    item.querySelector(".sk-toast-title").textContent = title;
    item.querySelector(".sk-toast-detail").textContent = detail;
    region.append(item);
    while (region.children.length > 4) region.firstElementChild.remove();
    // Bad news stays until it is closed; the rest leaves, but not while somebody is reading it with pointer or focus.
    if (tone === "danger") return;
    const leave = () => (item.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : item.remove());
    setTimeout(leave, 7000);
  }
  document.addEventListener("toast", (event) => toast(event.detail ?? {}));
  function announce(message) {
    const live = document.getElementById("live");
    if (live) live.textContent = message;
  }

  // ---- htmx: token on what changes something; errors become a toast and leave the page as it is
  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail.ctx.request;
    if (!["GET", "HEAD", "QUERY"].includes(request.method)) request.headers["X-CSRFToken"] = csrfToken();
    // A page that asks on its own is no sign that somebody is there: it keeps no session alive, but where somebody waits.
    const alone = ["every", "live"].includes(event.detail.ctx.sourceEvent?.type);
    if (alone && !event.target.closest("[data-stays]")) request.headers["By-Itself"] = "1";
  });
  // What a page asks for by itself, beside what somebody is doing there, says nothing of its failures and leads nowhere.
  const isQuiet = (event) => event.target instanceof Element && Boolean(event.target.closest("[data-quiet]"));
  document.addEventListener("htmx:response:error", (event) => {
    const ctx = event.detail.ctx;
    if (ctx.response.status === 422) return; // The form with its errors is swapped in.
    if (isQuiet(event)) return;
    // Signed out meanwhile: the page itself knows the way to sign in again.
    if (ctx.response.status === 401) return void window.location.reload();
    const page = new DOMParser().parseFromString(ctx.text ?? "", "text/html");
    toast({
      title: page.querySelector("[data-problem-title]")?.textContent ?? text("offline-message"),
      detail: page.querySelector("[data-problem-detail]")?.textContent ?? "",
      tone: ctx.response.status === 429 ? "warning" : "danger",
    });
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx && !isQuiet(event)) toast({ title: text("offline-message"), tone: "danger" });
  });
  // Where what was asked for arrives (.sk-arrives), grey lines stand instead of what is no longer meant, once it takes long.
  const awaited = new WeakMap();
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    if (!(ctx.target instanceof Element) || ctx.request.headers["By-Itself"]) return;
    ctx.places = ctx.target.matches(".sk-arrives") ? [ctx.target] : [...ctx.target.querySelectorAll(".sk-arrives")];
    for (const place of ctx.places) awaited.set(place, ctx);
    ctx.late = setTimeout(() => { for (const place of ctx.places) place.setAttribute("aria-busy", "true"); }, 300);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const { ctx } = event.detail;
    clearTimeout(ctx.late);
    // A request that another one took the place of leaves the waiting to that one.
    for (const place of ctx.places ?? []) if (awaited.get(place) === ctx) place.removeAttribute("aria-busy");
  });
  document.addEventListener("htmx:after:swap", (event) => prepare(event.target instanceof Element ? event.target : document));
  document.addEventListener("htmx:finally:request", (event) => {
    const source = event.target;
    if (source instanceof Element) rest(source.closest("form") ?? source);
  });

  // ---- busy buttons: a form is sent once
  function work(form, submitter) {
    form.dataset.sending = "true";
    const button = submitter ?? form.querySelector('button[type="submit"], button:not([type])');
    if (!button || form.method === "dialog") return;
    button.classList.add("is-busy");
    button.setAttribute("aria-busy", "true");
    announce(text("busy-message"));
  }
  function rest(scope) {
    if (scope.dataset) delete scope.dataset.sending;
    for (const button of scope.querySelectorAll?.(".is-busy") ?? []) {
      button.classList.remove("is-busy");
      button.removeAttribute("aria-busy");
    }
  }
  // A page that comes back from the browser's own cache must not stay busy for ever.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of document.querySelectorAll("form[data-sending]")) rest(form);
  });

  // ---- confirmation: <form data-confirm="dialog id">
  function ask(form, submitter) {
    const dialog = document.getElementById(form.dataset.confirm);
    const yes = dialog.querySelector("[data-confirm-yes]");
    const phrase = dialog.querySelector("[data-confirm-phrase]");
    const same = () => phrase.value.normalize("NFC").trim() === phrase.dataset.confirmPhrase.normalize("NFC");
    if (phrase) {
      phrase.value = "";
      yes.disabled = true;
      phrase.oninput = () => { yes.disabled = !same(); };
    }
    dialog.returnValue = "";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "confirm" || (phrase && !same())) return submitter?.focus();
      form.dataset.confirmed = "true";
      form.requestSubmit(submitter ?? undefined);
    }, { once: true });
    dialog.showModal();
    phrase?.focus();
  }

  // Capturing, so that it runs before htmx sees the event.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method === "dialog") return;
    const stop = () => { event.preventDefault(); event.stopImmediatePropagation(); };
    if (form.dataset.sending) return stop();
    if (form.dataset.confirm && !form.dataset.confirmed) {
      stop();
      return ask(form, event.submitter);
    }
    delete form.dataset.confirmed;
    for (const input of form.querySelectorAll("[data-input]")) tidy(input);
    work(form, event.submitter);
  }, true);

  // ---- dates, times and CCCDs as people type them
  const digits = (value) => value.normalize("NFKC").replace(/\D/g, "");
  function dateOf(value) {
    const typed = value.normalize("NFKC").trim();
    const parts = /^\d{8}$/.test(typed)
      ? [typed.slice(0, 2), typed.slice(2, 4), typed.slice(4)]
      : typed.split(/[\s./-]+/);
    if (parts.length !== 3 || !parts.every((part) => /^\d+$/.test(part)) || parts[2].length !== 4) return null;
    const [day, month, year] = parts.map(Number);
    const date = new Date(Date.UTC(year, month - 1, day));
    // 31/02 would roll over into March: it is a date only if it says the same when read back.
    const real = year >= 1800 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
    return real ? `${String(day).padStart(2, "0")}/${String(month).padStart(2, "0")}/${year}` : null;
  }
  // 7h30 and 7g30 are how times are written in Vietnam; tenant_app/pages/forms.py reads the same.
  function timeOf(value) {
    const found = /^(\d{1,2})(?:\s?[:.hg]\s?(\d{2})?|(\d{2}))?$/i.exec(value.normalize("NFKC").trim());
    if (!found) return null;
    const [hour, minute] = [Number(found[1]), Number(found[2] ?? found[3] ?? 0)];
    return hour < 24 && minute < 60 ? `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}` : null;
  }
  function tidy(input) {
    if (input.dataset.input === "cccd") {
      const number = digits(input.value);
      if (number) input.value = number.replace(/(\d{3})(?=\d)/g, "$1 ");
    } else {
      const read = { date: dateOf, time: timeOf }[input.dataset.input]?.(input.value);
      if (read) input.value = read;
      input.setCustomValidity(input.value.trim() && !read ? input.dataset.invalid ?? "" : "");
    }
  }
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || !input.dataset.input) return;
    input.setCustomValidity("");
    // Only while typing at the end; in the middle the cursor must stay where it is.
    if (input.selectionStart !== input.value.length || event.inputType?.startsWith("delete")) return;
    if (input.dataset.input === "cccd") return tidy(input);
    if (input.dataset.input === "time") {
      if (/^\d{4}$/.test(input.value.normalize("NFKC"))) tidy(input);
      return;
    }
    const number = digits(input.value);
    if (/^\d+$/.test(input.value.normalize("NFKC")) && number.length === 8) tidy(input);
    else if (/^\d{3,7}$/.test(input.value)) input.value = [number.slice(0, 2), number.slice(2, 4), number.slice(4)].filter(Boolean).join("/");
    else if (/^\d{2}\/\d{3,}$/.test(input.value)) input.value = `${input.value.slice(0, 5)}/${input.value.slice(5)}`;
  });
  document.addEventListener("focusout", (event) => {
    if (event.target instanceof HTMLInputElement && event.target.dataset.input) tidy(event.target);
  });

  // ---- small things by click
  document.addEventListener("click", async (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    if (target.closest("[data-toast-close]")) target.closest(".sk-toast").remove();
    if (target.closest("[data-help]")) openHelp();
    if (target.closest("[data-back]")) window.history.length > 1 ? window.history.back() : window.location.assign("/");
    // The browser's own dialog for printing.
    if (target.closest("[data-print]")) window.print();
    const reveal = target.closest("[data-reveal]");
    if (reveal) {
      const input = document.getElementById(reveal.dataset.reveal);
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      reveal.setAttribute("aria-pressed", String(shown));
      input.focus();
    }
    const copy = target.closest("[data-copy]");
    if (copy) {
      const source = document.getElementById(copy.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        toast({ title: copy.dataset.copied, tone: "success" });
      } catch {
        // No permission (or plain http): select it, so that the person's own copy command works.
        window.getSelection().selectAllChildren(source);
      }
    }
    const themed = target.closest("[data-theme-switch] button");
    if (themed) {
      // Shown at once; the post behind it stores the choice.
      if (themed.value === "auto") delete root.dataset.bsTheme;
      else root.dataset.bsTheme = themed.value;
    }
  });

  // ---- keyboard: elements declare  data-shortcut="n" (or "g p", two keys) and data-shortcut-label
  const shortcutsOn = () => window.localStorage.getItem("sk-shortcuts") !== "off";
  const declared = () => [...document.querySelectorAll("[data-shortcut]")].filter((el) => el.checkVisibility?.() ?? true);
  function openHelp() {
    const sheet = document.getElementById("help-sheet");
    if (!sheet || sheet.open) return;
    const list = sheet.querySelector(".sk-shortcuts");
    for (const old of list.querySelectorAll(":scope > :not([data-fixed])")) old.remove();
    const seen = new Set();
    for (const element of declared().reverse()) {
      const keys = element.dataset.shortcut;
      if (seen.has(keys)) continue;
      seen.add(keys);
      const row = document.createElement("div");
      const term = document.createElement("dt");
      for (const key of keys.split(" ")) {
        const cap = document.createElement("kbd");
        cap.className = "sk-kbd";
        cap.textContent = { ArrowLeft: "←", ArrowRight: "→" }[key] ?? key;
        term.append(cap, " ");
      }
      const meaning = document.createElement("dd");
      meaning.textContent = element.dataset.shortcutLabel ?? element.textContent.trim();
      row.append(term, meaning);
      list.prepend(row);
    }
    sheet.querySelector("[data-shortcuts-switch]").checked = shortcutsOn();
    document.getElementById("account")?.hidePopover?.();
    sheet.showModal();
  }
  document.addEventListener("change", (event) => {
    const file = event.target.type === "file" && event.target.files[0];
    const face = event.target.parentElement?.querySelector("[data-file-name]");
    if (file && face) face.textContent = file.name;
    if (event.target.matches?.("[data-shortcuts-switch]")) window.localStorage.setItem("sk-shortcuts", event.target.checked ? "on" : "off");
  });
  let first = "";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    const at = event.target;
    if (at instanceof Element && at.closest("input, textarea, select, [contenteditable], dialog")) return;
    if (!shortcutsOn()) return;
    if (event.key === "?") return openHelp();
    const keys = first ? `${first} ${event.key}` : event.key;
    const all = declared();
    const found = all.find((el) => el.dataset.shortcut === keys);
    if (found) {
      event.preventDefault();
      first = "";
      if (found.matches("input, select, textarea")) { found.focus(); found.select?.(); } else found.click();
    } else if (all.some((el) => el.dataset.shortcut.startsWith(`${event.key} `))) {
      first = event.key;
      setTimeout(() => { first = ""; }, 1500);
    } else {
      first = "";
    }
  });

  // ---- a secret in the part of the address that is never sent:  <input data-from-fragment>
  const secret = document.querySelector("input[data-from-fragment]");
  if (secret && window.location.hash.length > 1) {
    secret.value = decodeURIComponent(window.location.hash.slice(1));
    // It must not stay in the browser's history, nor on a screen that somebody photographs.
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
  }

  // ---- after a load or a swap
  function prepare(scope) {
    const wrong = scope.querySelector('[aria-invalid="true"]');
    if (wrong) wrong.focus();
    for (const input of scope.querySelectorAll('[data-input="cccd"]')) tidy(input);
    for (const again of scope.querySelectorAll("[data-retry-after]")) countDown(again);
    // Of a line of tabs that is pushed along, the one that is shown must be in sight; the page itself stays where it is.
    for (const tab of scope.querySelectorAll(".sk-tabs [aria-current]")) {
      const line = tab.parentElement;
      line.scrollLeft = tab.offsetLeft - (line.clientWidth - tab.offsetWidth) / 2;
    }
  }
  function countDown(link) {
    const end = Date.now() + Number(link.dataset.retryAfter) * 1000;
    const label = link.querySelector("[data-countdown]");
    link.setAttribute("aria-disabled", "true");
    const block = (event) => event.preventDefault();
    link.addEventListener("click", block);
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      label.textContent = left > 0 ? `(${left})` : "";
      if (left > 0) return void setTimeout(tick, 250);
      link.removeAttribute("aria-disabled");
      link.removeEventListener("click", block);
    };
    tick();
  }
  prepare(document);
})();
