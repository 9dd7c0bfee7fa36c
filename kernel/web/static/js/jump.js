// The command bar (kit/jump.html): Ctrl+K, a few letters, arrows, Enter. What the server finds comes by htmx into #jump-found.
(() => {
  "use strict";

  const dialog = document.getElementById("jump");
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const found = dialog.querySelector("#jump-found");
  const here = dialog.querySelector("#jump-here");
  const none = dialog.querySelector(".sk-jump-none");
  const bare = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase();
  const options = () => [...dialog.querySelectorAll("[role=option]")].filter((each) => !each.hidden);
  let active = null;

  function mark(option) {
    active?.removeAttribute("aria-selected");
    active = option ?? null;
    if (!active) return input.removeAttribute("aria-activedescendant");
    active.id ||= `jump-${options().indexOf(active)}-${Date.now()}`;
    active.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", active.id);
    active.scrollIntoView({ block: "nearest" });
  }

  // Each word that was typed begins a word of the entry: "dk bn" is nobody's entry, "dang benh" is "Đăng ký bệnh nhân".
  function narrow() {
    const typed = bare(input.value).split(/\s+/).filter(Boolean);
    for (const option of dialog.querySelectorAll("[role=option]")) {
      if (found?.contains(option)) continue;
      const words = bare(option.textContent).split(/\s+/);
      option.hidden = !typed.every((part) => words.some((word) => word.startsWith(part)));
    }
    for (const group of dialog.querySelectorAll("[role=group]")) {
      if (group !== found) group.hidden = !group.querySelector("[role=option]:not([hidden])");
    }
    const left = options();
    none.hidden = left.length > 0;
    mark(left[0]);
  }

  // What this page can do is what has a shortcut on it.
  function offerThisPage() {
    for (const old of here.querySelectorAll("[role=option]")) old.remove();
    // What can be begun from everywhere stands below by itself.
    const seen = new Set([...dialog.querySelectorAll("[role=option]")].map((each) => each.textContent.trim()));
    for (const element of document.querySelectorAll("main [data-shortcut]")) {
      const label = element.dataset.shortcutLabel ?? element.textContent.trim();
      if (!label || seen.has(label) || !(element.checkVisibility?.() ?? true)) continue;
      seen.add(label);
      const option = document.createElement("div");
      option.className = "sk-jump-option";
      option.setAttribute("role", "option");
      const words = document.createElement("span");
      words.textContent = label;
      const keys = document.createElement("kbd");
      keys.className = "sk-kbd";
      keys.textContent = { ArrowLeft: "←", ArrowRight: "→" }[element.dataset.shortcut] ?? element.dataset.shortcut;
      option.append(words, keys);
      option.addEventListener("click", () => {
        dialog.close();
        if (element.matches("input, select, textarea")) element.focus(); else element.click();
      });
      here.append(option);
    }
  }

  function open() {
    if (dialog.open || document.querySelector("dialog[open]")) return;
    input.value = "";
    found?.replaceChildren();
    offerThisPage();
    dialog.showModal();
    narrow();
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-jump]")) open();
    // A press beside the box is on the dialog itself: on its backdrop.
    if (event.target === dialog) dialog.close();
  });
  input.addEventListener("input", () => {
    // What was found for the letters before is not what is meant now.
    found?.replaceChildren();
    narrow();
  });
  dialog.addEventListener("htmx:after:swap", narrow);
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(active);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      event.preventDefault();
      mark(all[(at + step + all.length) % all.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      active?.click();
    }
  });
})();
