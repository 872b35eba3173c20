// The one request that this page makes: a recording and its text to the server, an assessment back.

import { remember, remembered } from "./remember.js";

/** @typedef {import("./advice.js").Assessment} Assessment */

const PATIENCE_MS = 90_000;
export const LONGEST_S = 60;

/** Of a server that asks for one: until the tab is closed. */
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
   * @param {number} status of HTTP; 0 where no answer came
   * @param {string} code of the service's error, or ""
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

  /** Whether sending the same once more may help. */
  get passing() {
    return [0, 408, 429].includes(this.status) || (this.status >= 500 && this.code !== "crashed");
  }

  /** Whether sending the same recording with another text may help. */
  get ofText() {
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
    // Not of our server, but of something between: its status has to do.
  }
  const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const detail = typeof body.detail === "string" ? body.detail : (body.title ?? "");
  const code = String(body.type ?? "").split(":").pop() ?? "";
  return new ServiceProblem(response.status, code, detail, Number.isFinite(wait) ? Math.ceil(wait) : null);
}

/** How long a recording may be: what the server says, and a minute where it does not. @returns {Promise<number>} */
export async function longestS() {
  try {
    const { models } = await (await fetch("v1/models", { headers: headers() })).json();
    return Math.min(LONGEST_S, models[0]?.max_s ?? LONGEST_S);
  } catch {
    return LONGEST_S;
  }
}

/**
 * @param {Blob} audio
 * @param {string} name of the file
 * @param {string | null} text what was to be read, if anything
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
      signal: AbortSignal.timeout(PATIENCE_MS),
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
