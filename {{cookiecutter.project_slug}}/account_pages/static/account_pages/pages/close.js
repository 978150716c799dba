import { confirmed } from "../confirmed.js";
import { onClick } from "../forms.js";
import { fill } from "../slots.js";
import { formatTime } from "../texts.js";

export default function closeAccount(section, app) {
  const close = async () => {
    // The page tells what happened, and does not go to the sign-in.
    app.stays = true;
    try {
      const result = await confirmed(app, (code) =>
        app.client.request("POST", "/api/auth/user/close/", code ? { code } : {}),
      );
      showClosed(section, result);
      // Every session has ended; this tells the other tabs.
      await app.client.signOut();
    } finally {
      app.stays = false;
    }
  };
  const dialog = section.querySelector("#close-dialog");
  onClick(section.querySelector("button"), app, close, { dialog });
}

function showClosed(section, { detail, closes_at }) {
  const content = section.querySelector("[data-closed]").content.cloneNode(true);
  fill(content, { detail, closes_at: formatTime(closes_at) });
  const page = document.getElementById("page");
  page.dataset.access = "guest";
  page.replaceChildren(content);
  page.querySelector("h1").focus();
}
