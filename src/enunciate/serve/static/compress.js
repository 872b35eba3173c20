// Compresses what the microphone records, while it records, where the browser can.

/** What browsers record and the server reads, and how the names of such files end. */
const TYPES = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
];
const BITS_PER_S = 128_000; // a sixth of the WAV; scores move by 0.01 to 0.02

/** @typedef {{stop: () => void, file: Promise<File>}} Compressor `file` resolves soon after `stop` */

/**
 * @param {MediaStream} stream
 * @returns {Compressor | null} null if the browser cannot
 */
export function compress(stream) {
  const known = window.MediaRecorder ? TYPES.find(([type]) => MediaRecorder.isTypeSupported(type)) : undefined;
  if (!known) return null;
  const [mimeType, ending] = known;
  /** @type {Blob[]} */
  const parts = [];
  try {
    const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_S });
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    /** @type {Promise<File>} */
    const file = new Promise((resolve) => {
      recorder.addEventListener("stop", () => resolve(new File(parts, `recording.${ending}`, { type: mimeType })));
    });
    recorder.start();
    return { file, stop: () => recorder.state !== "inactive" && recorder.stop() };
  } catch {
    return null;
  }
}
