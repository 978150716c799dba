import { nameDevice } from "../devices.js";
import { onClick } from "../forms.js";
import { addRows, fillList } from "../slots.js";
import { formatAgo } from "../texts.js";

export function toEvent({ at, detail, ip, user_agent }) {
  const device = user_agent && nameDevice(user_agent);
  return { detail, at: formatAgo(at), where: [device, ip].filter(Boolean).join(" · ") };
}

export default async function history(section, app) {
  const list = section.querySelector("[data-list=events]");
  const more = section.querySelector("#more");
  let address = "/api/auth/user/history/";

  async function readPage(show) {
    const page = await app.client.request("GET", address);
    show(list, page.results, toEvent);
    more.hidden = !page.next;
    // The cursor is part of the address.
    if (page.next) address = new URL(page.next).pathname + new URL(page.next).search;
  }

  onClick(more, async () => {
    const before = list.children.length;
    await readPage(addRows);
    const first = list.children[before];
    if (!first) return;
    first.tabIndex = -1;
    first.focus();
  });
  await readPage(fillList);
}
