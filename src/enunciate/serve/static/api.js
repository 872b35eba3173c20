// Requests to the server: a recording and its reference text are sent, an assessment comes back.

import { remember, remembered } from "./remember.js";

/** @typedef {import("./advice.js").Assessment} Assessment */

const TIMEOUT_MS = 90_000;
export const LONGEST_S = 60;

/** The API key, kept until the tab is closed. */
let apiKey = remembered("key", "sessionStorage");

/** @param {string} key */
export function useKey(key) {
  apiKey = key;
  remember("key", key, "sessionStorage");
}

/** @returns {Record<string, string>} */
const headers = () => (apiKey ? { "X-API-Key": apiKey } : {});

export class ServiceProblem extends Error {
  /**
   * @param {number} status HTTP status; 0 if there was no response
   * @param {string} code of the problem, or ""
   * @param {string} detail
   * @param {number | null} retryAfterS
   */
  constructor(status, code = "", detail = "", retryAfterS = null) {
    super(detail || `status ${status}`);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.retryAfterS = retryAfterS;
  }

  /** Whether sending the same recording again may help. */
  get isTemporary() {
    return [0, 408, 429].includes(this.status) || (this.status >= 500 && this.code !== "crashed");
  }

  /** Whether sending the same recording with another text may help. */
  get isAboutText() {
    return this.code.startsWith("text") || this.code === "pronunciation";
  }
}

/** @param {Response} response @returns {Promise<ServiceProblem>} */
async function problemOf(response) {
  /** @type {{type?: string, detail?: string, title?: string}} RFC 9457; `type` ends with the code of the error */
  let body = {};
  try {
    body = await response.json();
  } catch {
    // The response of a proxy, say: its status has to suffice.
  }
  const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const detail = typeof body.detail === "string" ? body.detail : (body.title ?? "");
  const code = String(body.type ?? "").split(":").pop() ?? "";
  return new ServiceProblem(response.status, code, detail, Number.isFinite(wait) ? Math.ceil(wait) : null);
}

/** The maximum length of a recording: the server's limit, or a minute if it does not say. @returns {Promise<number>} */
export async function longestS() {
  try {
    const { models } = await (await fetch("v1/models", { headers: headers() })).json();
    return Math.min(LONGEST_S, models[0]?.max_s ?? LONGEST_S);
  } catch {
    return LONGEST_S;
  }
}

/**
 * Ask how a text would be read.
 * @param {string} text
 * @param {AbortSignal} signal ends the request
 * @returns {Promise<import("./preview.js").Description>}
 * @throws {ServiceProblem} or an AbortError
 */
export async function describe(text, signal) {
  const body = JSON.stringify({ text });
  const response = await fetch("v1/texts", { method: "POST", body, signal, headers: { ...headers(), "Content-Type": "application/json" } });
  if (!response.ok) throw await problemOf(response);
  return await response.json();
}

/**
 * @param {Blob} audio
 * @param {string} name of the file
 * @param {string | null} text reference text, if any
 * @returns {Promise<Assessment>}
 * @throws {ServiceProblem}
 */
export async function assess(audio, name, text) {
  const form = new FormData();
  form.append("audio", audio, name);
  if (text !== null) form.append("text", text);
  /** @type {Response} */
  let response;
  try {
    response = await fetch("v1/assessments", {
      method: "POST",
      body: form,
      headers: headers(),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new ServiceProblem(error instanceof DOMException && error.name === "TimeoutError" ? 504 : 0);
  }
  if (!response.ok) throw await problemOf(response);
  try {
    return await response.json();
  } catch {
    throw new ServiceProblem(0); // the connection broke in the middle of the answer
  }
}
