// The compiled client against a server of a few lines: `node --test`. CLIENT is the file's URL.
import assert from "node:assert/strict";
import { test } from "node:test";

const { ApiError, Client, Unavailable } = await import(process.env.CLIENT);

const USER = "/api/auth/user/";
const REFRESH = "POST /api/auth/refresh/";
let number = 0;
let sent = [];

function token(sub = "ada", seconds = 300) {
  const claims = JSON.stringify({ sub, iat: 1_000, exp: 1_000 + seconds, jti: number++ });
  return `e30.${Buffer.from(claims).toString("base64url")}.signature`;
}

/** `answer` returns the status, the body and headers of a response. */
function serve(answer) {
  sent = [];
  globalThis.fetch = async (path, init) => {
    const request = { ...init, path, key: `${init.method} ${path}` };
    request.json = init.body && JSON.parse(init.body);
    sent.push(request);
    await new Promise(setImmediate);
    const [status, body, headers] = await answer(request);
    const type = body === undefined ? {} : { "Content-Type": "application/json" };
    return new Response(body && JSON.stringify(body), { status, headers: { ...type, ...headers } });
  };
}

/** Accepts one access token, and rotates it. */
function serveOne(server = { access: token() }) {
  serve(({ key, headers }) => {
    if (key === REFRESH) return [200, { access: (server.access = token()) }];
    const isGood = headers.Authorization === `Bearer ${server.access}`;
    return isGood ? [200, { email: "ada@example.com" }] : [401, { code: "token_not_valid", detail: "" }];
  });
  return server;
}

const count = (key) => sent.filter((request) => request.key === key).length;
const outage = [503, { code: "unavailable", detail: "" }, { "Retry-After": "5" }];
const refused = [401, { code: "token_not_valid", detail: "It is not valid." }];
const inMemory = (kept = null) => ({ get: async () => kept, set: async (value) => { kept = value; } });

async function signedIn(options) {
  serve(() => [200, { access: token(), refresh: "r1", device: "d" }]);
  const client = new Client(options);
  await client.signIn("ada@example.com", "secret");
  return client;
}

let heard = [];
function listen(client) {
  heard = [];
  for (const name of ["signedin", "signedout"])
    client.addEventListener(name, ({ detail }) => heard.push([name, detail]));
  return client;
}

test("a session is restored by one refresh", async () => {
  serveOne();
  const client = listen(new Client());
  assert.equal(client.userId, undefined);

  assert.equal(await client.start(), true);

  assert.equal(client.userId, "ada");
  assert.deepEqual(sent.map(({ key }) => key), [REFRESH]);
  assert.deepEqual(heard, [["signedin", { userId: "ada", elsewhere: false }]]);
});

test("a refused refresh is a sign-out, and an unavailable server is none", async () => {
  const client = listen(await signedIn());
  serve(({ key }) => (key === REFRESH ? outage : refused));
  await assert.rejects(client.request("GET", USER), Unavailable);
  assert.equal(client.userId, "ada");
  assert.deepEqual(heard, []);

  serve(() => refused);
  const other = listen(await signedIn());
  serve(() => refused);
  await assert.rejects(other.request("GET", USER), { status: 401, code: "token_not_valid" });
  assert.deepEqual(heard, [["signedout", { userId: null, elsewhere: true }]]);
});

test("nobody is asked again before Retry-After", async ({ mock }) => {
  mock.timers.enable({ apis: ["Date"] });
  for (const [status, error] of [[503, Unavailable], [429, ApiError]]) {
    serve(() => [status, { code: "throttled", detail: "" }, { "Retry-After": "5" }]);
    const client = new Client();
    await assert.rejects(client.start(), (thrown) => thrown instanceof error && thrown.retryAfter === 5);
    await assert.rejects(client.start(), error);
    assert.equal(sent.length, 1);

    mock.timers.tick(5_001);
    await assert.rejects(client.start(), error);
    assert.equal(sent.length, 2);
  }
});

test("eight requests with an old token are one refresh", async () => {
  const client = await signedIn();
  serveOne();

  const answers = await Promise.all(Array.from({ length: 8 }, () => client.request("GET", USER)));

  assert.deepEqual(new Set(answers.map(({ email }) => email)), new Set(["ada@example.com"]));
  assert.equal(count(REFRESH), 1);
});

test("a token is refreshed before it expires", async ({ mock }) => {
  mock.timers.enable({ apis: ["Date"] });
  const client = await signedIn();
  serveOne();
  mock.timers.tick(271_000);

  await client.request("GET", USER);

  assert.deepEqual(sent.map(({ key }) => key), [REFRESH, `GET ${USER}`]);
});

test("a wrong password is sent once", async () => {
  const client = await signedIn();
  serve(() => [401, { code: "incorrect_credentials", detail: "The password is incorrect." }]);

  await assert.rejects(client.signIn("ada@example.com", "wrong"), {
    code: "incorrect_credentials", detail: "The password is incorrect.",
  });

  assert.equal(sent.length, 1);
});

test("invalid input has sentences and codes by field", async () => {
  serve(() => [400, { email: ["Enter an address."], codes: { email: ["invalid"] } }]);

  await assert.rejects(new Client().signIn("ada", "secret"), (error) => {
    assert.deepEqual([error.status, error.code, error.detail], [400, "invalid", "Enter an address."]);
    assert.deepEqual([error.fields, error.codes], [{ email: ["Enter an address."] }, { email: ["invalid"] }]);
    return true;
  });
});

test("an invalid field may have the name of an error's key", async () => {
  const fields = { code: ["This field may not be blank."], detail: ["It is too long."] };
  const codes = { code: ["blank"], detail: ["max_length"] };
  serve(() => [400, { ...fields, codes }]);

  await assert.rejects(new Client().answerChallenge({ challenge_id: "c" }, { code: "" }), (error) => {
    assert.deepEqual([error.code, error.detail], ["invalid", "This field may not be blank."]);
    assert.deepEqual([error.fields, error.codes], [fields, codes]);
    return true;
  });
});

test("a page that is no JSON is an error as well", async () => {
  serve(() => [500, undefined]);

  await assert.rejects(new Client().request("GET", USER), { status: 500, code: "error" });
});

test("a challenge is answered with a code or a recovery code", async () => {
  serve(({ path }) =>
    [200, path.endsWith("login/") ? { mfa_required: true, challenge_id: "c" } : { access: token() }]);
  for (const answer of [{ code: "123456", trust_device: true }, { recovery_code: "abc" }]) {
    const client = new Client();
    const challenge = await client.signIn("ada@example.com", "secret");
    assert.equal(client.userId, undefined);

    await client.answerChallenge(challenge, answer);

    assert.equal(client.userId, "ada");
    assert.deepEqual(sent.at(-1).json, { challenge_id: "c", ...answer });
  }
});

test("cookies carry the refresh token, unless there is a storage", async () => {
  await signedIn();
  serve(() => [200, {}]);
  const [cookie, body] = [new Client(), new Client({ storage: inMemory() })];
  await cookie.request("POST", "/api/auth/refresh/");
  await body.request("POST", "/api/auth/refresh/");

  const facts = sent.map(({ headers, credentials }) => [headers["X-Token-Transport"], credentials]);
  assert.deepEqual(facts, [["cookie", "include"], ["body", "omit"]]);
});

test("a storage keeps the tokens, and after a sign-out the device", async () => {
  const storage = inMemory();
  const client = await signedIn({ storage });
  serve(() => [200, { access: token(), refresh: "r2" }]);
  await client.start();
  assert.deepEqual(sent[0].json, { refresh: "r1" });
  assert.deepEqual(JSON.parse(await storage.get()), { refresh: "r2", device: "d" });

  await client.signOut();

  assert.deepEqual(sent.at(-1).json, { refresh: "r2" });
  assert.deepEqual(JSON.parse(await storage.get()), { device: "d" });
  await client.signIn("ada@example.com", "secret");
  assert.equal(sent.at(-1).headers["X-Known-Device"], "d");
});

test("a damaged value of the storage counts as empty", async () => {
  for (const damaged of ["", "garbage", "null", "{", "[]", "7"]) {
    const storage = inMemory(damaged);
    serve(() => refused);
    assert.equal(await new Client({ storage }).start(), false);
    assert.deepEqual(sent.map(({ json }) => json), [{ refresh: "" }]);
    assert.deepEqual(JSON.parse(await storage.get()), {});

    await signedIn({ storage: inMemory(damaged) });
    assert.equal(sent[0].headers["X-Known-Device"], undefined);
  }
});

test("a storage that cannot be read signs nobody out", async () => {
  const storage = inMemory("{}");
  const client = listen(await signedIn({ storage }));
  storage.get = async () => { throw new Error("It is locked."); };

  await assert.rejects(client.start(), /locked/);

  assert.equal(client.userId, "ada");
  assert.deepEqual(heard, []);
});

test("a request beside a refresh does not bring the former token back", async () => {
  const storage = inMemory();
  const client = await signedIn({ storage });
  serve(({ key }) => [200, key === REFRESH ? { access: token(), refresh: "r2" } : {}]);

  await Promise.all([client.request("POST", "/api/auth/mfa/setup/", {}), client.start()]);

  assert.equal(JSON.parse(await storage.get()).refresh, "r2");
});

test("a lost response of a refresh is asked for once more", async () => {
  const client = await signedIn();
  serveOne();
  const answer = globalThis.fetch;
  let lost = 1;
  globalThis.fetch = async (path, init) => {
    const response = await answer(path, init);
    if (path.endsWith("/refresh/") && lost-- > 0) throw new TypeError("fetch failed");
    return response;
  };

  await client.start();

  assert.equal(count(REFRESH), 2);
});

test("a refresh without a response is given up, also where AbortSignal has no timeout", async ({ mock }) => {
  mock.method(AbortSignal, "timeout", undefined);
  mock.timers.enable({ apis: ["setTimeout"] });
  const abandoned = [];
  globalThis.fetch = (path, { signal }) => new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    abandoned.push(signal);
  });
  const starting = new Client().start();
  const failed = assert.rejects(starting, Unavailable);
  for (const number of [1, 2]) {
    while (abandoned.length < number) await new Promise(setImmediate);
    mock.timers.tick(8_000);
  }

  await failed;
  assert.ok(abandoned.every(({ aborted }) => aborted));
});

test("a response ends the time that a request has", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  serveOne();
  await new Client().start();

  mock.timers.tick(8_000);

  assert.equal(sent[0].signal.aborted, false);
});

test("a sign-out that does not reach the server is none", async () => {
  const client = await signedIn();
  serve(() => outage);
  await assert.rejects(client.signOut(), Unavailable);
  assert.equal(client.userId, "ada");

  serve(() => refused);
  await client.signOut({ everywhere: true });

  assert.equal(client.userId, null);
});

test("a sign-in waits for a refresh that is running", async () => {
  const client = await signedIn();
  const answered = [];
  serve(async ({ path }) => {
    await new Promise((resume) => setTimeout(resume, path.endsWith("refresh/") ? 20 : 0));
    answered.push(path);
    return [200, { access: token(path.endsWith("login/") ? "grace" : "ada") }];
  });

  await Promise.all([client.start(), client.signIn("grace@example.com", "secret")]);

  assert.deepEqual(answered, ["/api/auth/refresh/", "/api/auth/login/"]);
  assert.equal(client.userId, "grace");
});

test("requests are told without secrets", async () => {
  const client = await signedIn();
  const told = [];
  client.addEventListener("request", ({ detail }) => told.push(detail));
  serve(() => [204]);

  assert.equal(await client.request("DELETE", "/api/auth/sessions/7/?secret=1"), undefined);

  assert.equal(typeof told[0].ms, "number");
  delete told[0].ms;
  assert.deepEqual(told, [{ method: "DELETE", path: "/api/auth/sessions/7/", status: 204 }]);
});

test("an endpoint of one's own may have a field with the name of a token", async () => {
  const client = await signedIn();
  serve(() => [200, { access: "read" }]);

  await client.request("POST", "/api/shop/shares/", {});

  assert.equal(client.userId, "ada");
  assert.equal(sent[0].headers["X-Token-Transport"], undefined);
});

test("a provider is started and completed", async () => {
  const client = new Client();
  serve(() => [200, { authorization_url: "https://id.example.com/" }]);
  const next = "https://app.example.com/";
  assert.equal(await client.startProvider("google", { next }), "https://id.example.com/");
  assert.deepEqual([sent[0].path, sent[0].json], ["/api/auth/social/google/start/", { next }]);

  serve(() => [200, { access: token() }]);
  await client.completeProvider("code");
  assert.equal(client.userId, "ada");
});
