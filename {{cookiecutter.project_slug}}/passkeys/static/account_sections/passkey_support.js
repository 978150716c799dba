import { text } from "../account_pages/texts.js";

export function supportsPasskeys() {
  return Boolean(window.PublicKeyCredential?.parseRequestOptionsFromJSON);
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
