/** The types of the client; those of requests follow from the description of the API. */
import type { paths } from "./schema.js";

export type Challenge = { mfa_required: true; challenge_id: string };
export type SetupChallenge = { mfa_setup_required: true; setup_challenge_id: string };
export type SignedIn = { access: string };
export type Answer = { code: string; trust_device?: boolean } | { recovery_code: string };
/** Keeps a string where scripts of other origins cannot read it. */
export type TokenStorage = { get(): Promise<string | null>; set(value: string): Promise<void> };

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
/** The paths of a method, as written in the description: `/api/auth/sessions/{id}/`. */
type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<Lowercase<M>, object> ? P : never;
}[keyof paths];
/** A path with its ids, and perhaps a query. */
type Filled<P> = P extends `${infer A}{${string}}${infer B}` ? `${A}${string}${Filled<B>}` : P;
type Queried<P> = P | `${P & string}?${string}`;
export type Address<M extends Method> = Queried<Filled<PathOf<M>>> & string;

type Match<M extends Method, A> = A extends PathOf<M>
  ? A
  : { [P in PathOf<M>]: A extends Queried<Filled<P>> ? P : never }[PathOf<M>];
type Operation<M extends Method, A> = paths[Match<M, A>][Lowercase<M> & keyof paths[Match<M, A>]];
type Json<T> = T extends { content: { "application/json": infer J } } ? J : undefined;

/** The body, if the operation has one, and headers. */
export type Input<M extends Method, A> =
  Operation<M, A> extends { requestBody: infer B }
    ? [body: Json<B>, headers?: Record<string, string>]
    : Operation<M, A> extends { requestBody?: infer B }
      ? [body?: Json<B>, headers?: Record<string, string>]
      : never;

type Succeeded = 200 | 201 | 202 | 204;
/** The JSON of a response that reports success. */
export type Output<M extends Method, A> =
  Operation<M, A> extends { responses: infer R }
    ? { [S in keyof R & Succeeded]: Json<R[S]> }[keyof R & Succeeded]
    : never;
