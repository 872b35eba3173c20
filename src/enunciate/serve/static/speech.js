// The model voice: the browser's own English speech synthesis. The page sends nothing for it.

const SLOW = 0.6;

/** @returns {SpeechSynthesisVoice | null} an English voice; preferably American, and on the device */
export function englishVoice() {
  const voices = (window.speechSynthesis?.getVoices() ?? []).filter((voice) => /^en\b/i.test(voice.lang));
  const rank = (/** @type {SpeechSynthesisVoice} */ voice) =>
    (/^en[-_]us/i.test(voice.lang) ? 2 : 0) + (voice.localService ? 1 : 0);
  return voices.sort((a, b) => rank(b) - rank(a))[0] ?? null;
}

/** Call back when the list of voices loads or changes. @param {() => void} onChange */
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
