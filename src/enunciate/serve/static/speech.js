// The model: the browser's own English voice. Nothing is sent anywhere by this page for it.

const SLOW = 0.6;

/** @returns {SpeechSynthesisVoice | null} an English voice, American and on the device if there is one */
export function englishVoice() {
  const voices = (window.speechSynthesis?.getVoices() ?? []).filter((voice) => /^en\b/i.test(voice.lang));
  const worth = (/** @type {SpeechSynthesisVoice} */ voice) =>
    (/^en[-_]us/i.test(voice.lang) ? 2 : 0) + (voice.localService ? 1 : 0);
  return voices.sort((a, b) => worth(b) - worth(a))[0] ?? null;
}

/** Call back when the list of voices is there or changes. @param {() => void} onChange */
export function watchVoices(onChange) {
  window.speechSynthesis?.addEventListener?.("voiceschanged", onChange);
}

/**
 * @param {string} text
 * @param {{slowly?: boolean, onError?: () => void}} [how]
 */
export function say(text, { slowly = false, onError } = {}) {
  const voice = englishVoice();
  if (!voice) return;
  hush();
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.voice = voice;
  utterance.lang = voice.lang;
  utterance.rate = slowly ? SLOW : 1;
  utterance.onerror = ({ error }) => {
    if (error !== "canceled" && error !== "interrupted") onError?.();
  };
  window.speechSynthesis.speak(utterance);
}

/** Stop speaking. */
export function hush() {
  window.speechSynthesis?.cancel();
}
