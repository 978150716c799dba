// Opens a page: restores the session, then calls the module of each section (`data-module`).
import { Client } from "./client.js";
import { addReveals, sentence } from "./forms.js";
import { useLanguage } from "./language.js";
import { startNavigation } from "./navigation.js";
import { notify } from "./toast.js";

const client = new Client();
const opened = new WeakSet();
let early;
let started;
let isReady = false;
let profile;
let followed;

/** What the module of a section gets, beside the section. */
const app = {
  client,
  go: startNavigation(open),
  notify,
  proceed,
  /** A guest page stays although somebody signs in, until `proceed()` or another page. */
  stays: false,
  /** The profile of the user, which each page reads once; again with `fresh`. */
  user({ fresh = false } = {}) {
    if (fresh || !profile) {
      profile = client.request("GET", "/api/auth/user/");
      profile.catch(() => (profile = undefined));
    }
    return profile;
  },
};

async function open() {
  const page = document.getElementById("page");
  page.ariaBusy = "true";
  app.stays = false;
  profile = undefined;
  addReveals(document);
  page.querySelector("main [data-focus]")?.focus();
  page.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  try {
    // What watches the client opens first.
    started ??= openSections("[data-first]").then(() => client.start());
    await started;
    isReady = true;
    followUser();
    if (!redirect(page)) await openSections();
  } catch (error) {
    started = undefined;
    showProblem(page, error);
  }
  page.removeAttribute("aria-busy");
  if (early?.isConnected && early.onsubmit) early.requestSubmit();
  early = undefined;
}

async function openSections(kind = "") {
  const found = document.querySelectorAll(`[data-module]${kind}`);
  const sections = [...found].filter((each) => !opened.has(each));
  const modules = await Promise.all(sections.map((each) => import(each.dataset.module)));
  for (const [index, section] of sections.entries()) {
    opened.add(section);
    // One that fails does not stop the others.
    Promise.resolve(modules[index].default(section, app)).catch((error) => {
      notify(sentence(error));
    });
  }
}

/** The pages of a user are in the language of the profile, in every browser. */
function followUser() {
  if (client.userId === followed) return;
  followed = client.userId;
  // The sections tell errors.
  if (followed) app.user().then(({ language }) => useLanguage(language), () => {});
}

/** Guests have to sign in, and who is signed in needs no page for guests. */
function redirect(page) {
  const query = new URLSearchParams(location.search);
  // Back from a provider.
  const isCompleting = query.has("code") || query.has("error");
  if (page.dataset.access === "account" && !client.userId) return goToSignIn();
  if (page.dataset.access === "guest" && client.userId && !isCompleting) return proceed();
  return false;
}

function goToSignIn() {
  const query = new URLSearchParams({ next: location.pathname + location.search });
  app.go(`${document.body.dataset.signIn}?${query}`, { replace: true });
  return true;
}

/** Goes on to the page that the user wanted, on this site only. */
function proceed() {
  app.stays = false;
  const { account, signIn } = document.body.dataset;
  const next = new URLSearchParams(location.search).get("next") ?? account;
  const wanted = new URL(URL.canParse(next, location.href) ? next : account, location.href);
  const isSafe = wanted.origin === location.origin && wanted.pathname !== signIn;
  app.go(isSafe ? wanted : account, { replace: true });
  return true;
}

function showProblem(page, error) {
  const problem = document.getElementById("problem").content.cloneNode(true);
  problem.querySelector("p").textContent = sentence(error);
  problem.querySelector("a").href = location.href;
  page.querySelector("main").replaceChildren(problem);
}

const isGuestPage = () => document.getElementById("page").dataset.access === "guest";

// Here or in another tab. The first one is that of `start`.
client.addEventListener("signedin", () => {
  if (!isReady || app.stays) return;
  profile = undefined;
  if (isGuestPage()) proceed();
  else location.reload(); // it shows another account
});

client.addEventListener("signedout", () => {
  profile = undefined;
  if (isReady && !isGuestPage() && !app.stays) goToSignIn();
});

// A form that is sent before its section has opened waits for it.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method !== "post" || form.onsubmit || !document.getElementById("page").ariaBusy) return;
    event.preventDefault();
    early = form;
  },
  true,
);

document.addEventListener("click", ({ target }) => {
  target.closest("button[data-close]")?.closest("dialog").close();
});
await open();
