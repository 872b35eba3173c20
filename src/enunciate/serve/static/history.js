// The learner's attempts on this device: a plot, a list, export and deletion.

import { ASPECTS, saidSomethingElse, wordState } from "./advice.js";
import { byId, download, el, unseen } from "./dom.js";
import { ipa } from "./hints.js";
import { day, renderPlot } from "./plot.js";
import { remember, remembered } from "./remember.js";
import { allAttempts, forget, forgetAll, keep } from "./store.js";

/** @typedef {import("./store.js").StoredAttempt} StoredAttempt */
/** @typedef {import("./advice.js").Aspect} Aspect */

const KEEP_AUDIO = "keep-audio";
const SHOWN = 10;
const FREE = "Just talk";
const ALL = "";

/** @param {StoredAttempt} attempt */
const titleOf = ({ text }) => text ?? FREE;

/** Ask for confirmation, with the focus on the safe answer. @param {string} title @param {string} text @param {string} yes @returns {Promise<boolean>} */
function confirmed(title, text, yes) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("confirm"));
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

/** @param {unknown} value */
const cell = (value) => {
  const text = value === null || value === undefined ? "" : String(value);
  // An apostrophe keeps a spreadsheet from running the text as a formula.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** One row per attempt. @param {StoredAttempt[]} attempts */
export function toCsv(attempts) {
  const names = ASPECTS.map(({ aspect }) => aspect);
  const header = ["at", "text", "model", ...names.flatMap((name) => [name, `${name}_low`, `${name}_high`]), "completeness", "wrong_words", "missing_words", "wrong_sounds"];
  const rows = attempts.map(({ at, text, answer }) => {
    const words = (/** @type {string} */ state) => answer.words.filter((word) => wordState(word) === state).map((word) => word.text).join(" ");
    const sounds = answer.phones.filter((phone) => phone.mispronounced).map((phone) => `${ipa(phone.phone)}>${phone.heard ? ipa(phone.heard) : "-"}`).join(" ");
    const scores = names.flatMap((name) => {
      const score = answer[name];
      return score ? [score.value.toFixed(2), score.low.toFixed(2), score.high.toFixed(2)] : ["", "", ""];
    });
    return [at, text, answer.model, ...scores, answer.completeness?.value.toFixed(2), words("wrong"), words("missing"), sounds];
  });
  return [header, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** All but the recordings. @param {StoredAttempt[]} attempts */
const toJson = (attempts) => JSON.stringify(attempts.map(({ at, text, answer }) => ({ at, text, answer })), null, 1) + "\n";

/**
 * @param {(attempt: StoredAttempt) => void} onOpen open an earlier attempt
 */
export function createHistory(onOpen) {
  const place = byId("history");
  const box = /** @type {HTMLInputElement} */ (byId("keep-audio"));
  box.checked = remembered(KEEP_AUDIO) === "yes";
  box.addEventListener("change", () => remember(KEEP_AUDIO, box.checked ? "yes" : "no"));

  let chosen = ALL;
  /** @type {Aspect} */
  let aspect = "total";
  let all = false;

  /** @param {string} id @param {string} label @param {[string, string][]} options @param {string} value @param {(value: string) => void} onPick */
  function choice(id, label, options, value, onPick) {
    const select = el(
      "select",
      { id, onchange: async () => { onPick(select.value); await show(); byId(id).focus(); } },
      ...options.map(([key, name]) => el("option", { value: key, selected: key === value }, name)),
    );
    return el("label", { class: "field" }, el("span", {}, label), select);
  }

  /** @param {StoredAttempt} attempt */
  function row(attempt) {
    const total = attempt.answer.total?.value.toFixed(1) ?? "–";
    const wrong = saidSomethingElse(attempt.answer) ? [] : attempt.answer.words.filter((word) => ["wrong", "missing"].includes(wordState(word))).map((word) => word.text);
    return el(
      "li",
      {},
      el("strong", { class: "attempt-score" }, total, unseen(" out of 10 overall")),
      el(
        "span",
        { class: "attempt-text" },
        el("span", { class: "clamp" }, titleOf(attempt)),
        el("span", { class: "quiet" }, [day(attempt.at), wrong.length ? `to work on: ${wrong.join(", ")}` : "", saidSomethingElse(attempt.answer) ? "did not match the sentence" : ""].filter(Boolean).join("; ")),
      ),
      el(
        "span",
        { class: "row" },
        el("button", { type: "button", class: "plain small", onclick: () => onOpen(attempt) }, "View", unseen(` the attempt at “${titleOf(attempt)}”`)),
        el("button", { type: "button", class: "plain small", onclick: () => remove(attempt) }, "Delete", unseen(` the attempt at “${titleOf(attempt)}”`)),
      ),
    );
  }

  /** @param {StoredAttempt} attempt */
  async function remove(attempt) {
    if (!(await confirmed("Delete this attempt?", titleOf(attempt), "Delete"))) return;
    await forget(attempt.id);
    await show();
    byId("attempts-title").focus();
  }

  async function removeAll() {
    const count = (await allAttempts()).length;
    if (!(await confirmed("Delete all attempts?", `This deletes ${count} attempt${count === 1 ? "" : "s"} and any recordings from this device. It cannot be undone.`, "Delete all"))) return;
    await forgetAll();
    chosen = ALL;
    await show();
    byId("attempts-title").focus();
  }

  async function show() {
    /** @type {StoredAttempt[]} */
    let attempts;
    try {
      attempts = await allAttempts();
    } catch {
      place.replaceChildren(el("p", { class: "note" }, "This browser does not allow the page to store anything, perhaps because the window is private. Your attempts will be lost when you close it."));
      return;
    }
    if (!attempts.length) {
      place.replaceChildren(el("p", {}, "Nothing yet. Your progress will appear here after your first recording."));
      return;
    }
    const titles = [...new Set(attempts.map(titleOf))];
    if (!titles.includes(chosen)) chosen = ALL;
    const these = attempts.filter((attempt) => chosen === ALL || titleOf(attempt) === chosen);
    const points = these.flatMap(({ at, answer }) => {
      const score = answer[aspect];
      return score ? [{ at, ...score }] : [];
    });
    const name = ASPECTS.find((one) => one.aspect === aspect)?.name ?? "";
    const newest = these.toReversed();
    const stamp = new Date().toISOString().slice(0, 10);
    place.replaceChildren(
      el(
        "div",
        { class: "row choices" },
        choice("which-text", "Sentence", [[ALL, "All sentences"], ...titles.map((title) => /** @type {[string, string]} */ ([title, title]))], chosen, (value) => (chosen = value)),
        choice("which-score", "Score", ASPECTS.map((one) => [one.aspect, one.name]), aspect, (value) => (aspect = /** @type {Aspect} */ (value))),
      ),
      points.length ? renderPlot(points, name) : el("p", { class: "quiet" }, "None of these attempts has this score."),
      el("ul", { class: "attempts" }, ...newest.slice(0, all ? newest.length : SHOWN).map(row)),
      el(
        "div",
        { class: "row" },
        ...(newest.length > SHOWN && !all
          ? [el("button", { type: "button", class: "plain", onclick: () => { all = true; void show(); } }, `Show all ${newest.length}`)]
          : []),
        el("button", { type: "button", class: "plain", id: "export-csv", onclick: () => download(new Blob([toCsv(attempts)], { type: "text/csv" }), `enunciate-${stamp}.csv`) }, "Save as CSV"),
        el("button", { type: "button", class: "plain", id: "export-json", onclick: () => download(new Blob([toJson(attempts)], { type: "application/json" }), `enunciate-${stamp}.json`) }, "Save as JSON"),
        el("button", { type: "button", class: "plain warn", id: "delete-all", onclick: removeAll }, "Delete all"),
      ),
    );
  }
  void show();

  return {
    /**
     * @param {import("./advice.js").Assessment} answer @param {string | null} text @param {Blob} audio
     */
    async add(answer, text, audio) {
      try {
        await keep({ at: new Date().toISOString(), text, answer, audio: box.checked ? audio : null });
      } catch {
        // The storage is full or the window is private: `show` says so, and the result is on the page.
      }
      await show();
    },
  };
}
