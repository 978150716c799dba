import { text } from "../account_pages/texts.js";

export function supportsPasskeys() {
  return Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
}

/** Whether the browser knows passkeys, and the user who is signed in has one. */
export async function hasPasskey({ client }) {
  if (!supportsPasskeys()) return false;
  const found = await client.request("GET", "/api/auth/passkeys/").catch(() => []);
  return found.length > 0;
}

/** Sends what a passkey signs to `path`, which has the options below it. */
export async function showPasskey(client, path) {
  const { options } = await client.request("POST", `${path}options/`);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await navigator.credentials.get({ publicKey });
  return client.request("POST", path, { credential: credential.toJSON() });
}

/** Calls `ceremony`; the browser's own errors become a sentence. */
export async function withPasskey(ceremony) {
  try {
    return await ceremony();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw Object.assign(new Error(error.name), { detail: text("passkey-failed") });
  }
}
