import { confirmed } from "../confirmed.js";
import { onClick, onSubmit } from "../forms.js";
import { fill } from "../slots.js";

export default async function email(section, app) {
  const form = section.querySelector("form");

  async function change(address) {
    await app.client.request("PATCH", "/api/auth/user/", { email: address });
    show(section, await app.user({ fresh: true }));
  }

  onSubmit(form, async (fields) => {
    await confirmed(app, () => change(fields.email));
    form.reset();
    // The present address only withdraws a change.
    if ((await app.user()).pending_email) app.notify(form.dataset.sent);
  });
  onClick(section.querySelector("#withdraw"), async () => {
    // The API withdraws the new address when it gets the present one.
    await change((await app.user()).email);
  });
  show(section, await app.user());
}

function show(section, user) {
  fill(section, {
    email: user.email,
    verified: user.email_verified,
    unverified: !user.email_verified,
    pending: Boolean(user.pending_email),
    pending_email: user.pending_email ?? "",
  });
}
