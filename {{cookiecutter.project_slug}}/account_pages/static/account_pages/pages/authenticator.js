import { confirmed } from "../confirmed.js";
import { onClick, onSubmit } from "../forms.js";
import { showRecoveryCodes, showSetUp } from "../second_factor.js";
import { fill } from "../slots.js";

export default async function authenticator(section, app) {
  const [place, codes] = ["#set-up-place", "#codes-place"].map((id) => section.querySelector(id));

  async function showCodes(recovery_codes) {
    place.hidden = true;
    codes.hidden = !recovery_codes.length;
    showRecoveryCodes(codes, recovery_codes);
    await show(section, app);
  }

  onClick(section.querySelector("#set-up"), async () => {
    await confirmed(app, () => showSetUp(place, app, undefined, showCodes));
    fill(section, { off: false });
    place.hidden = false;
    place.querySelector("[name=code]").focus();
  });
  onClick(section.querySelector("#renew"), () => renew(app, showCodes));
  turnOff(section, app, async () => {
    codes.hidden = true;
    await show(section, app);
  });
  await show(section, app);
}

async function show(section, app) {
  const found = await app.client.request("GET", "/api/auth/mfa/authenticators/");
  const has = (type) => found.some((each) => each.type === type);
  const codes = found.find((each) => each.type === "recovery_codes");
  fill(section, {
    on: has("totp"),
    off: !has("totp"),
    on_any: found.length > 0,
    has_codes: Boolean(codes),
    can_renew: has("totp"),
    codes_left: String(codes?.recovery_codes_left ?? ""),
  });
}

/** Only a code of the app renews them: a thief with one recovery code could replace all others. */
async function renew(app, done) {
  await confirmed(app, async (code) => {
    if (!code) throw Object.assign(new Error(), { code: "second_factor_required" });
    const path = "/api/auth/mfa/recovery-codes/";
    const { recovery_codes } = await app.client.request("POST", path, { code });
    await done(recovery_codes);
  });
}

function turnOff(section, app, done) {
  const button = section.querySelector("#turn-off");
  if (!button) return;
  const dialog = section.querySelector("#turn-off-dialog");
  const form = dialog.querySelector("form");
  onSubmit(form, async ({ password }) => {
    await confirmed(app, () =>
      app.client.request("POST", "/api/auth/mfa/deactivate/", { password }),
    );
    form.reset();
    dialog.close("yes");
  });
  onClick(button, done, { dialog });
}
