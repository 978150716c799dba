import { onClick } from "../account_pages/forms.js";
import { hasPasskey, supportsPasskeys, withPasskey } from "./passkey_support.js";

export default async function passkeySignIn(section, app) {
  section.hidden = !supportsPasskeys();
  // Who signs in again is known, a guest is not.
  section.closest("dialog")?.addEventListener("ask", async () => {
    section.hidden = true;
    section.hidden = !(await hasPasskey(app));
  });
  onClick(section.querySelector("button"), async () => {
    await withPasskey(() => app.client.signInWithPasskey());
    section.dispatchEvent(new CustomEvent("done", { bubbles: true }));
  });
  const field = document.querySelector("#sign-in [type=email]");
  if (field) await suggest(field, app);
}

/** The browser suggests passkeys in the field, until one is chosen or the page changes. */
async function suggest(field, app) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  field.autocomplete = "username webauthn";
  await app.client.signInWithPasskey({ autofill: true }).catch((error) => {
    // Cancelled, or replaced by a press on the button.
    if (!(error instanceof DOMException)) throw error;
  });
}
