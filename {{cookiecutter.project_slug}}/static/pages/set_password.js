// Sends the new password to the API. What people read stands in the page, set_password.html.
"use strict";

const form = document.querySelector("form");
const button = form.querySelector("button:not([type])");
const field = form.elements.new_password1;
const show = form.querySelector(".secret button");
const message = document.getElementById("message");

function text(name) {
  return document.getElementById(`text-${name}`).textContent;
}

function setBusy(busy) {
  button.disabled = busy;
  button.setAttribute("aria-busy", String(busy));
  message.className = busy ? "" : "error";
  message.textContent = busy ? text("sending") : "";
}

function setErrors(sentences = []) {
  field.setAttribute("aria-invalid", String(sentences.length > 0));
  document.getElementById(`${field.id}-error`).textContent = sentences.join(" ");
}

/** Returns the errors that the page can detect without the API, in the API's format, or null. */
function check() {
  return field.value ? null : { new_password1: [text("empty")] };
}

/** Returns null once the password is set, otherwise errors in the shape of the API's. */
async function send() {
  const response = await fetch(form.action, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
    },
    // One field: it can show what was typed.
    body: JSON.stringify({ new_password1: field.value, new_password2: field.value }),
  }).catch(() => null);
  if (response?.ok) return null;
  if (response?.status === 400) return response.json().catch(() => ({}));
  return { non_field_errors: [refusal(response)] };
}

function refusal(response) {
  if (response === null) return text("offline");
  if (response.status === 429) return throttled(response.headers.get("Retry-After"));
  return text({ 401: "link", 403: "cookies" }[response.status] ?? "failed");
}

function throttled(seconds) {
  const minutes = Math.ceil(seconds / 60) || 1;
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang);
  return text("throttled").replace("{when}", format.format(minutes, "minute"));
}

function showErrors(errors) {
  setErrors(errors.new_password1);
  const wrong = form.querySelector('[aria-invalid="true"]');
  const others = errors.non_field_errors ?? (wrong ? [] : [text("failed")]);
  message.textContent = others.join(" ");
  (wrong ?? button).focus();
}

function showSuccess() {
  const main = document.querySelector("main");
  const done = document.getElementById("done");
  document.title = done.dataset.title;
  main.replaceChildren(done.content);
  main.querySelector("h1").focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  setErrors();
  setBusy(true);
  const errors = check() ?? (await send());
  if (errors) {
    setBusy(false);
    showErrors(errors);
  } else if (form.dataset.next) {
    location.replace(form.dataset.next); // so that "back" skips a form whose link was already used
  } else {
    showSuccess();
  }
});

field.addEventListener("input", () => setErrors());

show.addEventListener("click", () => {
  const shown = field.type === "password";
  field.type = shown ? "text" : "password";
  show.setAttribute("aria-pressed", String(shown));
});
setBusy(false);
