// What can go wrong, in plain words, each with what to do about it.

/** @typedef {{title: string, text: string}} Message */

/** @type {Record<import("./record.js").MicrophoneReason, Message>} */
const MICROPHONE = {
  insecure: {
    title: "This page cannot use the microphone over http",
    text: "Browsers allow recording on https pages and on localhost only. Ask whoever runs this server for its https address. You can still choose a sound file below.",
  },
  unsupported: {
    title: "This browser cannot record here",
    text: "Try a current Firefox, Chrome, Edge or Safari. You can still choose a sound file below.",
  },
  denied: {
    title: "The microphone is not allowed",
    text: "Allow it for this page: press the sign to the left of the page’s address, set the microphone to “Allow”, and press Record again.",
  },
  none: {
    title: "No microphone was found",
    text: "Plug one in or switch it on, and press Record again. You can also choose a sound file below.",
  },
  unreachable: {
    title: "The server could not be reached",
    text: "Check your connection, and press Record again.",
  },
  busy: {
    title: "The microphone could not be started",
    text: "Another program may be using it. Close that one, or plug the microphone in again, and press Record again.",
  },
};

/** @param {import("./record.js").MicrophoneReason} reason */
export const microphoneMessage = (reason) => MICROPHONE[reason];

/** @type {Record<string, Message>} */
const CLIP = {
  silent: {
    title: "Nothing was heard",
    text: "The recording is silent. Check that the right microphone is chosen in your system’s sound settings and is not muted, and record again.",
  },
  too_short: {
    title: "That was too short",
    text: "Keep recording until you have read the whole sentence, then press Stop.",
  },
  too_long: { title: "That is too long", text: "Cut the recording, or read a shorter text: a minute at most can be assessed." },
  not_sound: {
    title: "This file cannot be read",
    text: "Choose a sound file: WAV, FLAC, MP3, Ogg and Opus can be read.",
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
    text: "There are more words in it than can be said in that time. Record all of the sentence, or choose the one that you read.",
  },
  text_not_english: { title: "This is not English", text: "Write the sentence in English letters." },
  text_empty: CLIP.no_text,
  crashed: {
    title: "The server failed on this recording",
    text: "Record the sentence once more. If that does not help, save the recording and tell whoever runs this server.",
  },
};

const NOT_LOST = "Your recording is still here: nothing is lost.";

/** @param {number} status @param {number | null} waitS @returns {Message} */
function byStatus(status, waitS) {
  if (status === 0) return { title: "The server could not be reached", text: `Check your connection, then send the recording again. ${NOT_LOST}` };
  if (status === 401 || status === 403) return { title: "The server wants a key", text: `Ask whoever runs this server for one, and type it below. ${NOT_LOST}` };
  if (status === 413) return { title: "The recording is too large", text: "Record a shorter one, or choose a smaller file." };
  if (status === 415) return CLIP.not_sound;
  if (status === 429) {
    const when = waitS === null ? "in a moment" : `in ${waitS} second${waitS === 1 ? "" : "s"}`;
    return { title: "Many people are practising right now", text: `Send the recording again ${when}. ${NOT_LOST}` };
  }
  if (status === 503) return { title: "The server is not ready", text: `Send the recording again in a moment. ${NOT_LOST}` };
  if (status === 504 || status === 408) return { title: "The answer took too long", text: `Send the recording again. If that does not help, read a shorter text. ${NOT_LOST}` };
  return { title: "Something went wrong on the server", text: `Send the recording again. If that does not help, tell whoever runs this server. ${NOT_LOST}` };
}

/** @param {import("./api.js").ServiceProblem} problem @returns {Message} */
export function serviceMessage({ status, code, detail, retryAfterS }) {
  if (code === "text_unknown_words") {
    const words = /not in the dictionary: ([^.]+)/.exec(detail)?.[1] ?? "";
    return {
      title: words ? `Not in the dictionary: ${words}` : "Some words are not in the dictionary",
      text: "Change them, or write their sounds after them in braces, as in “tomato{T AH M EY T OW}”.",
    };
  }
  if (code in CODES) return CODES[code];
  if (status === 422 && detail) return { title: "The server could not use this", text: detail };
  return byStatus(status, retryAfterS);
}

/** @type {Record<string, Message>} */
const NOTICES = {
  clipping: {
    title: "The recording is distorted",
    text: "It was too loud. Move back from the microphone or turn its level down, and read again: the scores below are less sure.",
  },
  low_level: {
    title: "The recording is very quiet",
    text: "Come closer to the microphone or turn its level up, and read again: the scores below are less sure.",
  },
  text_mismatch: {
    title: "That does not sound like this sentence",
    text: "Check that you read the sentence shown. If you did, read it again, a little slower; the marks below mean little.",
  },
  no_reference: {
    title: "Scored without a text",
    text: "Single sounds could not be compared with anything, and the scores are less sure.",
  },
};

/** @param {{code: string, message: string}} notice @returns {Message} */
export const noticeMessage = ({ code, message }) => NOTICES[code] ?? { title: "Note", text: message };
