// A passkey as the second factor: it answers a challenge, or is set up because one is required.
import { showStep } from "../account_pages/challenge.js";
import { onClick } from "../account_pages/forms.js";
import { hasPasskey, supportsPasskeys, withPasskey } from "./passkey_support.js";
import { forgetSecrets, showRecoveryCodes } from "../account_pages/second_factor.js";

export default function passkeyChallenge(section, app) {
  const steps = section.closest("[data-step]").parentElement;
  if (!supportsPasskeys()) return;
  steps.addEventListener("challenge", async ({ detail: challenge }) => {
    onClick(section.querySelector("button"), () =>
      withPasskey(() => (challenge.mfa_required ? answer : setUp)(steps, app, challenge)),
    );
    // Who signs in again is known, a guest is not.
    const isKnown = challenge.mfa_required && app.client.userId;
    section.hidden = isKnown ? !(await hasPasskey(app)) : false;
  });
}

async function answer(steps, app, challenge) {
  const trust = steps.querySelector("[name=trust_device]");
  const trust_device = Boolean(trust?.checked);
  await app.client.answerChallengeWithPasskey(challenge, { trust_device });
  steps.dispatchEvent(new CustomEvent("done"));
}

async function setUp(steps, app, challenge) {
  const { recovery_codes } = await app.client.addPasskey(undefined, challenge);
  showStep(steps, "codes");
  forgetSecrets(steps);
  showRecoveryCodes(steps, recovery_codes, app.proceed);
}
