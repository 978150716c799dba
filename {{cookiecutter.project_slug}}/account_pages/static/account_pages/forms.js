// Sends forms, and shows what takes long and what went wrong.
import { Unavailable } from "./client.js";
import { text } from "./texts.js";
import { notify } from "./toast.js";

/** The user closed a dialog, or was told already. */
export class Cancelled extends Error {}

/** Calls `send` with the fields of the form when it is submitted, then announces its `data-done`. */
export function onSubmit(form, send) {
  form.onsubmit = async (event) => {
    event.preventDefault();
    const button = event.submitter ?? form.querySelector("button:not([type=button])");
    clearErrors(form);
    try {
      await attend(button, form, async () => {
        await send(Object.fromEntries(new FormData(form)));
        clearPasswords(form);
      });
    } catch (error) {
      showError(form, error);
    }
  };
}

/**
 * Calls `act` when the button is pressed, and the `dialog` confirmed, then announces its `data-done`.
 * Errors appear as a toast.
 */
export function onClick(button, act, { dialog } = {}) {
  button.onclick = async () => {
    try {
      await attend(button, button, async () => {
        if (dialog) await ask(dialog);
        await act();
      });
    } catch (error) {
      notify(sentence(error));
    }
  };
}

/**
 * Opens a dialog whose form has a button with the value "yes". Rejects if it is cancelled. What was
 * typed does not stay in it.
 */
export function ask(dialog) {
  // Nothing goes on while the user is asked.
  const busy = [...document.querySelectorAll("button[aria-busy=true]")];
  for (const button of busy) button.ariaBusy = null;
  dialog.returnValue = "";
  dialog.showModal();
  dialog.querySelector("[data-focus]")?.focus();
  return new Promise((resolve, reject) => {
    dialog.onclose = () => {
      for (const button of busy) button.ariaBusy = "true";
      for (const form of dialog.querySelectorAll("form")) {
        form.reset();
        clearErrors(form);
        clearPasswords(form);
      }
      if (dialog.returnValue === "yes") resolve();
      else reject(new Cancelled());
    };
  });
}

/** A second press does nothing until the first is done. */
async function attend(button, element, act) {
  if (button.ariaBusy === "true") return;
  const place = element.closest("dialog, section, main");
  button.ariaBusy = "true";
  try {
    await act();
  } finally {
    button.ariaBusy = null;
    keepFocus(place, button);
  }
  if (element.dataset.done) notify(element.dataset.done);
}

/** If what had the focus has gone, the heading of its section has the focus. */
function keepFocus(place, button) {
  const { activeElement, body } = document;
  // Safari does not focus a button that is pressed.
  if (!isShown(activeElement === body ? button : activeElement)) focusHeading(place);
}

export function isShown(element) {
  // Safari has `checkVisibility` since 17.4.
  return element?.checkVisibility?.() ?? Boolean(element?.isConnected);
}

export function focusHeading(place) {
  const heading = place?.querySelector("h1, h2, h3");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
}

/** What to tell the user. The sentences of the API are translated. */
export function sentence(error) {
  if (error instanceof Cancelled) return "";
  if (error instanceof Unavailable) return text("unavailable");
  if (error.detail) return error.detail;
  console.error(error);
  return text("failed");
}

export function showError(form, error) {
  const others = [];
  for (const [name, sentences] of Object.entries(error.fields ?? {})) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement) showFieldError(field, sentences.join(" "));
    else others.push(...sentences);
  }
  const first = form.querySelector("[aria-invalid]");
  if (!first && !others.length) others.push(sentence(error));
  messageOf(form).textContent = others.join(" ");
  first?.focus();
}

function clearErrors(form) {
  messageOf(form).textContent = "";
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    document.getElementById(`${field.id}-error`).textContent = "";
  }
}

function clearPasswords(form) {
  for (const field of form.querySelectorAll(".secret > input")) {
    field.value = "";
    reveal(field, false);
  }
}

function showFieldError(field, words) {
  field.ariaInvalid = "true";
  const id = `${field.id}-error`;
  let place = document.getElementById(id);
  if (!place) {
    place = Object.assign(document.createElement("p"), { id, className: "error" });
    (field.closest(".secret") ?? field).after(place);
    const described = field.getAttribute("aria-describedby") ?? "";
    field.setAttribute("aria-describedby", `${described} ${id}`.trim());
  }
  place.textContent = words;
}

function messageOf(form) {
  const found = form.querySelector(".message");
  if (found) return found;
  const made = Object.assign(document.createElement("p"), { className: "message", role: "alert" });
  (form.querySelector(".actions") ?? form.querySelector(":scope > button")).before(made);
  return made;
}

/** Adds a button to each password field that shows what was typed. */
export function addReveals(page) {
  for (const field of page.querySelectorAll(".secret > input")) {
    const button = document.getElementById("reveal").content.firstElementChild.cloneNode(true);
    button.onclick = () => reveal(field, field.type === "password");
    field.after(button);
  }
}

function reveal(field, isRevealed) {
  field.type = isRevealed ? "text" : "password";
  field.nextElementSibling.ariaPressed = String(isRevealed);
}
