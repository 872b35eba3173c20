// The AudioWorklet: sends the microphone's samples to the page in blocks of 1,024. An incomplete block when the
// recording stops, at most 21 ms at 48 kHz, is discarded.

const BLOCK = 1024;

class Capture extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK);
  #filled = 0;

  /** @param {Float32Array[][]} inputs @returns {boolean} whether to stay */
  process(inputs) {
    const samples = inputs[0]?.[0];
    if (!samples) return true;
    this.#block.set(samples, this.#filled);
    this.#filled += samples.length;
    if (this.#filled === BLOCK) {
      this.port.postMessage(this.#block, [this.#block.buffer]);
      this.#block = new Float32Array(BLOCK);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
