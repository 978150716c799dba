/** Shows the pages in this language: Django reads the cookie before it asks the browser. */
export function useLanguage(code) {
  const isUsed = document.cookie.split("; ").includes(`django_language=${code}`);
  // A cookie without effect: the project no longer has this language.
  if (isUsed || code === document.documentElement.lang) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `django_language=${code}; path=/; max-age=31536000; samesite=lax${secure}`;
  location.reload();
}

export default function language(select) {
  select.onchange = () => useLanguage(select.value);
}
