import { nameDevice } from "../devices.js";
import { onClick } from "../forms.js";
import { fillList } from "../slots.js";
import { formatDate, text } from "../texts.js";

const PATH = "/api/auth/mfa/trusted-devices/";

export default async function trustedDevices(section, app) {
  const list = section.querySelector("[data-list]");

  async function show() {
    fillList(list, await app.client.request("GET", PATH), toValues, (row, { id }) => {
      onClick(row.querySelector("button"), async () => {
        await app.client.request("DELETE", `${PATH}${id}/`);
        await show();
      });
    });
  }

  await show();
}

function toValues({ user_agent, expires, current }) {
  const until = text("until", { date: formatDate(expires) });
  return { name: nameDevice(user_agent), until, current };
}
