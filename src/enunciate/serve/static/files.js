// A recording, or an audio file that the learner chose or dropped: what to send, and its samples for drawing and playing.

import { encodeWav } from "./wav.js";

/** @typedef {import("./record.js").Sound} Sound */
/** @typedef {{blob: Blob, name: string, sound: Sound | null}} Clip `sound` is null if the browser cannot decode it */

const READ_BY_SERVER = ["RIFF", "fLaC", "OggS", "ID3", "FORM", "\x1a\x45\xdf\xa3"]; // the last one is WebM

/** Seconds by which a compressed recording may differ from its samples; one that differs more has lost something. */
const TOLERANCE_S = 0.25;
/** A browser that has not finished its file by then is not waited for. */
const LATE_MS = 3000;

/** Whether the server reads it for certain. @param {Uint8Array} head the first eight bytes */
function readByServer(head) {
  const letters = String.fromCharCode(...head);
  const bare = head[0] === 0xff && ((head[1] & 0xe6) === 0xe2 || (head[1] & 0xf6) === 0xf0); // a frame of MP3 or AAC
  return bare || letters.slice(4) === "ftyp" || READ_BY_SERVER.some((sign) => letters.startsWith(sign));
}

/** @param {ArrayBuffer} bytes @returns {Promise<Sound | null>} mono */
export async function decode(bytes) {
  const context = new OfflineAudioContext(1, 1, 48_000);
  try {
    const buffer = await context.decodeAudioData(bytes);
    const samples = new Float32Array(buffer.length);
    for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
      const from = buffer.getChannelData(channel);
      for (let i = 0; i < samples.length; i++) samples[i] += from[i] / buffer.numberOfChannels;
    }
    return { samples, rateHz: buffer.sampleRate };
  } catch {
    return null;
  }
}

/**
 * The file is sent as it is, unless the server does not read its format; then it is sent as WAV.
 * @param {File} file
 * @returns {Promise<Clip>}
 */
export async function readFile(file) {
  const bytes = await file.arrayBuffer();
  const known = readByServer(new Uint8Array(bytes.slice(0, 8)));
  const sound = await decode(bytes);
  if (known || !sound) return { blob: file, name: file.name, sound };
  return { blob: encodeWav(sound.samples, sound.rateHz), name: "recording.wav", sound };
}

/** @param {Sound} sound */
const seconds = ({ samples, rateHz }) => samples.length / rateHz;

/**
 * What was recorded is sent as the browser compressed it or, if it could not or that is not complete, as WAV.
 * @param {import("./record.js").Recorded} recorded
 * @param {number} longestS the server's limit
 * @returns {Promise<Clip>}
 */
export async function readRecording(recorded, longestS) {
  const file = await Promise.race([recorded.file, /** @type {Promise<null>} */ (new Promise((late) => setTimeout(late, LATE_MS, null)))]);
  const sound = file && (await decode(await file.arrayBuffer()));
  if (file && sound && Math.abs(seconds(sound) - seconds(recorded.sound)) < TOLERANCE_S && seconds(sound) < longestS) {
    return { blob: file, name: file.name, sound };
  }
  const { samples, rateHz } = recorded.sound;
  return { blob: encodeWav(samples, rateHz), name: "recording.wav", sound: recorded.sound };
}
