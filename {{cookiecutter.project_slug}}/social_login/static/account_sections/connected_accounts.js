import { confirmed } from "../account_pages/confirmed.js";
import { onClick } from "../account_pages/forms.js";
import { start } from "./providers.js";
import { fillList } from "../account_pages/slots.js";

const PATH = "/api/auth/social/accounts/";

export default async function connectedAccounts(section, app) {
  const [connected, free] = ["connected", "free"].map((name) =>
    section.querySelector(`[data-list=${name}]`),
  );
  const dialog = section.querySelector("#disconnect");
  const providers = await app.client.request("GET", "/api/auth/social/providers/");

  async function show() {
    const accounts = await app.client.request("GET", PATH);
    const names = accounts.map(({ provider }) => provider);
    const others = providers.filter(({ id }) => !names.includes(id));
    section.hidden = !accounts.length && !others.length;
    fillList(connected, accounts, ({ name, email }) => ({ name, email }), (row, account) => {
      showLogo(row, account.provider);
      onClick(row.querySelector("button"), () => disconnect(account), { dialog });
    });
    fillList(free, others, ({ name }) => ({ name }), (row, { id }) => {
      showLogo(row, id);
      onClick(row.querySelector("button"), () =>
        confirmed(app, () => start(id, app, location.pathname)),
      );
    });
  }

  async function disconnect({ id }) {
    await confirmed(app, () => app.client.request("DELETE", `${PATH}${id}/`));
    await show();
  }

  await show();
}

function showLogo(row, provider) {
  const use = row.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${provider}`));
}
