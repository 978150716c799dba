// What the compiler has to accept and to refuse; nothing runs it.
import { ApiError, Client, Unavailable, type Challenge, type SignedIn } from "./client.js";

const client = new Client({ baseUrl: "https://api.example.com" });

export async function requests(id: string): Promise<void> {
  const sessions = await client.request("GET", "/api/auth/sessions/");
  sessions.map(({ ip, current }) => [ip?.trim(), current === true]);
  const history = await client.request("GET", `/api/auth/user/history/?cursor=${id}`);
  history.results.map(({ event }) => event.length);
  const gone: undefined = await client.request("DELETE", `/api/auth/sessions/${id}/`);
  const profile = await client.request("PATCH", "/api/auth/user/", { first_name: "Ada" });
  const role: "USER" | "STAFF" | "ADMIN" = profile.role;
  const exported = client.request("GET", "/api/auth/user/export/", undefined, {
    "X-Second-Factor-Code": "123456",
  });
  await client.request("POST", "/api/auth/password/reset/", { email: "ada@example.com" });
  console.log(gone, role, await exported);
}

export async function refused(id: string): Promise<void> {
  // @ts-expect-error: there is no such path
  await client.request("GET", "/api/auth/nowhere/");
  // @ts-expect-error: the path has no such method
  await client.request("POST", "/api/auth/user/", {});
  // @ts-expect-error: the body is missing
  await client.request("POST", "/api/auth/login/");
  // @ts-expect-error: the body is incomplete
  await client.request("POST", "/api/auth/login/", { email: "ada@example.com" });
  // @ts-expect-error: the path of an id ends with a slash
  await client.request("DELETE", `/api/auth/sessions/${id}`);
  // @ts-expect-error: there is no such field
  (await client.request("GET", "/api/auth/user/")).password;
}

export async function signIn(email: string, password: string): Promise<SignedIn | Challenge> {
  try {
    const result = await client.signIn(email, password);
    if ("mfa_setup_required" in result) {
      const { qr_code } = await client.request("POST", "/api/auth/mfa/setup/", { ...result });
      console.log(qr_code);
      const body = { ...result, code: "123456" };
      console.log((await client.request("POST", "/api/auth/mfa/activate/", body)).recovery_codes);
      return { access: "" };
    }
    return "mfa_required" in result
      ? await client.answerChallenge(result, { code: "123456", trust_device: true })
      : result;
  } catch (error) {
    if (error instanceof ApiError) console.log(error.fields["email"]?.[0], error.retryAfter);
    if (error instanceof Unavailable) console.log(error.retryAfter);
    throw error;
  }
}
