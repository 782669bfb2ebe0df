"use strict";

// Buttons that copy an id, a reference, a hash or an address, and say so, to screen readers too.
document.addEventListener("DOMContentLoaded", () => {
  const spoken = document.createElement("p");
  spoken.className = "sr-only";
  spoken.setAttribute("role", "status");
  document.body.append(spoken);

  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Without HTTPS a browser offers no clipboard to scripts.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "sr-only";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    await copy(button.dataset.copy);
    button.classList.add("done");
    spoken.textContent = "";
    spoken.textContent = "copied";
    setTimeout(() => button.classList.remove("done"), 2000);
  });
});
