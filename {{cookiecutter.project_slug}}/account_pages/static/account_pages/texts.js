// What people read stands in the templates, where it is translated.

const language = document.documentElement.lang;

/** The text of `<template id="text-NAME">`, with `values` in the place of its {names}. */
export function text(name, values = {}) {
  const sentence = document.getElementById(`text-${name}`).content.textContent.trim();
  return sentence.replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

export function formatDate(iso) {
  return new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(iso));
}

export function formatTime(iso) {
  const style = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, style).format(new Date(iso));
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "5 minutes ago"; the date, if it is more than a week ago. */
export function formatAgo(iso) {
  const seconds = (Date.now() - new Date(iso)) / 1000;
  if (seconds > 7 * 86_400) return formatDate(iso);
  const [unit, length] = UNITS.find(([, least]) => seconds >= least) ?? ["second", 60];
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  return format.format(-Math.floor(seconds / length), unit);
}
