import { onSubmit } from "../forms.js";

export default function signIn(section, app) {
  onSubmit(section.querySelector("#sign-in"), async ({ email, password }) => {
    const result = await app.client.signIn(email, password);
    if (!result.access) section.parentElement.dispatchEvent(new CustomEvent("challenge", { detail: result }));
  });
}
