// Asks the browser for a passkey, and submits its signature as a form of Django admin.
const form = document.getElementById("passkey-form");
const error = form.querySelector("[role=alert]");

async function askForPasskey() {
  const response = await fetch(form.dataset.options, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: "{}",
  });
  const { challenge_id, options } = await response.json();
  const credential = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
  });
  form.elements.challenge_id.value = challenge_id;
  form.elements.credential.value = JSON.stringify(credential);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.hidden = true;
  try {
    await askForPasskey();
    form.submit(); // sends no "submit" event
  } catch {
    error.hidden = false; // cancelled, no passkey, or the server refused
  }
});

form.hidden = !window.PublicKeyCredential?.parseRequestOptionsFromJSON;
