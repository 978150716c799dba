import { isShown, sentence } from "../account_pages/forms.js";

// The server accepts a challenge for five minutes.
const RENEWED_AFTER_MS = 4 * 60_000;
// Timers stand still while a computer sleeps.
const CHECKED_EVERY_MS = 10_000;

/** The browser suggests passkeys in the field, from `start` until one is chosen or the page goes. */
export function suggestPasskeys(field, app) {
  let begun = Infinity;

  async function start({ isRenewal = false } = {}) {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    field.autocomplete = "username webauthn";
    begun = Date.now();
    try {
      await app.client.signInWithPasskey({ autofill: true });
    } catch (error) {
      // Replaced by the next start, or by another question for a passkey.
      if (error instanceof DOMException) return;
      // The next check starts again.
      begun = 0;
      // A renewal that fails is not worth a message. A passkey that is refused is.
      if (!isRenewal || error.status === 401) app.notify(sentence(error));
    }
  }

  function renew() {
    if (!field.isConnected) end();
    else if (isOld() && isShown(field) && !document.hidden) start({ isRenewal: true });
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
