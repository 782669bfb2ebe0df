"use strict";

// Single keys: j and k go through the rows or cards of a page, o opens the chosen row, "/" leads to the search, "?" lists
// the keys of the page. An element with `data-key` is reached by that key: a link is opened, a button pressed, a field or
// box focused; within the chosen row its own elements come first. No key acts on money: those of actions lead to the page
// that confirms them. Nothing happens while somebody types or holds another key, and each person can switch the keys off
// (WCAG 2.1.4), which this browser keeps.
document.addEventListener("DOMContentLoaded", () => {
  const OFF = "gigstream.keys";
  const ROWS = "[data-row], #result_list tbody tr, ul.items > li, ul.queues > li";
  // A page with keys of its own.
  const hasOwnKeys = Boolean(document.getElementById("verdict"));
  const help = document.querySelector("[data-keys-help]");
  const isOff = () => localStorage.getItem(OFF) === "off";
  const isShown = (element) => element.getClientRects().length > 0;

  const linkOf = (row) => row.querySelector("th a[href], h2 a[href], a[href]:not([data-key])");
  const rows = () => [...document.querySelectorAll(ROWS)].filter((row) => isShown(row) && linkOf(row));
  const chosen = () => document.activeElement?.closest(ROWS) || null;
  const go = (step) => {
    const all = rows();
    const here = all.indexOf(chosen());
    const next = all[here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step];
    if (!next) return;
    linkOf(next).focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const find = (key) => {
    const selector = `[data-key="${CSS.escape(key)}"]`;
    const near = chosen()?.querySelector(selector);
    const first = near || [...document.querySelectorAll(selector)].find((one) => isShown(one));
    return first || null;
  };
  const reach = (element) => {
    if (element.matches("input, textarea, select, [contenteditable]")) element.focus();
    else element.click();
  };
  const search = () => {
    const fields = [find("/"), document.getElementById("searchbar"), document.querySelector("#nav-sidebar [name=q]")];
    fields.find((field) => field && isShown(field))?.focus();
  };
  const open = () => {
    const row = chosen();
    if (row) linkOf(row).click();
  };
  const KEYS = { j: () => go(1), k: () => go(-1), o: open, "/": search, "?": () => explain() };

  const wordsOf = (element) =>
    element.dataset.keyWords || element.getAttribute("aria-label") || element.textContent.trim();
  const lines = () => {
    const found = new Map();
    if (hasOwnKeys) return [["a", "Approve"], ["r", "Reject"], ["n", "Next"], ["?", "This list"]];
    if (rows().length) {
      found.set("j", "Next row").set("k", "Row before").set("o, Enter", "Open the chosen row");
    }
    for (const one of document.querySelectorAll("[data-key]")) {
      if (isShown(one) && !found.has(one.dataset.key)) found.set(one.dataset.key, wordsOf(one));
    }
    return [...found.set("/", "Search"), ["?", "This list"]];
  };
  const make = (name, text, into) => {
    const made = document.createElement(name);
    made.textContent = text;
    into.append(made);
    return made;
  };
  const explain = () => {
    const dialog = document.createElement("dialog");
    dialog.className = "keys";
    const heading = make("h2", "Keys of this page", dialog);
    heading.id = "keys-heading";
    dialog.setAttribute("aria-labelledby", heading.id);
    const list = make("dl", "", dialog);
    for (const [key, words] of lines()) {
      make("kbd", key, make("dt", "", list));
      make("dd", words, list);
    }
    const label = make("label", "", dialog);
    const box = make("input", "", label);
    box.type = "checkbox";
    box.checked = !isOff();
    label.append(" Single keys are on in this browser");
    box.addEventListener("change", () => localStorage.setItem(OFF, box.checked ? "on" : "off"));
    const close = make("button", "Close", dialog);
    close.className = "small-button";
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };

  if (help) {
    help.hidden = false;
    help.addEventListener("click", explain);
  }
  const isTyped = (target) =>
    target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog[open]");
  // Before the handlers of other scripts, so that keys which are off are off for them too.
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.key.length !== 1 || event.key === " " || event.isComposing) return;
      if (event.ctrlKey || event.metaKey || event.altKey || isTyped(event.target)) return;
      if (isOff()) return event.stopImmediatePropagation();
      if (hasOwnKeys && event.key !== "?") return;
      const element = KEYS[event.key] ? null : find(event.key);
      if (!KEYS[event.key] && !element) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (element) reach(element);
      else KEYS[event.key]();
    },
    true,
  );
});
