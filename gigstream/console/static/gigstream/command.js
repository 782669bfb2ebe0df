"use strict";

// The box of Ctrl + K. Enter opens the chosen result, else the first, else, before the results for the entered text
// have arrived, the page of all results. What was searched for is sent to the session, for the recent searches.
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

  const remember = (term) => {
    if (!term) return;
    const body = new URLSearchParams({ term });
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    fetch(box.dataset.recent, { method: "POST", body, keepalive: true, credentials: "same-origin" });
  };
  const searchAgain = (term) => {
    box.value = term;
    box.focus();
    box.dispatchEvent(new Event("again"));
  };
  const open = (link, inNewTab) => {
    if (link.dataset.term !== undefined) return searchAgain(link.dataset.term);
    remember(box.value.trim());
    if (inNewTab) window.open(link.href, "_blank", "noopener");
    else window.location = link.href;
  };

  box.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const term = box.value.trim();
      const inNewTab = event.ctrlKey || event.metaKey;
      const chosen = document.querySelector("#command-results li.active a");
      const first = answered === box.value && document.querySelector("#command-results-list a");
      if (chosen || (term && first)) return open(chosen || first, inNewTab);
      if (!term) return;
      remember(term);
      window.location = `${box.dataset.all}?q=${encodeURIComponent(term)}`;
    },
    true,
  );
  document.getElementById("command-results").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link) return;
    if (link.dataset.term !== undefined) {
      event.preventDefault();
      searchAgain(link.dataset.term);
    } else {
      remember(box.value.trim());
    }
  });
});
