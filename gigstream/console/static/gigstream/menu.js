"use strict";

// The menu's headings open their groups by keyboard too and announce their state; icons are not read out.
document.addEventListener("DOMContentLoaded", () => {
  const menu = document.getElementById("nav-sidebar");
  if (!menu) return;
  for (const icon of menu.querySelectorAll("ol a .material-symbols-outlined, h2 .material-symbols-outlined")) {
    icon.setAttribute("aria-hidden", "true");
  }
  for (const heading of menu.querySelectorAll("h2.cursor-pointer")) {
    const group = heading.nextElementSibling;
    const announce = () => heading.setAttribute("aria-expanded", String(group.style.display !== "none"));
    heading.setAttribute("role", "button");
    heading.tabIndex = 0;
    heading.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      heading.click();
    });
    new MutationObserver(announce).observe(group, { attributeFilter: ["style"] });
    announce();
  }
});
