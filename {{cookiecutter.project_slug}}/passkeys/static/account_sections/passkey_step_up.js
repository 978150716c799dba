// A passkey in place of a code, where the API requires the second factor.
import { onClick } from "../account_pages/forms.js";
import { hasPasskey, showPasskey, withPasskey } from "./passkey_support.js";

export default function passkeyStepUp(section, app) {
  const dialog = section.closest("dialog");
  dialog.addEventListener("ask", async () => {
    const isOffered = await hasPasskey(app);
    // It may be closed by now.
    section.hidden = !(isOffered && dialog.open);
  });
  dialog.addEventListener("close", () => (section.hidden = true));
  onClick(section.querySelector("button"), async () => {
    await withPasskey(() => showPasskey(app.client, "/api/auth/passkeys/step-up/"));
    dialog.close("yes");
  });
}
