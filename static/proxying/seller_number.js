// Asks for the part of the page that changes until the number is there.
const EVERY_MS = 2000;
const state = document.getElementById("state");

async function renew() {
  try {
    const answer = await fetch(state.dataset.url, { credentials: "same-origin" });
    if (answer.redirected) {
      // Logged out meanwhile: the page itself knows where to go.
      location.reload();
      return;
    }
    if (answer.ok) {
      const html = await answer.text();
      const waiting = html.includes("data-waiting");
      // While nothing changed the page stays still, for eyes and for screen readers.
      if (!waiting) {
        state.innerHTML = html;
        return;
      }
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // offline for a moment
  }
  setTimeout(renew, EVERY_MS);
}

setTimeout(renew, EVERY_MS);
