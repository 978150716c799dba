// A client that is made from the description. `tsc --strict` compiles it; nothing runs it.
import createClient from "openapi-fetch";

import type { components, paths } from "./api";

type Schemas = components["schemas"];
type FieldErrors = Record<string, string[]>;

const api = createClient<paths>({ baseUrl: "https://api.example.com", credentials: "include" });

export function sentences(error: Schemas["ValidationError"]): FieldErrors {
  const { codes, ...fields } = error as Schemas["ValidationError"] & Record<string, unknown>;
  return fields as FieldErrors;
}

export async function signIn(email: string, password: string): Promise<string> {
  const { data, error } = await api.POST("/api/auth/login/", { body: { email, password } });
  if (error) {
    if ("codes" in error) return error.codes["email"]?.includes("invalid") ? "address" : "input";
    const code: Schemas["ErrorCode"] = error.code;
    return code === "incorrect_credentials" ? error.detail : code;
  }
  if ("mfa_required" in data) {
    const always: true = data.mfa_required;
    return always && data.challenge_id;
  }
  return "mfa_setup_required" in data ? data.setup_challenge_id : data.access;
}

/** Every operation may report one. */
export type Outage = paths["/api/auth/user/"]["get"]["responses"]["default"];
export const outage: Outage = {
  headers: { "Retry-After": 5 },
  content: { "application/json": { detail: "Try again later.", code: "unavailable" } },
};

export async function setNewPassword(password: string, csrfToken: string) {
  return api.POST("/api/auth/password/reset/set-new/", {
    params: { header: { "X-CSRFToken": csrfToken } },
    body: { new_password1: password, new_password2: password },
  });
}

export async function profile(): Promise<string> {
  const { data } = await api.GET("/api/auth/user/");
  if (!data) return "";
  const role: "USER" | "STAFF" | "ADMIN" = data.role;
  return `${data.id} ${data.first_name} ${role} ${data.mfa_enabled} ${data.date_joined}`;
}

export async function rename(first_name: string) {
  return api.PATCH("/api/auth/user/", { body: { first_name } });
}
