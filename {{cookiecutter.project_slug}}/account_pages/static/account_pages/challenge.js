// The second step of a sign-in: a code, a recovery code, or the set-up of a second factor.
import { onSubmit, sentence } from "./forms.js";
import { forgetSecrets, showRecoveryCodes, showSetUp } from "./second_factor.js";

/** Shows one `[data-step]` of the section. */
export function showStep(section, name) {
  for (const step of section.querySelectorAll("[data-step]")) step.hidden = step.dataset.step !== name;
  const shown = section.querySelector(`[data-step="${name}"]`);
  const target = shown.querySelector("input:not([readonly])") ?? shown.querySelector("h1");
  if (target?.matches("h1")) target.tabIndex = -1;
  target?.focus();
}

/** A module that gets a challenge from the API dispatches the event "challenge" here. */
export default function challengeSection(section, app) {
  section.addEventListener("challenge", ({ detail: challenge }) => {
    if (challenge.mfa_required) askForCode(section, app, challenge);
    else setUp(section, app, challenge).catch((error) => startAgain(section, app, error));
  });
  section.addEventListener("restart", () => showStep(section, "password"));
  // A dialog can be closed in the middle of a set-up.
  section.addEventListener("close", () => {
    app.stays = false;
    forgetSecrets(section);
  });
  section.addEventListener("click", ({ target }) => {
    const step = target.closest("[data-go]")?.dataset.go;
    if (step) showStep(section, step);
  });
}

function askForCode(section, app, challenge) {
  for (const form of section.querySelectorAll("form[data-answer]")) {
    form.reset();
    onSubmit(form, async ({ trust_device, ...fields }) => {
      const answer = trust_device ? { ...fields, trust_device: true } : fields;
      try {
        await app.client.answerChallenge(challenge, answer);
        section.dispatchEvent(new CustomEvent("done"));
      } catch (error) {
        if (error.code !== "invalid_challenge") throw error;
        showStep(section, "password");
        app.notify(error.detail);
      }
    });
  }
  showStep(section, "code");
}

function startAgain(section, app, error) {
  app.stays = false;
  showStep(section, "password");
  app.notify(sentence(error));
}

async function setUp(section, app, challenge) {
  // The recovery codes are shown before the page goes on.
  app.stays = true;
  showStep(section, "set-up");
  await showSetUp(section, app, challenge, {
    done(codes) {
      showStep(section, "codes");
      showRecoveryCodes(section, codes, app.proceed);
    },
    failed: (error) => startAgain(section, app, error),
  });
}
