"use strict";

// Submissions are reviewed by keyboard: a approves, r rejects (it leads to the reason while there is none), n shows the
// next. Inside of the reason the keys are letters; Escape leaves it, Ctrl + Enter rejects.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("verdict");
  if (!form) return;
  const reason = form.elements.feedback;
  const button = (verdict) => form.querySelector(`button[value=${verdict}]`);
  const reject = () => (reason.value.trim() ? button("reject").click() : reason.focus());
  const keys = {
    a: () => button("approve").click(),
    r: reject,
    n: () => document.getElementById("next").click(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.isComposing || event.altKey || event.metaKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) {
      if (event.target !== reason) return;
      if (event.key === "Escape") reason.blur();
      if (event.key === "Enter" && event.ctrlKey) reject();
      return;
    }
    const act = event.ctrlKey ? null : keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
  // A second press while the first is on its way does nothing.
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
});
