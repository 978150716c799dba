import { onClick } from "../account_pages/forms.js";
import { suggestPasskeys } from "./passkey_suggestions.js";
import { hasPasskey, supportsPasskeys, withPasskey } from "./passkey_support.js";

export default async function passkeySignIn(section, app) {
  section.hidden = !supportsPasskeys();
  if (section.hidden) return;
  // Who signs in again is known, a guest is not.
  section.closest("dialog")?.addEventListener("ask", async () => {
    section.hidden = true;
    section.hidden = !(await hasPasskey(app));
  });
  const field = document.querySelector("#sign-in [type=email]");
  const suggestions = field && suggestPasskeys(field, app);
  onClick(section.querySelector("button"), async () => {
    suggestions?.stop();
    try {
      await withPasskey(() => app.client.signInWithPasskey());
    } catch (error) {
      suggestions?.start();
      throw error;
    }
    section.dispatchEvent(new CustomEvent("done", { bubbles: true }));
  });
  await suggestions?.start();
}
