// allauth's scripts tell of a failure, or of a person who thought better of it, by this event.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelector("[data-passkey-error]").hidden = false;
});
