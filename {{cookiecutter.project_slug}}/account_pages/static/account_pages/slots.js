// Fills elements of the page. Only as text: nothing that a user wrote becomes HTML.
import { text } from "./texts.js";

/**
 * Fills each `[data-slot=NAME]` below `element`. A text is its content; true and false show and
 * hide it.
 */
export function fill(element, values) {
  for (const [name, value] of Object.entries(values)) {
    for (const slot of element.querySelectorAll(`[data-slot="${name}"]`)) {
      slot.removeAttribute("data-loading");
      if (typeof value === "boolean") slot.hidden = !value;
      else slot.textContent = value;
    }
  }
}

/** Makes a row of `list` for each item, from the list's `<template>`. */
export function fillList(list, items, toValues, prepare = () => {}) {
  list.querySelectorAll(":scope > :not(template)").forEach((row) => row.remove());
  addRows(list, items, toValues, prepare);
}

export function addRows(list, items, toValues, prepare = () => {}) {
  const template = list.querySelector("template");
  for (const item of items) {
    const row = template.content.firstElementChild.cloneNode(true);
    const values = toValues(item);
    fill(row, values);
    nameButtons(row, values);
    prepare(row, item);
    list.append(row);
  }
  const empty = list.parentElement.querySelector(".empty");
  if (empty) empty.hidden = list.children.length > 1;
}

/** Screen readers list the buttons without their rows: "Delete" is "Delete Phone" there. */
function nameButtons(row, { name }) {
  if (!name) return;
  for (const button of row.querySelectorAll("button")) {
    const action = button.ariaLabel ?? button.textContent.trim();
    button.ariaLabel = text("row-button", { action, name });
  }
}
