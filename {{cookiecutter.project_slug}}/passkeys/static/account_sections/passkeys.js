import { confirmed } from "../account_pages/confirmed.js";
import { ask, onClick, onSubmit } from "../account_pages/forms.js";
import { supportsPasskeys, withPasskey } from "./passkey_support.js";
import { showRecoveryCodes } from "../account_pages/second_factor.js";
import { fill, fillList } from "../account_pages/slots.js";
import { formatAgo, text } from "../account_pages/texts.js";

const PATH = "/api/auth/passkeys/";

export default async function passkeys(section, app) {
  const list = section.querySelector("[data-list]");

  const dialog = section.querySelector("#delete-passkey");

  async function show() {
    fillList(list, await app.client.request("GET", PATH), toValues, (row, passkey) => {
      onClick(row.querySelector("[data-rename]"), app, () => rename(passkey));
      onClick(row.querySelector("[data-delete]"), app, () => remove(passkey), { dialog });
    });
  }

  async function add() {
    const added = await confirmed(app, () => withPasskey(() => app.client.addPasskey()));
    fill(section, { codes: added.recovery_codes.length > 0 });
    showRecoveryCodes(section, added.recovery_codes);
    await show();
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

  async function remove({ id }) {
    await confirmed(app, () => app.client.request("DELETE", `${PATH}${id}/`));
    await show();
  }

  const button = section.querySelector("#add-passkey");
  button.hidden = !supportsPasskeys();
  onClick(button, app, add);
  await show();
}

function toValues({ name, last_used }) {
  const used = last_used
    ? text("passkey-used", { when: formatAgo(last_used) })
    : text("passkey-unused");
  return { name, used };
}
