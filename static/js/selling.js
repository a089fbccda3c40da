// Pictures are dragged into order, and towns are suggested while typing. Without this file
// there are buttons for the one, and the town is checked when it is sent.

"use strict";

const list = document.querySelector("[data-photos]");
const said = document.querySelector("[data-photos-said]");

function sendPlace(item) {
  const form = document.getElementById("listing-form");
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set("to", [...list.children].indexOf(item) + 1);
  fetch(item.dataset.move, { method: "POST", body, redirect: "manual" })
    // The answer of success leads back to the form, where we are already.
    .then((answer) => answer.type === "opaqueredirect" || Promise.reject(answer))
    .then(() => { said.textContent = said.dataset.moved; freeArrows(); })
    .catch(() => { said.textContent = said.dataset.failed; });
}

// The first picture cannot go earlier, nor the last later.
function freeArrows() {
  for (const item of list.children) {
    item.querySelector("[value=earlier]").disabled = item === list.firstElementChild;
    item.querySelector("[value=later]").disabled = item === list.lastElementChild;
  }
}

if (list) {
  let dragged = null;
  for (const item of list.children) {
    item.draggable = true;
    item.addEventListener("dragstart", () => { dragged = item; item.classList.add("dragged"); });
    item.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      if (dragged === item) return;
      const isBefore = dragged.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING;
      item[isBefore ? "after" : "before"](dragged);
    });
    item.addEventListener("dragend", () => {
      item.classList.remove("dragged");
      dragged = null;
      sendPlace(item);
    });
  }
}

const towns = document.getElementById("places");
const town = document.querySelector("input[list=places]");
let pause = 0;

if (town) {
  town.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(async () => {
      const answer = await fetch(`${towns.dataset.source}?q=${encodeURIComponent(town.value)}`);
      if (answer.ok) towns.innerHTML = await answer.text();
    }, 150);
  });
}
