import { sentence } from "../account_pages/forms.js";

// The server accepts a challenge for five minutes.
const RENEWED_AFTER_MS = 4 * 60_000;
// Timers stand still while a computer sleeps.
const CHECKED_EVERY_MS = 10_000;

/** The browser suggests passkeys in the field, from `start` until one is chosen or the page goes. */
export function suggestPasskeys(field, app) {
  let begun = Infinity;

  async function start() {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    field.autocomplete = "username webauthn";
    begun = Date.now();
    try {
      await app.client.signInWithPasskey({ autofill: true });
    } catch (error) {
      // Replaced by the next start, or by another question for a passkey.
      if (!(error instanceof DOMException)) app.notify(sentence(error));
    }
  }

  function renew() {
    if (!field.isConnected) end();
    else if (isOld() && field.checkVisibility() && !document.hidden) start();
  }

  function end() {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", renew);
  }

  const isOld = () => Date.now() - begun > RENEWED_AFTER_MS;
  const timer = setInterval(renew, CHECKED_EVERY_MS);
  document.addEventListener("visibilitychange", renew);
  return { start, stop: () => (begun = Infinity) };
}
