import { confirmed } from "../account_pages/confirmed.js";
import { ask, onClick, onSubmit } from "../account_pages/forms.js";
import { fill, fillList } from "../account_pages/slots.js";
import { formatAgo, formatDate, text } from "../account_pages/texts.js";

const PATH = "/api/auth/tokens/";

export default async function apiTokens(section, app) {
  const find = (selector) => section.querySelector(selector);
  const { prefix } = section.dataset;

  async function show() {
    const found = await app.client.request("GET", PATH);
    fillList(find("[data-list]"), found, (token) => toValues(prefix, token), (row, { id }) => {
      const dialog = find("#delete-token");
      onClick(row.querySelector("button"), () => remove(id), { dialog });
    });
  }

  async function create() {
    const dialog = find("#create-token");
    const form = dialog.querySelector("form");
    let token;
    onSubmit(form, async (fields) => {
      const body = { ...fields, scopes: new FormData(form).getAll("scopes") };
      ({ token } = await confirmed(app, (code) =>
        app.client.request("POST", PATH, code ? { ...body, code } : body),
      ));
      dialog.close("yes");
    });
    await ask(dialog);
    showToken(section, token);
    await show();
  }

  async function remove(id) {
    await app.client.request("DELETE", `${PATH}${id}/`);
    if (find("#new-token").value.startsWith(prefix + id)) forgetToken(section);
    await show();
  }

  onClick(find("#add-token"), create);
  onClick(find("#copy-token"), () => navigator.clipboard.writeText(find("#new-token").value));
  onClick(find("#forget-token"), () => forgetToken(section));
  const { role } = await app.user();
  const choices = offer(section, role);
  fill(section, { may_create: choices > 0, no_scopes: choices === 0 });
  await show();
}

/** Leaves the scopes that the role allows. Returns how many these are. */
function offer(section, role) {
  const choices = [...section.querySelectorAll("[data-roles]")];
  const others = choices.filter((each) => !each.dataset.roles.split(" ").includes(role));
  others.forEach((each) => each.remove());
  return choices.length - others.length;
}

/** The only time that it is shown. */
function showToken(section, token) {
  const field = section.querySelector("#new-token");
  field.value = token;
  fill(section, { created: true });
  field.focus();
  field.select();
}

function forgetToken(section) {
  section.querySelector("#new-token").value = "";
  fill(section, { created: false });
}

function toValues(prefix, { id, name, scopes, expires, last_used }) {
  const end = formatDate(expires);
  const times = last_used
    ? text("token-used", { end, when: formatAgo(last_used) })
    : text("token-unused", { end });
  return { name, start: `${prefix}${id}…`, scopes: scopes.join(", "), times };
}
