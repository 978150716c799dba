/** The language of the pages: Django reads the cookie before it asks the browser. */
export function useLanguage(code) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `django_language=${code}; path=/; max-age=31536000; samesite=lax${secure}`;
  location.reload();
}

export default function language(select) {
  select.onchange = () => useLanguage(select.value);
}
