"use strict";

// What is written on a page of confirmation is kept in this tab until it was sent and the page after it has come:
// Back, a reload and a log-in in between lose nothing.
document.addEventListener("DOMContentLoaded", () => {
  const SENT = "gigstream:sent";
  const form = document.querySelector("form.confirm");
  if (!form) {
    const sent = sessionStorage.getItem(SENT);
    // The log-in in place of the next page says that nothing was done: the words stay.
    if (sent && !document.getElementById("login-form")) sessionStorage.removeItem(sent);
    sessionStorage.removeItem(SENT);
    return;
  }
  const data = new FormData(form);
  const rows = data.getAll("_selected_action").sort().join(",");
  const key = `gigstream:reason:${form.getAttribute("action")}:${data.get("action")}:${rows}`;
  const texts = () => [...form.querySelectorAll("textarea, input[type=text], input[type=number]")];
  const kept = JSON.parse(sessionStorage.getItem(key) || "{}");
  for (const text of texts()) {
    if (!text.value && kept[text.name]) text.value = kept[text.name];
  }
  form.addEventListener("input", () => {
    sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(texts().map((one) => [one.name, one.value]))));
  });
  form.addEventListener("submit", () => sessionStorage.setItem(SENT, key));
});
