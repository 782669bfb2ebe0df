"use strict";

// Numbers beside the queues and saved views of the menu, at the notices of the header and in the tab's title are fetched
// when a page is open, and again each minute while it is visible. After errors the next try comes later each time. Where
// the session has ended, nothing more is fetched.
document.addEventListener("DOMContentLoaded", () => {
  const notices = document.querySelector("[data-counts]");
  if (!notices) return;
  const EVERY = 60_000;
  const LONGEST = 16 * EVERY;
  const title = document.title;
  let wait = EVERY;
  let fetchedAt = 0;
  let timer = 0;
  let isOver = false;

  const show = (badge, text, mark, words) => {
    badge.textContent = text;
    badge.hidden = !text;
    badge.className = mark ? `count badge-${mark}` : "count";
    badge.title = words;
  };
  const badgeOf = (link) => {
    const found = link.querySelector(".count");
    if (found) return found;
    const made = document.createElement("b");
    link.append(made);
    return made;
  };
  const draw = (counts) => {
    for (const { url, count, mark, age } of [...counts.queues, ...counts.views]) {
      const words = [age, mark].filter(Boolean).join(", ");
      for (const link of document.querySelectorAll(`#nav-sidebar-apps a[href="${CSS.escape(url)}"]`)) {
        show(badgeOf(link), count && mark ? `${count} ${mark}` : count, mark, words);
      }
    }
    show(notices.querySelector("[data-unread]"), counts.unread, "", "");
    notices.setAttribute("aria-label", counts.unread ? `Notices, ${counts.unread} unread` : "Notices");
    document.title = counts.waiting ? `(${counts.waiting}) ${title}` : title;
  };

  const plan = () => {
    clearTimeout(timer);
    if (!isOver && !document.hidden) timer = setTimeout(refresh, Math.max(0, fetchedAt + wait - Date.now()));
  };
  const refresh = async () => {
    fetchedAt = Date.now();
    try {
      // A redirect leads to the log-in.
      const answer = await fetch(notices.dataset.counts, { credentials: "same-origin", redirect: "manual" });
      if (answer.type === "opaqueredirect" || answer.status === 403) isOver = true;
      else if (!answer.ok) throw new Error(String(answer.status));
      else draw(await answer.json());
      wait = EVERY;
    } catch {
      wait = Math.min(2 * wait, LONGEST);
    }
    plan();
  };
  document.addEventListener("visibilitychange", plan);
  refresh();
});
