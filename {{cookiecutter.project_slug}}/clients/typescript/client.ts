/** The client of the API for front ends and apps. Copy it: docs/clients.md describes it. */
import type {
  Address, Answer, Challenge, Input, Method, Output, SetupChallenge, SignedIn, TokenStorage,
} from "./types.js";
export type * from "./types.js";

const AUTH = "/api/auth/";
const TIMEOUT_MS = 8_000; // The server repeats its answer to a refresh for ten seconds.
const NOBODY = { access: null, refresh: undefined };
const STALE = ["token_not_valid", "not_authenticated"];

/** The server has refused the request. `fields` and `codes` are those of invalid input. */
export class ApiError extends Error {
  readonly detail = this.message;
  readonly code: string;
  readonly fields: Record<string, string[]>;
  readonly codes: Record<string, string[]>;

  constructor(readonly status: number, body: any, readonly retryAfter?: number) {
    const { codes = {}, ...rest } = body ?? { code: "error" };
    const { detail, code = "invalid", ...others } = body?.codes ? {} : rest;
    const fields = body?.codes ? rest : others; // With `codes`, a `code` is a field.
    super(detail ?? Object.values(fields).flat()[0] ?? `The status is ${status}.`);
    [this.code, this.fields, this.codes] = [code, fields, codes];
  }
}

/** There is no response, or the server is unavailable. This is no reason to sign the user out. */
export class Unavailable extends Error {
  constructor(readonly retryAfter?: number, cause?: unknown) {
    super("The server is unavailable.", { cause });
  }
}

/** Events: `signedin` and `signedout` (detail: userId, elsewhere), and `request`. */
export class Client extends EventTarget {
  readonly #baseUrl: string;
  readonly #name: string;
  readonly #storage: TokenStorage | undefined;
  readonly #channel: BroadcastChannel | undefined;
  #access: string | null = null;
  #staleAt = Infinity;
  #userId: string | null | undefined;
  #refreshing: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #pause: { until: number; error?: unknown } = { until: 0 };

  /** Tokens are in cookies; with a storage, they are in the bodies of requests and responses. */
  constructor({ baseUrl = "", storage }: { baseUrl?: string; storage?: TokenStorage } = {}) {
    super();
    [this.#baseUrl, this.#storage, this.#name] = [baseUrl, storage, `auth ${baseUrl}`];
    if (globalThis.document) this.#channel = new BroadcastChannel(this.#name);
    this.#channel?.addEventListener("message", ({ data }) => this.#become(data, true));
  }

  /** Null if nobody is signed in, undefined before `start`. */
  get userId(): string | null | undefined {
    return this.#userId;
  }

  /** Restores the session after a page has loaded. Resolves to false if nobody is signed in. */
  start(): Promise<boolean> {
    return this.#refresh(this.#access).then(() => this.#access !== null);
  }

  /** Sends a request with the access token, and refreshes the token when it has expired. */
  async request<M extends Method, A extends Address<M>>(
    method: M, path: A, ...input: Input<M, A>
  ): Promise<Output<M, A>> {
    const exchange = (): Promise<any> => this.#exchange(method, path, ...(input as [unknown?]));
    // A sign-in waits for a running refresh, whose cookie would replace the new one.
    const isAlone = method !== "GET" && path.startsWith(AUTH);
    const send = () => (isAlone ? this.#alone(exchange) : exchange());
    if (Date.now() > this.#staleAt) await this.#refresh(this.#access);
    const used = this.#access;
    try {
      return await send();
    } catch (error: any) {
      if (!STALE.includes(error.code) || this.#userId === null) throw error;
      if (this.#access === used) await this.#refresh(used);
      if (this.#access === null) throw error;
      return send();
    }
  }

  async signIn(email: string, password: string): Promise<SignedIn | Challenge | SetupChallenge> {
    return this.request("POST", `${AUTH}login/`, { email, password });
  }

  /** Completes a sign-in with a code of the authenticator app, or with a recovery code. */
  async answerChallenge({ challenge_id }: Challenge, answer: Answer): Promise<SignedIn> {
    return "code" in answer
      ? this.request("POST", `${AUTH}mfa/verify/`, { challenge_id, ...answer })
      : this.request("POST", `${AUTH}mfa/verify-recovery/`, { challenge_id, ...answer });
  }

  async signOut({ everywhere = false } = {}): Promise<void> {
    const path = everywhere ? `${AUTH}logout-all/` as const : `${AUTH}logout/` as const;
    await this.request("POST", path).catch((error) => {
      if (![400, 401].includes(error.status)) throw error; // It has ended before.
    });
    await this.#keep(NOBODY);
  }

  // feature: passkeys
  #ceremony: AbortController | undefined;

  /** With `autofill`, waits until the user chooses a passkey in a field of the page. */
  async signInWithPasskey({ autofill = false } = {}): Promise<SignedIn> {
    const { challenge_id, options } = await this.request("POST", `${AUTH}passkeys/login/options/`);
    const credential = await this.#ask("get", options, autofill);
    return this.request("POST", `${AUTH}passkeys/login/`, { challenge_id, credential });
  }

  async answerChallengeWithPasskey({ challenge_id }: Challenge, { trust_device = false } = {}) {
    const path = `${AUTH}mfa/verify-passkey/` as const;
    const { options } = await this.request("POST", `${path}options/`, { challenge_id });
    const credential = await this.#ask("get", options);
    return this.request("POST", path, { challenge_id, credential, trust_device });
  }

  /** Adds a passkey to the account. With a challenge, the user is then signed in. */
  async addPasskey(name?: string, challenge?: SetupChallenge) {
    const asked = await this.request("POST", `${AUTH}passkeys/options/`, { ...challenge });
    const credential = await this.#ask("create", asked.options);
    const body = { ...challenge, challenge_id: asked.challenge_id, credential };
    return this.request("POST", `${AUTH}passkeys/`, name ? { ...body, name } : body);
  }

  async #ask(action: "create" | "get", options: any, autofill = false): Promise<any> {
    // A page can ask once at a time, and autofill waits.
    this.#ceremony?.abort();
    const { signal } = (this.#ceremony = new AbortController());
    const kind = action === "create" ? "Creation" : "Request";
    const publicKey = PublicKeyCredential[`parse${kind}OptionsFromJSON`](options);
    const asked: any = { publicKey, signal, ...(autofill && { mediation: "conditional" }) };
    return ((await navigator.credentials[action](asked)) as PublicKeyCredential).toJSON();
  }

  // end feature
  // feature: social_login
  /** Returns the provider's address. For a user who is signed in, it connects an account. */
  async startProvider(id: string, body: { next?: string; code_challenge?: string } = {}) {
    return (await this.request("POST", `${AUTH}social/${id}/start/`, body)).authorization_url;
  }

  /** Takes the `code` that the provider's answer has added to the address of `next`. */
  completeProvider(code: string, code_verifier = "") {
    return this.request("POST", `${AUTH}social/complete/`, { code, code_verifier });
  }

  // end feature
  /** One refresh for all requests and tabs. Only the server's refusal ends the session. */
  #refresh(used: string | null): Promise<void> {
    return (this.#refreshing ??= this.#alone((waited) => this.#renew(used, waited))
      .finally(() => { this.#refreshing = undefined; }));
  }

  async #renew(used: string | null, waited: boolean): Promise<void> {
    // The token of another tab may arrive after its lock.
    if (waited && this.#access === used) await new Promise((resume) => setTimeout(resume, 100));
    if (this.#access !== used) return;
    if (Date.now() < this.#pause.until) throw this.#pause.error;
    const exchange = () => this.#exchange("POST", `${AUTH}refresh/`);
    try {
      await exchange().catch((error) => {
        if (!(error instanceof Unavailable) || error.retryAfter) throw error;
        return exchange(); // The server repeats a lost response.
      });
    } catch (error: any) {
      if (error.status === 401) return this.#keep(NOBODY, true);
      this.#pause = { until: Date.now() + (error.retryAfter ?? 0) * 1_000, error };
      throw error;
    }
  }

  /** Without locks (an insecure origin, an app, a server), the leeway permits two refreshes. */
  async #alone<T>(work: (waited: boolean) => Promise<T>): Promise<T> {
    const locks = this.#channel && navigator.locks, next = () => work(false);
    if (!locks) return (this.#last = this.#last.then(next, next)) as Promise<T>;
    let ran: Promise<T> | undefined;
    await locks.request(this.#name, { ifAvailable: true }, (lock) => lock && (ran = next()));
    return ran ?? locks.request(this.#name, () => work(true));
  }

  async #exchange(method: string, path: string, body?: unknown, more?: object): Promise<unknown> {
    const isAuth = path.startsWith(AUTH), inBody = this.#storage !== undefined;
    const kept = isAuth ? await this.#kept() : {};
    if (inBody && /auth\/(refresh|logout)\/$/.test(path)) body = { refresh: kept.refresh ?? "" };
    const csrf = globalThis.document?.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
    const headers = {
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(this.#access && { Authorization: `Bearer ${this.#access}` }),
      ...(isAuth && { "X-Token-Transport": inBody ? "body" : "cookie" }),
      ...(isAuth && !inBody && csrf && { "X-CSRFToken": csrf }),
      ...(kept.device && { "X-Known-Device": kept.device }),
      ...(kept.trusted && { "X-Trusted-Device": kept.trusted }),
      ...more,
    };
    const credentials = inBody ? "omit" : "include", content = JSON.stringify(body);
    const data = await this.#fetch(method, path, { headers, credentials, body: content });
    if (isAuth && method === "POST") await this.#keep(data);
    return data;
  }

  async #fetch(method: string, path: string, init: RequestInit): Promise<any> {
    const begun = Date.now(), aborting = new AbortController();
    const isLimited = method !== "GET" && path.startsWith(AUTH);
    const timer = isLimited ? setTimeout(() => aborting.abort(), TIMEOUT_MS) : undefined;
    let response: Response | undefined, data: unknown;
    try {
      response = await fetch(this.#baseUrl + path, { method, signal: aborting.signal, ...init });
      if (response.headers.get("Content-Type")?.includes("json")) data = await response.json();
    } catch (error) {
      throw new Unavailable(undefined, error);
    } finally {
      clearTimeout(timer);
      const { status = 0 } = response ?? {}, ms = Date.now() - begun;
      const detail = { method, path: path.split("?")[0], status, ms };
      this.dispatchEvent(Object.assign(new Event("request"), { detail }));
    }
    if (response.ok) return data;
    const { status, headers } = response, wait = Number(headers.get("Retry-After")) || undefined;
    throw status >= 502 && status <= 504 ? new Unavailable(wait) : new ApiError(status, data, wait);
  }

  async #kept(): Promise<Record<string, string>> {
    const text = (await this.#storage?.get()) ?? "{}";
    try { return JSON.parse(text) ?? {}; } catch { return {}; } // A damaged value counts as empty.
  }

  async #keep(data: object | undefined, elsewhere = false): Promise<void> {
    const { access, refresh, device, trusted }: any = { ...(await this.#kept()), ...data };
    await this.#storage?.set(JSON.stringify({ refresh, device, trusted }));
    if (access === undefined) return;
    this.#channel?.postMessage(access);
    this.#become(access, elsewhere);
  }

  #become(access: string | null, elsewhere: boolean): void {
    const before = this.#userId;
    const claims = access?.split(".")[1]?.replace(/-/g, "+").replace(/_/g, "/");
    const { sub = null, iat = 0, exp = Infinity } = claims ? JSON.parse(atob(claims)) : {};
    [this.#access, this.#userId] = [access, sub];
    this.#staleAt = Date.now() + (exp - iat) * 900; // a little before it expires
    if (sub === before) return;
    const detail = { userId: sub, elsewhere: elsewhere && before !== undefined };
    this.dispatchEvent(Object.assign(new Event(sub ? "signedin" : "signedout"), { detail }));
  }
}
