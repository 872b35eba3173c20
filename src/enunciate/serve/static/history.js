// The learner's tries on this device: a plot, a list, export and deletion.

import { ASPECTS, saidOther, wordState } from "./advice.js";
import { byId, download, el, unseen } from "./dom.js";
import { ipa } from "./hints.js";
import { day, renderPlot } from "./plot.js";
import { remember, remembered } from "./remember.js";
import { allTries, forget, forgetAll, keep } from "./store.js";

/** @typedef {import("./store.js").KeptTry} KeptTry */
/** @typedef {import("./advice.js").Aspect} Aspect */

const KEEP_AUDIO = "keep-audio";
const SHOWN = 10;
const FREE = "Just talk";
const ALL = "";

/** @param {KeptTry} made */
const titleOf = ({ text }) => text ?? FREE;

/** Ask, with the keyboard on the harmless answer. @param {string} title @param {string} text @param {string} yes @returns {Promise<boolean>} */
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
  // A text that a spreadsheet would take for a formula gets an apostrophe before it.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** One row a try. @param {KeptTry[]} tries */
export function toCsv(tries) {
  const names = ASPECTS.map(({ aspect }) => aspect);
  const header = ["at", "text", "model", ...names.flatMap((name) => [name, `${name}_low`, `${name}_high`]), "completeness", "wrong_words", "missing_words", "wrong_sounds"];
  const rows = tries.map(({ at, text, answer }) => {
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

/** All but the recordings. @param {KeptTry[]} tries */
const toJson = (tries) => JSON.stringify(tries.map(({ at, text, answer }) => ({ at, text, answer })), null, 1) + "\n";

/**
 * @param {(made: KeptTry) => void} onOpen look at a try again
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

  /** @param {KeptTry} made */
  function row(made) {
    const total = made.answer.total?.value.toFixed(1) ?? "–";
    const wrong = saidOther(made.answer) ? [] : made.answer.words.filter((word) => ["wrong", "missing"].includes(wordState(word))).map((word) => word.text);
    return el(
      "li",
      {},
      el("strong", { class: "try-score" }, total, unseen(" of 10 overall")),
      el(
        "span",
        { class: "try-text" },
        el("span", { class: "clamp" }, titleOf(made)),
        el("span", { class: "quiet" }, [day(made.at), wrong.length ? `to work on: ${wrong.join(", ")}` : "", saidOther(made.answer) ? "did not sound like it" : ""].filter(Boolean).join("; ")),
      ),
      el(
        "span",
        { class: "row" },
        el("button", { type: "button", class: "plain small", onclick: () => onOpen(made) }, "Look", unseen(` at “${titleOf(made)}” again`)),
        el("button", { type: "button", class: "plain small", onclick: () => remove(made) }, "Delete", unseen(` the try of “${titleOf(made)}”`)),
      ),
    );
  }

  /** @param {KeptTry} made */
  async function remove(made) {
    if (!(await confirmed("Delete this try?", titleOf(made), "Delete"))) return;
    await forget(made.id);
    await show();
    byId("tries-title").focus();
  }

  async function removeAll() {
    const count = (await allTries()).length;
    if (!(await confirmed("Delete all tries?", `All ${count} on this device, with their recordings. They cannot be brought back.`, "Delete all"))) return;
    await forgetAll();
    chosen = ALL;
    await show();
    byId("tries-title").focus();
  }

  async function show() {
    /** @type {KeptTry[]} */
    let tries;
    try {
      tries = await allTries();
    } catch {
      place.replaceChildren(el("p", { class: "note" }, "This browser does not let the page keep anything, perhaps because of a private window. Your tries are gone when you close it."));
      return;
    }
    if (!tries.length) {
      place.replaceChildren(el("p", {}, "Nothing yet. After your first recording, a line here shows how you get on."));
      return;
    }
    const titles = [...new Set(tries.map(titleOf))];
    if (!titles.includes(chosen)) chosen = ALL;
    const these = tries.filter((made) => chosen === ALL || titleOf(made) === chosen);
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
      points.length ? renderPlot(points, name) : el("p", { class: "quiet" }, "No try here has this score."),
      el("ul", { class: "tries" }, ...newest.slice(0, all ? newest.length : SHOWN).map(row)),
      el(
        "div",
        { class: "row" },
        ...(newest.length > SHOWN && !all
          ? [el("button", { type: "button", class: "plain", onclick: () => { all = true; void show(); } }, `Show all ${newest.length}`)]
          : []),
        el("button", { type: "button", class: "plain", id: "export-csv", onclick: () => download(new Blob([toCsv(tries)], { type: "text/csv" }), `enunciate-${stamp}.csv`) }, "Save as CSV"),
        el("button", { type: "button", class: "plain", id: "export-json", onclick: () => download(new Blob([toJson(tries)], { type: "application/json" }), `enunciate-${stamp}.json`) }, "Save as JSON"),
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
        // No room, or a private window: `show` says so, and the result itself is on the page.
      }
      await show();
    },
  };
}
