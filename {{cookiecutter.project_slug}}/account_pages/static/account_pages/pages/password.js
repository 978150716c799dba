import { confirmed } from "../confirmed.js";
import { onSubmit } from "../forms.js";
import { fill } from "../slots.js";

export default async function password(section, app) {
  const form = section.querySelector("form");
  const old = form.elements.old_password;

  async function show(options) {
    const { email, has_password } = await app.user(options);
    form.elements.username.value = email;
    fill(section, { changes: has_password, sets: !has_password });
    if (!old) return;
    fill(section, { old: has_password });
    old.disabled = !has_password;
  }

  onSubmit(form, async ({ username, new_password1, ...others }) => {
    // One field: it can show what was typed.
    const body = { new_password1, new_password2: new_password1, ...others };
    const action = (await app.user()).has_password ? "change" : "set";
    const send = () => app.client.request("POST", `/api/auth/password/${action}/`, body);
    const { detail } = await confirmed(app, send);
    form.reset();
    await show({ fresh: true });
    app.notify(detail);
  });
  await show();
}
