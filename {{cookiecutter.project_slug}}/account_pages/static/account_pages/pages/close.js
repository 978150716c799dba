import { confirmed } from "../confirmed.js";
import { onClick } from "../forms.js";
import { fill } from "../slots.js";
import { formatTime } from "../texts.js";

export default function closeAccount(section, app) {
  const close = async () => {
    const result = await confirmed(app, (code) =>
      app.client.request("POST", "/api/auth/user/close/", code ? { code } : {}),
    );
    showClosed(section, result);
    // Every session has ended; this tells the other tabs.
    await app.client.signOut();
  };
  const dialog = section.querySelector("#close-dialog");
  onClick(section.querySelector("button"), close, { dialog });
}

function showClosed(section, { detail, closes_at }) {
  const content = section.querySelector("[data-closed]").content.cloneNode(true);
  fill(content, { detail, closes_at: formatTime(closes_at) });
  const page = document.getElementById("page");
  // A page for guests: it stays when the user is signed out.
  page.dataset.access = "guest";
  page.replaceChildren(content);
  page.querySelector("h1").focus();
}
