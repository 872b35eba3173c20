// The messages about what can go wrong, each with what to do about it.

/** @typedef {{title: string, text: string}} Message */

/** @type {Record<import("./record.js").MicrophoneReason, Message>} */
const MICROPHONE = {
  insecure: {
    title: "This page cannot use the microphone over http",
    text: "Browsers allow recording only on https pages and on localhost. Ask the person who runs this server for its https address. You can still choose an audio file below.",
  },
  unsupported: {
    title: "This browser cannot record",
    text: "Try a current version of Firefox, Chrome, Edge or Safari. You can still choose an audio file below.",
  },
  denied: {
    title: "Microphone access is blocked",
    text: "Click the icon to the left of the page’s address, set the microphone to “Allow”, and press Record again.",
  },
  none: {
    title: "No microphone was found",
    text: "Plug one in or switch it on, and press Record again. You can also choose an audio file below.",
  },
  unreachable: {
    title: "The server could not be reached",
    text: "Check your connection, and press Record again.",
  },
  busy: {
    title: "The microphone could not be started",
    text: "Another program may be using it. Close that program, or unplug the microphone and plug it in again. Then press Record.",
  },
};

/** @param {import("./record.js").MicrophoneReason} reason */
export const microphoneMessage = (reason) => MICROPHONE[reason];

/** @type {Record<string, Message>} */
const CLIP = {
  silent: {
    title: "Nothing was heard",
    text: "The recording is silent. In your sound settings, check that the right microphone is selected and not muted. Then record again.",
  },
  too_short: {
    title: "The recording is too short",
    text: "Keep recording until you have read the whole sentence, then press Stop.",
  },
  too_long: { title: "The recording is too long", text: "Read a shorter text, or shorten the file. The limit is one minute." },
  not_sound: {
    title: "This file cannot be read",
    text: "Choose an audio file in one of these formats: WAV, FLAC, MP3, Ogg or Opus.",
  },
  no_text: {
    title: "There is no sentence yet",
    text: "Type the sentence that you want to read, or choose “Just talk” to speak freely.",
  },
};

/** @param {keyof typeof CLIP} kind */
export const clipMessage = (kind) => CLIP[kind];

/** @type {Record<string, Message>} */
const CODES = {
  audio_silent: CLIP.silent,
  audio_empty: CLIP.silent,
  audio_too_short: CLIP.too_short,
  audio_too_long: CLIP.too_long,
  audio_not_readable: CLIP.not_sound,
  text_too_long: {
    title: "The text does not fit the recording",
    text: "It has more words than anyone can say in that time. Record the whole sentence, or choose the sentence that you read.",
  },
  text_not_english: { title: "This is not English", text: "Write your sentence in English." },
  text_empty: CLIP.no_text,
  pronunciation: { title: "The signs { and } cannot be read", text: "Leave them out, with what stands between them." },
  crashed: {
    title: "The server failed on this recording",
    text: "Record the sentence again. If that does not help, save the recording and tell the person who runs this server.",
  },
};

const NOT_LOST = "Your recording has not been lost.";

/** @param {number} status @param {number | null} waitS @returns {Message} */
function byStatus(status, waitS) {
  if (status === 0) return { title: "The server could not be reached", text: `Check your connection, then send the recording again. ${NOT_LOST}` };
  if (status === 401 || status === 403) return { title: "This server needs an API key", text: `Ask the person who runs this server for a key, and enter it below. ${NOT_LOST}` };
  if (status === 413) return { title: "The recording is too large", text: "Make a shorter recording, or choose a smaller file." };
  if (status === 415) return CLIP.not_sound;
  if (status === 429) {
    const when = waitS === null ? "in a moment" : `in ${waitS} second${waitS === 1 ? "" : "s"}`;
    return { title: "Many people are practising right now", text: `Send the recording again ${when}. ${NOT_LOST}` };
  }
  if (status === 503) return { title: "The server is not ready", text: `Send the recording again in a moment. ${NOT_LOST}` };
  if (status === 504 || status === 408) return { title: "The server took too long", text: `Send the recording again. If that does not help, read a shorter text. ${NOT_LOST}` };
  return { title: "Something went wrong on the server", text: `Send the recording again. If that does not help, tell the person who runs this server. ${NOT_LOST}` };
}

/** @param {string} words without English letters, with commas between them @returns {Message} */
const unknownWords = (words) => ({
  title: words ? `No English letters: ${words}` : "Some words have no English letters",
  text: "Write these words in English letters, as they sound, or leave them out.",
});

/** @param {import("./api.js").ServiceProblem} problem @returns {Message} */
export function serviceMessage({ status, code, detail, retryAfterS }) {
  if (code === "text_unknown_words") return unknownWords(/no English words: ([^.]+)/.exec(detail)?.[1] ?? "");
  if (code in CODES) return CODES[code];
  if (status === 422 && detail) return { title: "The server could not use this recording", text: detail };
  return byStatus(status, retryAfterS);
}

/** @type {Record<string, Message>} */
const NOTICES = {
  clipping: {
    title: "The recording is distorted",
    text: "It was too loud. Move back from the microphone or turn its level down, and read again. The scores below are less reliable.",
  },
  low_level: {
    title: "The recording is very quiet",
    text: "Move closer to the microphone or turn its level up, and read again. The scores below are less reliable.",
  },
  noisy: {
    title: "There is a lot of noise",
    text: "Go to a quieter place or move closer to the microphone, and read again. The scores below are less reliable.",
  },
  text_mismatch: {
    title: "This does not sound like the sentence",
    text: "Check that you read the sentence shown. If you did, read it again a little more slowly. The marks below are not reliable.",
  },
  one_engine: {
    title: "Only one of two engines could score this",
    text: "The scores of the whole come from the other one alone, and may be a little less reliable.",
  },
  no_reference: {
    title: "Scored without a text",
    text: "Without a text, the page cannot tell which sounds were wrong, and the scores are less reliable.",
  },
};

/** @param {{code: string, message: string}} notice @returns {Message} */
export const noticeMessage = ({ code, message }) => NOTICES[code] ?? { title: "Note", text: message };
