// What a front end does: starts at a provider, and completes with the code that comes back.
"use strict";

const result = document.getElementById("result");
const here = location.origin + location.pathname;
const social = new URL("..", here);

async function send(url, body, access = "") {
  const headers = { "Content-Type": "application/json", "X-Token-Transport": "cookie" };
  if (access) headers.Authorization = `Bearer ${access}`;
  const method = body ? "POST" : "GET";
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.code || JSON.stringify(answer));
  return answer;
}

async function start(provider) {
  const answer = await send(new URL(`${provider}/start/`, social), { next: here });
  location.assign(answer.authorization_url);
}

async function complete(code) {
  const answer = await send(new URL("complete/", social), { code });
  if (!answer.access) return JSON.stringify(answer);
  const user = await send(new URL("../user/", social), null, answer.access);
  return `Signed in as ${user.email}.`;
}

async function report(action) {
  try {
    result.textContent = (await action()) || "";
  } catch (error) {
    result.textContent = `Refused: ${error.message}`;
  }
}

for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => report(() => start(button.dataset.provider)));
}

const query = new URLSearchParams(location.search);
history.replaceState(null, "", location.pathname);
if (query.has("error")) result.textContent = `Refused: ${query.get("error")}`;
if (query.has("code")) report(() => complete(query.get("code")));
