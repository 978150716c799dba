// The set-up of an authenticator app, and recovery codes: at the sign-in, and in the account.
import { Cancelled, focusHeading, onClick, onSubmit } from "./forms.js";
import { fill } from "./slots.js";

const MFA = "/api/auth/mfa/";
const IS_OVER = [
  "invalid_challenge",
  "mfa_already_active",
  "mfa_setup_not_started",
  "reauthentication_required",
  "token_not_valid",
];

/**
 * Shows the QR code in `place`. Calls `done` with the recovery codes, or `failed` with the error
 * after which no code activates this secret any more.
 */
export async function showSetUp(place, app, challenge, { done, failed }) {
  const { secret, qr_code } = await app.client.request("POST", `${MFA}setup/`, { ...challenge });
  place.querySelector(".qr").src = `data:image/svg+xml,${encodeURIComponent(qr_code)}`;
  fill(place, { secret: secret.match(/.{1,4}/g).join(" ") });
  const form = place.querySelector("form[data-activate]");
  form.reset();
  onSubmit(form, async ({ code }) => {
    const body = { ...challenge, code };
    let activated;
    try {
      activated = await app.client.request("POST", `${MFA}activate/`, body);
    } catch (error) {
      if (!IS_OVER.includes(error.code)) throw error;
      forgetSecrets(place);
      await failed(error);
      throw new Cancelled();
    }
    forgetSecrets(place);
    await done(activated.recovery_codes);
  });
}

/** Removes the secret of an app and recovery codes from the page. */
export function forgetSecrets(place) {
  fill(place, { secret: "" });
  place.querySelector(".qr")?.removeAttribute("src");
  for (const list of place.querySelectorAll(".codes")) list.replaceChildren();
}

/** The only time that they are shown. Calls `done` when the user has saved them. */
export function showRecoveryCodes(place, codes, done) {
  const list = place.querySelector(".codes");
  list.replaceChildren(
    ...codes.map((code) => Object.assign(document.createElement("li"), { textContent: code })),
  );
  const lines = () => [...list.children].map((each) => `${each.textContent}\n`).join("");
  onClick(place.querySelector("[data-copy]"), () => navigator.clipboard.writeText(lines()));
  const download = place.querySelector("[data-download]");
  download.onclick = () => save(lines(), "recovery-codes.txt", "text/plain");
  onClick(place.querySelector("[data-continue]"), () => {
    forgetSecrets(place);
    done();
  });
  if (codes.length) focusHeading(list.parentElement);
}

/**
 * Each section that shows second factors tells the others when it has changed one, and whether
 * codes that another section shows have ended.
 */
export function tellFactors(section, { codesEnded = false } = {}) {
  const detail = { section, codesEnded };
  section.closest("main").dispatchEvent(new CustomEvent("factors", { detail }));
}

/** Calls `show` when another section has changed a factor, after `hideCodes` if they have ended. */
export function onFactors(section, show, hideCodes) {
  section.closest("main").addEventListener("factors", ({ detail }) => {
    if (detail.section === section) return;
    if (detail.codesEnded) hideCodes();
    show();
  });
}

/** Lets the browser save a file. */
export function save(content, name, type) {
  const href = URL.createObjectURL(new Blob([content], { type }));
  Object.assign(document.createElement("a"), { href, download: name }).click();
  URL.revokeObjectURL(href);
}
