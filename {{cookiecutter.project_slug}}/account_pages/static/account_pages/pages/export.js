import { confirmed } from "../confirmed.js";
import { onClick } from "../forms.js";
import { save } from "../second_factor.js";

export default function exportData(section, app) {
  onClick(section.querySelector("button"), () =>
    confirmed(app, async (code) => {
      const headers = code ? { "X-Second-Factor-Code": code } : {};
      const data = await app.client.request("GET", "/api/auth/user/export/", undefined, headers);
      save(JSON.stringify(data, null, 2), "account.json", "application/json");
    }),
  );
}
