// Closes an open menu on Escape and on a click beside it. Opening needs no script.
document.addEventListener("keydown", (event) => {
  const open = document.querySelector("[data-menu][open]");
  if (event.key === "Escape" && open) {
    open.removeAttribute("open");
    open.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  const open = document.querySelector("[data-menu][open]");
  if (open && !open.contains(event.target)) open.removeAttribute("open");
});
