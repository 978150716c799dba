import { onSubmit } from "../forms.js";
import { useLanguage } from "../language.js";

export default async function profile(section, app) {
  const form = section.querySelector("form");
  const user = await app.user();
  for (const field of form.querySelectorAll("[name]")) {
    field.value = user[field.name];
    field.disabled = false;
  }
  onSubmit(form, async (fields) => {
    await app.client.request("PATCH", "/api/auth/user/", fields);
    const { language } = await app.user({ fresh: true });
    useLanguage(language);
  });
}
