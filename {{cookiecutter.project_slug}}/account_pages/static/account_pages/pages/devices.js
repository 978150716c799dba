import { isPhone, nameDevice } from "../devices.js";
import { onClick } from "../forms.js";
import { fill, fillList } from "../slots.js";
import { formatAgo } from "../texts.js";

export default async function devices(section, app) {
  const list = section.querySelector("[data-list=sessions]");
  const [one, all] = ["#end-session", "#end-sessions"].map((id) => section.querySelector(id));
  const progress = section.querySelector("progress");
  let others = [];

  async function show() {
    const sessions = await app.client.request("GET", "/api/auth/sessions/");
    others = sessions.filter((each) => !each.current);
    fill(section, { has_others: others.length > 1 });
    fillList(list, sessions, toValues, (row, session) => {
      if (isPhone(session.user_agent)) useIcon(row, "phone");
      onClick(row.querySelector("button"), () => end([session]), { dialog: one });
    });
  }

  async function end(sessions) {
    progress.max = sessions.length;
    fill(section, { ending: sessions.length > 1 });
    try {
      for (const [index, { id }] of sessions.entries()) {
        progress.value = index;
        await app.client.request("DELETE", `/api/auth/sessions/${id}/`).catch((error) => {
          if (error.status !== 404) throw error; // It has ended meanwhile.
        });
      }
    } finally {
      fill(section, { ending: false });
      await show();
    }
  }

  onClick(section.querySelector("#end-others"), () => end(others), { dialog: all });
  await show();
}

function toValues({ user_agent, ip, last_used, current }) {
  const where = [ip, formatAgo(last_used)].filter(Boolean).join(" · ");
  return { name: nameDevice(user_agent), where, current, other: !current };
}

function useIcon(row, icon) {
  const use = row.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${icon}`));
}
