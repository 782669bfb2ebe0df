"use strict";

// Words on a confirmation page are sent to the server as they are written, which keeps them: Back, a reload, a new tab
// and a log-in in between lose none of them. Nothing stays in the browser.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.confirm");
  if (!form) return;
  const PAUSE = 400;
  let waiting = null;
  const keep = () => {
    if (waiting === null) return;
    clearTimeout(waiting);
    waiting = null;
    const words = new FormData(form);
    words.set("keep", "1");
    fetch(form.action, { method: "POST", body: words, keepalive: true, redirect: "manual" }).catch(() => {});
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, PAUSE);
  });
  // The form takes its words along when it is sent.
  form.addEventListener("submit", () => {
    clearTimeout(waiting);
    waiting = null;
  });
  addEventListener("pagehide", keep);
});
