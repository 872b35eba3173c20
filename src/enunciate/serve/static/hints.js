// The 39 sounds: IPA, an example, and how to make them (hints.json).

/** @typedef {{ipa: string, example: string, spelt: string, hint: string}} Sound */
/** @typedef {{phones: Record<string, Sound>, confusions: Record<string, string>, deleted: Record<string, string>}} Hints */
/** @typedef {import("./advice.js").PhoneResult} PhoneResult */

/** @type {Hints} */
const HINTS = await (await fetch(new URL("hints.json", import.meta.url))).json();

const VOWELS = new Set("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split(" "));
const STOPS = new Set("B D G K P T CH JH".split(" "));

/** A phone without stress digits and marks. @param {string} phone */
const bare = (phone) => phone.replace(/[012*]+$/, "");

/**
 * The IPA of a phone, of two ("IH R"), of one that is only similar ("K*"), or of `<unk>`.
 * @param {string} phones
 */
export function ipa(phones) {
  if (phones === "<unk>") return "?";
  return phones
    .split(" ")
    .map((phone) => HINTS.phones[bare(phone)]?.ipa ?? phone)
    .join("");
}

/** "n as in nice". @param {string} phone @returns {{ipa: string, sound: Sound | null}} */
export function sound(phone) {
  return { ipa: ipa(phone), sound: HINTS.phones[bare(phone)] ?? null };
}

/** @param {PhoneResult[]} phones @param {number} index */
function deletedHint(phones, index) {
  const phone = bare(phones[index].phone);
  const beside = [phones[index - 1], phones[index + 1]].some((near) => near && !VOWELS.has(bare(near.phone)));
  if (VOWELS.has(phone)) return HINTS.deleted.other;
  if (index > 0 && index === phones.length - 1) {
    return STOPS.has(phone) ? HINTS.deleted.final_stop : HINTS.deleted.final_continuant;
  }
  return beside ? HINTS.deleted.cluster : HINTS.deleted.other;
}

/**
 * The most specific hint for one sound of a word.
 * @param {PhoneResult[]} phones those of the word
 * @param {number} index
 * @returns {{specific: string | null, general: string | null}}
 */
export function hintFor(phones, index) {
  const { phone, heard } = phones[index];
  const wanted = bare(phone);
  const general = HINTS.phones[wanted]?.hint ?? null;
  if (heard === null) return { specific: deletedHint(phones, index), general };
  return { specific: HINTS.confusions[`${wanted}>${bare(heard)}`] ?? null, general };
}
