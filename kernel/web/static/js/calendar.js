// The calendar by keys, and moving its appointments by pointer and keys. Without it all of them are links.
(() => {
  "use strict";

  const part = document.getElementById("the-calendar");
  if (!part) return;
  // Looked for anew each time: live updates put other columns in.
  const grid = () => part.querySelector("[data-calendar]");
  const columns = () => [...part.querySelectorAll(".ca-column")];
  const columnOf = (element) => element.closest(".ca-column");
  const minutesOf = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

  // ---- free times by keys: Tab reaches one of each column, the arrows the others. A page of forty doctors has hundreds.
  const freeIn = (column) => [...column.querySelectorAll("a.ca-free")];
  function reach(chosen) {
    for (const column of columns()) {
      const all = freeIn(column);
      const one = all.includes(chosen) ? chosen : all[0];
      for (const each of all) each.tabIndex = each === one ? 0 : -1;
    }
  }
  function beside(slot, way) {
    const all = columns();
    const minutes = minutesOf(slot.dataset.start);
    const apart = (each) => Math.abs(minutesOf(each.dataset.start) - minutes);
    for (let at = all.indexOf(columnOf(slot)) + way; at >= 0 && at < all.length; at += way) {
      const near = freeIn(all[at]).sort((one, other) => apart(one) - apart(other))[0];
      if (near) return near;
    }
    return undefined;
  }
  function nextOf(slot, key) {
    const all = freeIn(columnOf(slot));
    const at = all.indexOf(slot);
    switch (key) {
      case "ArrowUp": return all[at - 1];
      case "ArrowDown": return all[at + 1];
      case "ArrowLeft": return beside(slot, -1);
      case "ArrowRight": return beside(slot, 1);
      case "Home": return all[0];
      case "End": return all[all.length - 1];
      default: return null;
    }
  }
  part.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const slot = event.target.closest?.("a.ca-free");
    const next = slot ? nextOf(slot, event.key) : null;
    if (next !== null) {
      event.preventDefault();
      if (next) {
        reach(next);
        next.focus();
        next.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    }
    // In here the arrows move and scroll; they do not turn the page's day.
    if (event.key.startsWith("Arrow")) event.stopPropagation();
  });
  part.addEventListener("htmx:after:swap", () => reach(document.activeElement));
  reach(null);

  const dialog = document.getElementById("ca-move");
  if (!dialog) return;
  const form = dialog.querySelector("form");
  const hours = () => part.querySelectorAll(".ca-hour").length;
  const firstMinute = () => Number(grid().dataset.firstHour) * 60;
  const MINUTES = 5;
  const NEAR = 6; // Pixels: less than this is a click.

  const textOf = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  const fill = (words, values) => words.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
  const announce = (message) => {
    const live = document.getElementById("live");
    if (live) live.textContent = message;
  };

  let moving = null; // {block, ghost, column, minutes}

  function begin(block) {
    const ghost = block.cloneNode(true);
    ghost.classList.add("is-ghost");
    for (const name of ["href", "data-move", "title"]) ghost.removeAttribute(name);
    ghost.setAttribute("aria-hidden", "true");
    block.classList.add("is-moving");
    moving = { block, ghost, column: columnOf(block), minutes: minutesOf(block.dataset.start) };
    place(moving.column, moving.minutes);
  }

  function place(column, minutes) {
    const length = Number(moving.block.dataset.rows) * MINUTES;
    const last = firstMinute() + hours() * 60 - length;
    moving.column = column;
    moving.minutes = Math.min(Math.max(minutes, firstMinute()), last);
    const row = Math.floor((moving.minutes - firstMinute()) / MINUTES) + 1;
    moving.ghost.style.gridRow = `${row} / span ${moving.block.dataset.rows}`;
    moving.ghost.querySelector(".ca-time").textContent = textOf(moving.minutes);
    column.querySelector(".ca-rows").append(moving.ghost);
  }

  const isElsewhere = () => moving.column !== columnOf(moving.block) || textOf(moving.minutes) !== moving.block.dataset.start;
  const where = (column, time) => fill(form.dataset.words, { time, where: column.dataset.name });

  function end({ told = true } = {}) {
    if (!moving) return;
    const { block, ghost } = moving;
    moving = null;
    ghost.remove();
    block.classList.remove("is-moving");
    document.documentElement.classList.remove("is-dragging");
    if (told) announce(form.dataset.returned);
    if (stale) part.dispatchEvent(new CustomEvent("live"));
    stale = false;
  }

  // What changed meanwhile is shown when nothing is being moved any more: a swap would take it out of one's hands.
  let stale = false;
  document.addEventListener("live", (event) => {
    if (event.target !== part || !moving) return;
    stale = true;
    event.stopImmediatePropagation();
  }, true);

  function ask() {
    if (!isElsewhere()) return end();
    const { block, column, minutes } = moving;
    form.action = block.dataset.move;
    form.elements.version.value = block.dataset.version;
    form.elements.doctor.value = column.dataset.doctor;
    form.elements.day.value = column.dataset.day;
    form.elements.start.value = textOf(minutes);
    dialog.querySelector(".ca-move-who").textContent = block.dataset.who;
    dialog.querySelector(".ca-move-from").textContent = where(columnOf(block), block.dataset.start);
    dialog.querySelector(".ca-move-to").textContent = where(column, textOf(minutes));
    dialog.showModal();
  }
  // Esc, or the button: it goes back, and the focus with it.
  dialog.addEventListener("close", () => {
    const block = moving?.block;
    end();
    block?.focus();
  });
  dialog.querySelector("[data-leave]").addEventListener("click", () => dialog.close());

  // ---- by pointer
  let pressed = null; // {block, x, y, offset}
  let dragged = false;
  part.addEventListener("pointerdown", (event) => {
    const block = event.target.closest("[data-move]");
    // A finger scrolls; on a touch screen the block's own page moves it.
    if (!block || event.button !== 0 || event.pointerType === "touch") return;
    pressed = { block, x: event.clientX, y: event.clientY, offset: event.clientY - block.getBoundingClientRect().top };
    dragged = false;
  });
  document.addEventListener("pointermove", (event) => {
    if (!pressed) return;
    if (!dragged) {
      if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < NEAR) return;
      dragged = true;
      end({ told: false });
      begin(pressed.block);
      document.documentElement.classList.add("is-dragging");
    }
    event.preventDefault();
    const column = columns().find((each) => {
      const box = each.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX < box.right;
    });
    if (!column) return;
    const under = document.elementsFromPoint(event.clientX, event.clientY - pressed.offset + 4);
    const free = under.find((each) => each.classList?.contains("ca-free") && columnOf(each) === column);
    const rows = column.querySelector(".ca-rows").getBoundingClientRect();
    const height = rows.height / (hours() * 12);
    const row = Math.round((event.clientY - pressed.offset - rows.top) / height);
    place(column, free ? minutesOf(free.dataset.start) : firstMinute() + row * MINUTES);
  });
  document.addEventListener("pointerup", () => {
    if (!pressed) return;
    pressed = null;
    document.documentElement.classList.remove("is-dragging");
    if (dragged && moving) ask();
  });
  document.addEventListener("pointercancel", () => {
    pressed = null;
    end();
  });
  // What was dragged is not followed as a link, nor is the browser's own dragging wanted.
  part.addEventListener("click", (event) => {
    if (dragged) event.preventDefault();
    dragged = false;
  });
  part.addEventListener("dragstart", (event) => event.preventDefault());

  // ---- by keys
  const starts = (column) => [...column.querySelectorAll("a.ca-free, span.ca-free")].map((each) => minutesOf(each.dataset.start));
  function step(key) {
    const { column, minutes, block } = moving;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const next = columns()[columns().indexOf(column) + (key === "ArrowLeft" ? -1 : 1)];
      return next ? place(next, minutes) : undefined;
    }
    const own = column === columnOf(block) ? [minutesOf(block.dataset.start)] : [];
    const free = [...starts(column), ...own].sort((one, other) => one - other);
    const next = key === "ArrowUp" ? free.filter((each) => each < minutes).pop() : free.find((each) => each > minutes);
    if (next !== undefined) place(column, next);
  }
  part.addEventListener("keydown", (event) => {
    const block = event.target.closest?.("[data-move]");
    if (!block || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      if (moving?.block !== block) {
        end({ told: false });
        begin(block);
      }
      step(event.key);
      moving.ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
      announce(fill(form.dataset.told, { who: block.dataset.who, time: textOf(moving.minutes), where: moving.column.dataset.name }));
    } else if (event.key === "Enter" && moving?.block === block) {
      event.preventDefault();
      ask();
    } else if (event.key === "Escape" && moving) {
      event.preventDefault();
      end();
    }
  });
  part.addEventListener("focusout", (event) => {
    if (moving && !pressed && !dialog.open && event.target === moving.block) setTimeout(() => dialog.open || pressed || end(), 0);
  });
})();
