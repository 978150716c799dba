// The set-up of an authenticator app, and recovery codes: at the sign-in, and in the account.
import { focusHeading, onClick, onSubmit } from "./forms.js";
import { fill } from "./slots.js";

const MFA = "/api/auth/mfa/";

/** Shows the QR code in `place`, and calls `done` with the recovery codes. */
export async function showSetUp(place, app, challenge, done) {
  const { secret, qr_code } = await app.client.request("POST", `${MFA}setup/`, { ...challenge });
  place.querySelector(".qr").src = `data:image/svg+xml,${encodeURIComponent(qr_code)}`;
  fill(place, { secret: secret.match(/.{1,4}/g).join(" ") });
  const form = place.querySelector("form[data-activate]");
  form.reset();
  onSubmit(form, async ({ code }) => {
    const body = { ...challenge, code };
    const { recovery_codes } = await app.client.request("POST", `${MFA}activate/`, body);
    done(recovery_codes);
  });
}

/** The only time that they are shown. */
export function showRecoveryCodes(place, codes) {
  const list = place.querySelector(".codes");
  list.replaceChildren(
    ...codes.map((code) => Object.assign(document.createElement("li"), { textContent: code })),
  );
  const lines = `${codes.join("\n")}\n`;
  onClick(place.querySelector("[data-copy]"), () => navigator.clipboard.writeText(lines));
  const download = place.querySelector("[data-download]");
  download.onclick = () => save(lines, "recovery-codes.txt", "text/plain");
  if (codes.length) focusHeading(list.parentElement);
}

/** Lets the browser save a file. */
export function save(content, name, type) {
  const href = URL.createObjectURL(new Blob([content], { type }));
  Object.assign(document.createElement("a"), { href, download: name }).click();
  URL.revokeObjectURL(href);
}
