import { confirmed } from "../account_pages/confirmed.js";
import { ask, onClick, onSubmit } from "../account_pages/forms.js";
import { showPasskey, supportsPasskeys, withPasskey } from "./passkey_support.js";
import {
  forgetSecrets,
  onFactors,
  showRecoveryCodes,
  tellFactors,
} from "../account_pages/second_factor.js";
import { fill, fillList } from "../account_pages/slots.js";
import { formatAgo, text } from "../account_pages/texts.js";

const PATH = "/api/auth/passkeys/";

export default async function passkeys(section, app) {
  const list = section.querySelector("[data-list]");

  const dialog = section.querySelector("#delete-passkey");

  async function show() {
    const found = await app.client.request("GET", PATH);
    fill(section, { can_renew: found.length > 0 });
    fillList(list, found, toValues, (row, passkey) => {
      onClick(row.querySelector("[data-rename]"), () => rename(passkey));
      onClick(row.querySelector("[data-delete]"), () => remove(passkey), { dialog });
    });
  }

  async function add() {
    const added = await confirmed(app, () => withPasskey(() => app.client.addPasskey()));
    showCodes(section, added);
    tellFactors(section);
    await show();
  }

  async function renew() {
    const path = "/api/auth/mfa/recovery-codes/passkey/";
    showCodes(section, await withPasskey(() => showPasskey(app.client, path)));
    tellFactors(section, { codesEnded: true });
  }

  async function rename({ id, name }) {
    const renaming = section.querySelector("#rename-passkey");
    const form = renaming.querySelector("form");
    form.elements.name.value = name;
    onSubmit(form, async (fields) => {
      await confirmed(app, () => app.client.request("PATCH", `${PATH}${id}/`, fields));
      renaming.close("yes");
    });
    await ask(renaming);
    await show();
  }

  function hideCodes() {
    fill(section, { codes: false });
    forgetSecrets(section);
  }

  async function remove({ id }) {
    await confirmed(app, () => app.client.request("DELETE", `${PATH}${id}/`));
    // They may have ended with it.
    hideCodes();
    tellFactors(section);
    await show();
  }

  const button = section.querySelector("#add-passkey");
  button.hidden = !supportsPasskeys();
  onClick(button, add);
  const renewing = section.querySelector("#renew-with-passkey");
  if (renewing) onClick(renewing, renew);
  onFactors(section, show, hideCodes);
  await show();
}

function showCodes(section, { recovery_codes }) {
  fill(section, { codes: recovery_codes.length > 0 });
  showRecoveryCodes(section, recovery_codes, () => fill(section, { codes: false }));
}

function toValues({ name, last_used }) {
  const used = last_used
    ? text("passkey-used", { when: formatAgo(last_used) })
    : text("passkey-unused");
  return { name, used };
}
