// Lists the requests to the API, in development. Without bodies: they have passwords and tokens.

export default function drawer(section, { client }) {
  const list = section.querySelector("ol");
  const summary = section.querySelector("summary");
  const title = summary.textContent;
  let page;
  let count = 0;

  function add(words, className) {
    list.append(Object.assign(document.createElement("li"), { textContent: words, className }));
  }

  client.addEventListener("request", ({ detail: { method, path, status, ms } }) => {
    if (page !== location.pathname) add((page = location.pathname), "page");
    add(`${status || "—"} ${method} ${path} ${ms} ms`, "");
    summary.textContent = `${title} (${++count})`;
  });
}
