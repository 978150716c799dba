import { fill, fillList } from "../slots.js";
import { toEvent } from "./history.js";

export default async function overview(section, app) {
  const list = section.querySelector("[data-list=events]");
  const read = (path) => app.client.request("GET", `/api/auth/${path}/`);
  await Promise.all([
    app.user().then((user) => fill(section, describe(user))),
    read("sessions").then(({ length }) => fill(section, { devices: String(length) })),
    read("user/history").then(({ results }) => fillList(list, results.slice(0, 5), toEvent)),
  ]);
}

function describe(user) {
  const names = [user.first_name, user.last_name].filter(Boolean);
  return {
    email: user.email,
    initials: (names.length ? names : [user.email]).map((name) => name[0]).join("").toUpperCase(),
    verified: user.email_verified,
    unverified: !user.email_verified,
    protected: user.mfa_enabled,
    unprotected: !user.mfa_enabled,
  };
}
