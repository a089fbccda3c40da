/* Keeps the phones fresh. The server writes the page; this fetches it again every second and
   puts in only the parts (data-live) that changed, so what one types or points at stays. */
"use strict";

(() => {
  const root = document.querySelector("[data-phones]");
  if (!root) return;

  const PAGE = location.pathname.replace(/(add|text|call)\/.*$/, "");
  const EVERY = 1000;
  const WHEN_AWAY = 5000;
  const NARROW = matchMedia("(width < 44rem)");
  const sent = new Map(); // id of a live part -> its HTML as the server last wrote it
  const open = new Map(); // key of a phone -> {view, other}
  const seen = new Map(); // phone and other number -> newest text that was on screen
  let asked = 0;
  let shown = 0;

  const phones = () => [...root.querySelectorAll(".phone")];

  function show(phone, view, other = "") {
    open.set(phone.dataset.key, { view, other });
    dress(phone);
    if (NARROW.matches) phone.scrollIntoView({ block: "end" });
    if (view === "compose") phone.querySelector("[name=to][id^=to]").focus();
    if (view === "thread") phone.querySelector("textarea").focus();
    if (view === "keypad") phone.querySelector(".dialler [name=to]").focus();
  }

  /* What the server cannot know: which view and thread are open here, what was seen. */
  function dress(phone) {
    const { view, other } = open.get(phone.dataset.key) || { view: "messages", other: "" };
    phone.dataset.view = view;
    for (const tab of phone.querySelectorAll(".phone__tabs [data-show]")) {
      const current = tab.dataset.show === (view === "thread" || view === "compose" ? "messages" : view);
      tab.setAttribute("aria-current", current ? "true" : "false");
    }
    const to = phone.querySelector("[id^=to-]");
    if (view === "thread") to.value = other;
    for (const thread of phone.querySelectorAll(".thread")) {
      const visible = view === "thread" && thread.dataset.with === other;
      thread.hidden = !visible;
      if (visible) thread.querySelector(".bubbles").scrollTop = 1e6;
    }
    let unread = false;
    for (const item of phone.querySelectorAll(".threads__item")) {
      const name = phone.dataset.key + item.dataset.other;
      const onScreen = view === "thread" && item.dataset.other === other;
      if (onScreen || item.dataset.from === "outbound" || !shown) seen.set(name, item.dataset.newest);
      const isNew = seen.get(name) !== item.dataset.newest;
      item.classList.toggle("is-unread", isNew);
      unread ||= isNew;
    }
    const ringing = phone.querySelector(".line--ringing.line--incoming") !== null;
    const pick = document.querySelector(`[data-pick="${phone.dataset.key}"]`);
    if (pick) pick.classList.toggle("has-news", unread || ringing);
    phone.classList.toggle("is-ringing", ringing);
  }

  function pick(key) {
    for (const part of root.querySelectorAll("[data-key]")) {
      part.classList.toggle("is-picked", part.dataset.key === key);
    }
    markPicked();
  }

  function markPicked() {
    const picked = root.querySelector(".is-picked");
    for (const link of document.querySelectorAll("[data-pick]")) {
      const current = picked !== null && link.dataset.pick === picked.dataset.key;
      if (current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /* Put in what changed. Answers that were overtaken by a later one are dropped. What was wrong
     with a form stays until a form is sent again: only the answer to one knows about it. */
  function apply(html, turn, toForm = false) {
    if (turn < shown) return;
    shown = turn;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const add = document.getElementById("add-phone");
    for (const phone of fresh.querySelectorAll(".phone")) {
      if (!document.getElementById(phone.id)) {
        add.before(document.importNode(phone, true));
        root.querySelector(".phones__none")?.remove();
      }
    }
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const old = document.getElementById(part.id);
      if (!old || sent.get(part.id) === part.innerHTML) continue;
      if (part.matches(".error") && !toForm) continue;
      sent.set(part.id, part.innerHTML);
      const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
      old.replaceChildren(...[...part.childNodes].map((node) => document.importNode(node, true)));
      if (focused) document.getElementById(focused)?.focus();
    }
    /* Logging in or out in another tab ends the token that this page came with. */
    const token = fresh.querySelector("[name=csrfmiddlewaretoken]")?.value;
    if (token) for (const old of document.getElementsByName("csrfmiddlewaretoken")) old.value = token;
    phones().forEach(dress);
    markPicked();
    tick();
  }

  async function refresh() {
    if (document.hidden) return;
    const turn = ++asked;
    try {
      const response = await fetch(PAGE, { headers: { Accept: "text/html" } });
      if (!response.ok) throw new Error(response.status);
      apply(await response.text(), turn);
      root.classList.remove("is-away");
    } catch {
      root.classList.add("is-away");
    }
  }

  async function keepFresh() {
    await refresh();
    setTimeout(keepFresh, root.classList.contains("is-away") ? WHEN_AWAY : EVERY);
  }

  /* Once while it is on its way. A phone's buttons share a form: who hangs up need not wait
     for the answer to having picked up. */
  async function submit(form, button) {
    const url = button?.getAttribute("formaction") || form.getAttribute("action");
    if (form.dataset.sending === url) return;
    const fields = new URLSearchParams(new FormData(form, button));
    form.dataset.sending = url;
    form.setAttribute("aria-busy", "true");
    let response;
    try {
      response = await fetch(url, { method: "POST", body: fields });
    } catch {
      root.classList.add("is-away");
      return;
    } finally {
      if (form.dataset.sending === url) {
        delete form.dataset.sending;
        form.removeAttribute("aria-busy");
      }
    }
    apply(await response.text(), ++asked, true);
    if (!response.redirected) return;
    const phone = form.closest(".phone");
    if (form.classList.contains("composer")) {
      if (form.elements.body.value === fields.get("body")) form.elements.body.value = "";
      show(phone, "thread", phone.querySelector("[data-open]").dataset.open);
    } else if (form.classList.contains("dialler")) {
      form.elements.to.value = "";
      show(phone, "calls");
    } else if (form.closest(".add-phone")) {
      form.reset();
      pick(new URL(response.url).hash.replace("#phone-", ""));
    }
  }

  function tick() {
    for (const time of root.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time.dataset.since)) / 1000));
      time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!root.contains(form)) return;
    event.preventDefault();
    submit(form, event.submitter);
  });

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-show], [data-open], [data-digit], [data-pick]");
    if (!target) return;
    const phone = target.closest(".phone");
    const { show: view, open: other, digit, pick: key } = target.dataset;
    if (view) {
      if (view === "compose") phone.querySelector("[id^=to-]").value = "";
      show(phone, view);
    } else if (other) {
      event.preventDefault();
      show(phone, "thread", other);
    } else if (digit) {
      phone.querySelector(".dialler [name=to]").value += digit;
    } else {
      event.preventDefault();
      pick(key);
      root.querySelector(`[data-key="${key}"]`).scrollIntoView({ block: NARROW.matches ? "end" : "nearest" });
    }
  });

  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && event.target.matches(".composer textarea")) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
  });

  document.addEventListener("visibilitychange", refresh);

  for (const part of document.querySelectorAll("[data-live]")) sent.set(part.id, part.innerHTML);
  document.body.classList.add("has-script");
  phones().forEach(dress);
  pick(location.hash.replace("#phone-", "") || phones()[0]?.dataset.key || "add");
  if (!root.querySelector(".is-picked")) pick(phones()[0]?.dataset.key || "add");
  tick();
  setInterval(tick, 1000);
  setTimeout(keepFresh, EVERY);
})();
