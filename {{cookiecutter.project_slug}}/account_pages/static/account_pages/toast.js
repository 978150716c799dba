// Says what has happened, without moving the focus: screen readers read it out.
const toast = document.getElementById("toast");
let forgetting;

export function notify(words) {
  // A modal dialog hides what is outside of it.
  (document.querySelector("dialog:modal") ?? document.body).append(toast);
  toast.textContent = words;
  clearTimeout(forgetting);
  forgetting = setTimeout(() => (toast.textContent = ""), 6_000);
}
