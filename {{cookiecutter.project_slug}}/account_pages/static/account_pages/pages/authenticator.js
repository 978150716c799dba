import { askForCode, confirmed } from "../confirmed.js";
import { ask, onClick, onSubmit, sentence } from "../forms.js";
import {
  forgetSecrets,
  onFactors,
  showRecoveryCodes,
  showSetUp,
  tellFactors,
} from "../second_factor.js";
import { fill } from "../slots.js";

export default async function authenticator(section, app) {
  const [place, codes] = ["#set-up-place", "#codes-place"].map((id) => section.querySelector(id));

  async function showCodes(recovery_codes, { codesEnded = false } = {}) {
    tellFactors(section, { codesEnded });
    place.hidden = true;
    codes.hidden = !recovery_codes.length;
    showRecoveryCodes(codes, recovery_codes, () => (codes.hidden = true));
    await show(section, app);
  }

  function hideCodes() {
    codes.hidden = true;
    forgetSecrets(codes);
  }

  function cancel() {
    place.hidden = true;
    forgetSecrets(place);
    fill(section, { off: true });
    setUp.focus();
  }

  async function fail(error) {
    place.hidden = true;
    app.notify(sentence(error));
    // An app may have been activated in another tab.
    await show(section, app);
  }

  const setUp = section.querySelector("#set-up");
  onClick(setUp, async () => {
    const ends = { done: showCodes, failed: fail };
    await confirmed(app, () => showSetUp(place, app, undefined, ends));
    fill(section, { off: false });
    place.hidden = false;
    place.querySelector("[name=code]").focus();
  });
  onClick(place.querySelector("[data-cancel]"), cancel);
  onClick(section.querySelector("#renew"), () => renew(app, showCodes));
  onFactors(section, () => show(section, app), hideCodes);
  turnOff(section, app, async () => {
    hideCodes();
    tellFactors(section, { codesEnded: true });
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
    off_all: found.length === 0,
    has_codes: Boolean(codes),
    can_renew: has("totp"),
    codes_left: String(codes?.recovery_codes_left ?? ""),
  });
}

/** Only a code of the app renews them: a thief with one recovery code could replace all others. */
async function renew(app, done) {
  await confirmed(app, async () => {
    const code = await askForCode({ takesRecoveryCodes: false });
    const path = "/api/auth/mfa/recovery-codes/";
    const { recovery_codes } = await app.client.request("POST", path, { code });
    await done(recovery_codes, { codesEnded: true });
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
    dialog.close("yes");
  });
  dialog.querySelector("#set-password-first").onclick = () => {
    dialog.close();
    document.getElementById("new_password1").focus();
  };
  onClick(button, async () => {
    const { has_password } = await app.user();
    fill(dialog, { with_password: has_password, without_password: !has_password });
    form.elements.password.disabled = !has_password;
    await ask(dialog);
    await done();
  });
}
