// What pages do beyond their markup: copy buttons, and forms that are sent when a choice is made. All works without it.
"use strict";
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = button.dataset.done;
  } catch {
    getSelection().selectAllChildren(source);
  }
  setTimeout(() => { button.textContent = button.dataset.label; }, 2000);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send] select")) event.target.form.requestSubmit();
});
const wake = () => {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
};
document.documentElement.classList.add("scripted");
document.addEventListener("DOMContentLoaded", wake);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector("input[type=search]");
  if (field) { event.preventDefault(); field.focus(); field.select(); }
});
