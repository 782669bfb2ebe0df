"use strict";

// Words in a form that keeps them are sent to the server as they are written, which keeps them: Back, a reload, a new
// tab and a log-in in between lose none of them. Nothing stays in the browser. Files are not kept.
document.addEventListener("DOMContentLoaded", () => {
  const PAUSE = 400;
  let waiting = null;
  let written = null;
  const formOf = (event) => event.target.closest("form.confirm, form.keeps-words");
  const stop = () => {
    clearTimeout(waiting);
    waiting = null;
  };
  const keep = () => {
    if (waiting === null) return;
    stop();
    const words = new FormData(written);
    for (const [name, value] of [...words]) if (value instanceof File) words.delete(name);
    words.set("keep", "1");
    fetch(written.action, { method: "POST", body: words, keepalive: true, redirect: "manual" }).catch(() => {});
  };
  document.addEventListener("input", (event) => {
    const form = formOf(event);
    if (!form) return;
    if (form !== written) keep();
    stop();
    written = form;
    waiting = setTimeout(keep, PAUSE);
  });
  // A script of unfold writes a file's name into a field of its own widget, which is not there.
  document.addEventListener(
    "change",
    (event) => {
      if (event.target.type === "file" && formOf(event)) event.stopPropagation();
    },
    true,
  );
  // The form takes its words along when it is sent.
  document.addEventListener("submit", (event) => {
    if (formOf(event)) stop();
  });
  addEventListener("pagehide", keep);
});
