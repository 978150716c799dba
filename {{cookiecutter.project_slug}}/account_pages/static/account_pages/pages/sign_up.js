import { onClick, onSubmit } from "../forms.js";
import { fill } from "../slots.js";
import { showStep } from "../challenge.js";

export default function signUp(section, app) {
  onSubmit(section.querySelector("#sign-up"), async (fields) => {
    // The page has one field: it can show what was typed.
    const body = { ...fields, password2: fields.password1 };
    const result = await app.client.request("POST", "/api/auth/registration/", body);
    if (result.detail) showSent(section, app, fields.email);
    else if (!result.access) {
      section.parentElement.dispatchEvent(new CustomEvent("challenge", { detail: result }));
    }
  });
}

function showSent(section, app, email) {
  const steps = section.parentElement;
  fill(steps, { email });
  showStep(steps, "sent");
  const resend = steps.querySelector("#resend");
  onClick(resend, async () => {
    const { detail } = await app.client.request("POST", "/api/auth/registration/resend/", { email });
    app.notify(detail);
  });
}
