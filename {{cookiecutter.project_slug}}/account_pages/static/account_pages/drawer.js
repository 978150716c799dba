// Lists the requests to the API, in development. Without bodies: they have passwords and tokens.

export default function drawer(section, { client }) {
  const list = section.querySelector("ol");
  const summary = section.querySelector("summary");
  const title = summary.textContent;
  client.addEventListener("request", ({ detail: { method, path, status, ms } }) => {
    const line = document.createElement("li");
    line.textContent = `${status || "—"} ${method} ${path} ${ms} ms`;
    list.append(line);
    summary.textContent = `${title} (${list.children.length})`;
  });
}
