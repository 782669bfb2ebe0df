"use strict";

// Texts on a confirmation page are kept in this tab until they were sent and the next page has arrived: Back, a
// reload and a log-in in between lose none of them.
document.addEventListener("DOMContentLoaded", () => {
  const SENT = "gigstream:sent";
  const form = document.querySelector("form.confirm");
  if (!form) {
    const sent = sessionStorage.getItem(SENT);
    // A log-in page in place of the next page means that the act was not done: the texts stay.
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
    sessionStorage.setItem(key, JSON.stringify(Object.fromEntries(texts().map((text) => [text.name, text.value]))));
  });
  form.addEventListener("submit", () => sessionStorage.setItem(SENT, key));
});
