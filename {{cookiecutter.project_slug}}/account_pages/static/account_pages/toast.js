// Says what has happened, without moving the focus: screen readers read it out.
const toast = document.getElementById("toast");
let forgetting;

export function notify(words) {
  // A modal dialog hides what is outside of it.
  const place = document.querySelector("dialog:modal") ?? document.body;
  // Screen readers may not read a region that has just been moved.
  if (toast.parentElement !== place) place.append(toast);
  toast.textContent = words;
  clearTimeout(forgetting);
  forgetting = setTimeout(() => (toast.textContent = ""), 6_000);
}
