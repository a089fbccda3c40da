// Makes searching quicker; without it the same form and links work by themselves.

const search = document.getElementById("search");
const filters = document.getElementById("filters");
const roomy = window.matchMedia("(min-width: 60rem)");

// Beside the results the filters are always open; above them they wait to be asked for.
function arrange() {
  filters.open = roomy.matches;
}
roomy.addEventListener("change", arrange);
arrange();

// A choice shows its results at once. What is still being typed waits for Enter.
document.addEventListener("change", ({ target }) => {
  if (target.form === search && target.name !== "q") search.requestSubmit();
});

// Whoever does not see the results change hears how many there are.
document.addEventListener("htmx:afterSettle", () => {
  document.getElementById("heard").textContent = document.getElementById("count").textContent.trim();
});

// Places as they are typed; the newest answer wins.
let asking = new AbortController();
document.addEventListener("input", async ({ target }) => {
  if (!target.dataset.places) return;
  asking.abort();
  asking = new AbortController();
  try {
    const address = `${target.dataset.places}?${new URLSearchParams({ q: target.value })}`;
    const answer = await fetch(address, { signal: asking.signal });
    if (answer.ok) target.list.innerHTML = await answer.text();
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
});
