// Follows links without loading the page, so that the access token in memory stays.
// Without this module, links work as well: the next page then refreshes the session.

/**
 * Calls `open` after each change of the page.
 *
 * @returns a function that goes to an address.
 */
export function startNavigation(open) {
  const isOurs = (url) =>
    url.origin === location.origin && url.pathname.startsWith(document.body.dataset.account);

  async function load(url) {
    const response = await fetch(url, { headers: { Accept: "text/html" } }).catch(() => null);
    if (!response?.ok || response.redirected) return location.assign(url);
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    // The user has gone on to another page meanwhile.
    if (location.href !== String(url)) return;
    show(next);
    await open();
  }

  async function go(address, { replace = false } = {}) {
    const url = new URL(address, location.href);
    if (!isOurs(url)) return location.assign(url);
    history[replace ? "replaceState" : "pushState"](null, "", url);
    await load(url);
  }

  addEventListener("popstate", () => load(location.href));
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const isPlain = !(event.button || event.ctrlKey || event.metaKey || event.shiftKey);
    if (!link || !isPlain || event.defaultPrevented || link.target || !isOurs(link)) return;
    event.preventDefault();
    go(link.href);
  });
  return go;
}

/** Replaces the whole page, or only its main part if the rest is the same. */
function show(next) {
  document.title = next.title;
  const [from, to] = [document, next].map((each) => each.getElementById("page"));
  if (from.dataset.access === to.dataset.access) {
    const current = to.querySelector("[aria-current]")?.getAttribute("href");
    for (const link of from.querySelectorAll("nav a")) {
      if (link.getAttribute("href") === current) link.ariaCurrent = "page";
      else link.removeAttribute("aria-current");
    }
    from.querySelector("main").replaceWith(to.querySelector("main"));
  } else {
    from.replaceWith(to);
  }
  scrollTo(0, 0);
  const heading = document.querySelector("main h1");
  heading.tabIndex = -1;
  heading.focus();
}
