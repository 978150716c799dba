import { onClick } from "./forms.js";

export default function signOut(button, app) {
  onClick(button, () => app.client.signOut());
}
