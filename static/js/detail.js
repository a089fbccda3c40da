// One listing. Without this the gallery scrolls, its links work and the address can be copied.
"use strict";

const gallery = document.querySelector("[data-gallery]");
const links = gallery ? [...gallery.querySelectorAll("[data-photo]")] : [];

if (links.length) {
  const strip = gallery.querySelector(".gallery__strip");
  const thumbs = [...gallery.querySelectorAll(".gallery__thumbs a")];
  const dialog = gallery.querySelector("dialog");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let current = 0;

  const mark = (index) => {
    current = index;
    thumbs.forEach((thumb, at) => {
      if (at === index) thumb.setAttribute("aria-current", "true");
      else thumb.removeAttribute("aria-current");
    });
    if (dialog.open) fill();
  };

  const show = (index) => {
    const next = (index + links.length) % links.length;
    strip.scrollTo({
      left: links[next].parentElement.offsetLeft - strip.offsetLeft,
      behavior: calm.matches ? "instant" : "smooth",
    });
    mark(next);
  };

  const fill = () => {
    const shown = dialog.querySelector("img");
    shown.src = links[current].href;
    shown.alt = links[current].querySelector("img").alt;
  };

  const step = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || links.length < 2) return;
    event.preventDefault();
    show(current + by);
    if (links.includes(document.activeElement)) links[current].focus({ preventScroll: true });
    if (thumbs.includes(document.activeElement)) thumbs[current].focus();
  };

  mark(0);
  gallery.addEventListener("keydown", step);
  thumbs.forEach((thumb, index) =>
    thumb.addEventListener("click", (event) => {
      event.preventDefault();
      show(index);
    }),
  );
  links.forEach((link, index) =>
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      current = index;
      dialog.showModal();
      mark(index);
    }),
  );
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.querySelector("[data-previous]")?.addEventListener("click", () => show(current - 1));
  dialog.querySelector("[data-next]")?.addEventListener("click", () => show(current + 1));
  // A click beside the picture closes; on it, nothing happens.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  strip.addEventListener("scrollend", () => {
    if (!dialog.open) mark(Math.round(strip.scrollLeft / strip.clientWidth));
  });
}

const share = document.querySelector("[data-share]");

if (share) {
  const { title, url } = share.dataset;
  const copy = share.querySelector("[data-share-copy]");
  const native = share.querySelector("[data-share-native]");

  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(url);
      share.querySelector("[data-share-status]").textContent = copy.dataset.done;
      copy.textContent = copy.dataset.done;
    });
  }
  if (navigator.share) {
    native.hidden = false;
    // Whoever closes the phone's own sheet has shared nothing, and that is no error.
    native.addEventListener("click", () => navigator.share({ title, url }).catch(() => {}));
  }
}
