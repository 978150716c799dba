// Buttons that sign in with a provider, and the end of such a sign-in (docs/social-login.md).
import { onClick, sentence } from "../account_pages/forms.js";
import { text } from "../account_pages/texts.js";

export default async function providers(section, app) {
  for (const button of section.querySelectorAll("[data-provider]")) {
    onClick(button, () => start(button.dataset.provider, app));
  }
  await comeBack(section, app);
}

/** Leaves for the provider, which sends the user back to the sign-in page. */
export async function start(id, app, wanted = new URLSearchParams(location.search).get("next")) {
  const next = new URL(document.body.dataset.signIn, location.href);
  if (wanted) next.searchParams.set("next", wanted);
  location.assign(await app.client.startProvider(id, { next: next.href }));
}

async function comeBack(section, app) {
  const query = new URLSearchParams(location.search);
  const { code, error } = Object.fromEntries(query);
  if (!code && !error) return;
  query.delete("code");
  query.delete("error");
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  if (error) {
    const known = document.getElementById(`text-${error}`);
    app.notify(known ? text(error) : text("failed"));
    if (app.client.userId) app.proceed();
    return;
  }
  const result = await app.client.completeProvider(code).catch((problem) => {
    app.notify(sentence(problem));
    return {};
  });
  const isChallenge = "mfa_required" in result || "mfa_setup_required" in result;
  if (isChallenge) {
    const steps = section.closest("[data-step]").parentElement;
    steps.dispatchEvent(new CustomEvent("challenge", { detail: result }));
  } else if (!result.access && app.client.userId) {
    app.proceed();
  }
}
