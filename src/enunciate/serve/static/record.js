// Records samples from the microphone.

import { compress } from "./compress.js";
import { levelDbfs } from "./level.js";

/** @typedef {"insecure" | "unsupported" | "denied" | "none" | "busy" | "unreachable"} MicrophoneReason */

export class MicrophoneProblem extends Error {
  /** @param {MicrophoneReason} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** @typedef {{samples: Float32Array, rateHz: number}} Sound */
/** @typedef {{sound: Sound, file: Promise<File> | null}} Recorded the samples, and the same compressed if the browser can */
/** @typedef {{stop: () => Recorded, elapsedS: () => number}} Recording */

/** @returns {Promise<MediaStream>} */
async function microphone() {
  if (!window.isSecureContext) throw new MicrophoneProblem("insecure");
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) throw new MicrophoneProblem("unsupported");
  try {
    // Noise suppression for calls also removes parts of an "s" or an "f", so only automatic gain is allowed.
    return await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true },
    });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError" || name === "SecurityError") throw new MicrophoneProblem("denied");
    if (name === "NotFoundError" || name === "OverconstrainedError") throw new MicrophoneProblem("none");
    throw new MicrophoneProblem("busy");
  }
}

/** @type {AudioContext | null} Reused for the next recording, so that capture.js is loaded once. */
let context = null;

/** @returns {Promise<AudioContext>} */
async function prepared() {
  if (!context) {
    const made = new AudioContext();
    try {
      await made.audioWorklet.addModule(new URL("capture.js", import.meta.url).href);
    } catch {
      await made.close();
      throw new MicrophoneProblem("unreachable");
    }
    context = made;
  }
  await context.resume();
  return context;
}

/**
 * Start recording. It ends by itself at the maximum length, or when the microphone is unplugged.
 * @param {number} longestS maximum length
 * @param {(dbfs: number) => void} onLevel called about 50 times a second
 * @param {() => void} onEnd called once if it ends by itself; `stop` then returns what was recorded
 * @returns {Promise<Recording>}
 */
export async function startRecording(longestS, onLevel, onEnd) {
  const stream = await microphone();
  const letGo = () => stream.getTracks().forEach((track) => track.stop());
  const audio = await prepared().catch((problem) => {
    letGo();
    throw problem;
  });
  /** @type {Float32Array[]} */
  const blocks = [];
  let length = 0;
  const rateHz = audio.sampleRate;
  const limit = longestS * rateHz;
  const source = audio.createMediaStreamSource(stream);
  const node = new AudioWorkletNode(audio, "capture");
  const compressor = compress(stream);

  const end = () => {
    node.port.onmessage = null;
    source.disconnect();
    node.disconnect();
    compressor?.stop();
    letGo();
    void audio.suspend();
  };
  node.port.onmessage = ({ data }) => {
    const block = /** @type {Float32Array} */ (data).subarray(0, limit - length);
    blocks.push(block);
    length += block.length;
    onLevel(levelDbfs(block));
    if (length >= limit) {
      end();
      onEnd();
    }
  };
  stream.getAudioTracks()[0].addEventListener("ended", () => {
    end();
    onEnd();
  });
  // The node outputs silence, but some browsers do not run a node that is not connected.
  source.connect(node).connect(audio.destination);

  return {
    elapsedS: () => length / rateHz,
    stop() {
      end();
      const samples = new Float32Array(length);
      let at = 0;
      for (const block of blocks) {
        samples.set(block, at);
        at += block.length;
      }
      return { sound: { samples, rateHz }, file: compressor?.file ?? null };
    },
  };
}
