// The documentation follows the colours of the system, and sends the token of the last sign-in.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const followSystem = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
followSystem();
dark.addEventListener("change", followSystem);

// After drf-spectacular's script, which makes `ui`.
addEventListener("DOMContentLoaded", () => {
  const configs = ui.getConfigs();
  const intercept = configs.responseInterceptor;
  configs.responseInterceptor = (response, ...others) => {
    const path = new URL(response.url, location).pathname;
    const token = response.body?.access;
    if (response.ok && typeof token === "string") ui.preauthorizeApiKey("accessToken", token);
    if (response.ok && /\/logout(-all)?\/$/.test(path)) ui.authActions.logout(["accessToken"]);
    return intercept(response, ...others);
  };
});
