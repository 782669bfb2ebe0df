"use strict";

// Enter in the box of Ctrl + K opens the first result or, before the results for the entered text have arrived,
// the page of all results.
document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("search-input-command");
  if (!box) return;
  let answered = null;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === box) box.dataset.sent = box.value;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "command-results") answered = box.dataset.sent;
  });
  box.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
      if (document.querySelector("#command-results li.active")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const term = box.value.trim();
      if (!term) return;
      const first = answered === box.value && document.querySelector("#command-results-list a");
      const all = `${box.getAttribute("hx-get").split("?")[0]}?q=${encodeURIComponent(term)}`;
      window.location = first ? first.href : all;
    },
    true,
  );
});
