// Drop a file to ask with it; arrow keys move over cards, enter opens one, / goes to the search box.
"use strict";

const send = document.querySelector("form.send");
const file = send?.querySelector("input[type=file]");

function ask() {
  if (file.files.length) {
    document.body.classList.add("busy");
    send.submit();
  }
}

if (file) {
  file.addEventListener("change", ask);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    if (event.dataTransfer.files.length) {
      file.files = event.dataTransfer.files;
      ask();
    }
  });
}

function beside(links, from, key) {
  const at = links.indexOf(from);
  if (at < 0) return links[0];
  if (key === "ArrowRight") return links[at + 1];
  if (key === "ArrowLeft") return links[at - 1];
  const down = key === "ArrowDown" ? 1 : -1;
  const box = from.closest(".row").getBoundingClientRect();
  const others = links
    .map((link) => ({ link, box: link.closest(".row").getBoundingClientRect() }))
    .filter((other) => (other.box.top - box.top) * down > 4);
  const far = (other) => Math.abs(other.box.top - box.top) * 4 + Math.abs(other.box.left - box.left);
  return others.sort((one, two) => far(one) - far(two))[0]?.link;
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select, audio, summary")) return;
  if (event.key === "/") {
    const box = document.querySelector("input[type=search]");
    if (box) {
      event.preventDefault();
      box.select();
    }
  } else if (event.key.startsWith("Arrow")) {
    const links = [...document.querySelectorAll(".found > .row .place a")];
    const next = beside(links, document.activeElement, event.key);
    if (next) {
      event.preventDefault();
      next.focus({ preventScroll: true });
      next.closest(".row").scrollIntoView({ block: "nearest" });
    }
  }
});
