// Signing in again, where the API requires a recent sign-in or the second factor.
import { ask, onSubmit } from "./forms.js";
import { fill } from "./slots.js";

/**
 * Calls `act(code)`. Where the API requires a recent sign-in, or a code of the second factor,
 * asks for it and calls `act` again.
 */
export async function confirmed(app, act) {
  for (let code = ""; ; ) {
    try {
      return await act(code);
    } catch (error) {
      if (error.code === "reauthentication_required") await signInAgain(app);
      else if (error.code === "second_factor_required") code = await askForFactor();
      else throw error;
    }
  }
}

async function signInAgain(app) {
  const dialog = document.getElementById("sign-in-again");
  const { email, has_password } = await app.user();
  const form = dialog.querySelector("form");
  form.elements.email.value = email;
  fill(dialog, { password: has_password });
  form.elements.password.disabled = !has_password;
  dialog.dispatchEvent(new CustomEvent("restart"));
  dialog.dispatchEvent(new Event("ask"));
  dialog.querySelector("[data-elsewhere]").onclick = () => app.client.signOut();
  onSubmit(form, async ({ password }) => {
    const result = await app.client.signIn(email, password);
    if (result.access) dialog.close("yes");
    else dialog.dispatchEvent(new CustomEvent("challenge", { detail: result }));
  });
  // With a code, or with another way in.
  dialog.addEventListener("done", () => dialog.close("yes"), { once: true });
  await ask(dialog);
}

/** Returns a code, or "" if the user has shown another second factor: sections offer it at "ask". */
function askForFactor() {
  document.getElementById("second-factor").dispatchEvent(new Event("ask"));
  return askForCode({ takesRecoveryCodes: true });
}

export async function askForCode({ takesRecoveryCodes }) {
  const dialog = document.getElementById("second-factor");
  fill(dialog, { app_code: !takesRecoveryCodes, any_code: takesRecoveryCodes });
  const form = dialog.querySelector("form");
  let code = "";
  onSubmit(form, async (fields) => {
    code = fields.code;
    dialog.close("yes");
  });
  await ask(dialog);
  return code;
}
