import { onSubmit } from "../forms.js";
import { fill } from "../slots.js";
import { showStep } from "../challenge.js";

export default function forgottenPassword(section, app) {
  onSubmit(section.querySelector("form"), async ({ email }) => {
    await app.client.request("POST", "/api/auth/password/reset/", { email });
    fill(section, { email });
    showStep(section, "sent");
  });
}
