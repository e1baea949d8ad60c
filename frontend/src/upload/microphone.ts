// Records the microphone in pieces of one second and measures the level.
import { type LocalRecording, savePiece } from "./localRecordings";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** Why this page cannot record, or null. */
export function microphoneProblem(): "insecure" | "unsupported" | null {
  if (!isSecureContext) return "insecure";
  return navigator.mediaDevices && "MediaRecorder" in window && "indexedDB" in window ? null : "unsupported";
}

export class Microphone {
  private readonly audio = new AudioContext();
  private readonly analyser = this.audio.createAnalyser();
  private readonly samples = new Uint8Array(this.analyser.fftSize);
  private readonly recorder: MediaRecorder;
  private saving: Promise<void> = Promise.resolve();
  private elapsed = 0;
  private since = performance.now();
  private release = () => {};
  private readonly stopped = new Promise<void>((done) => (this.release = done));
  recording: LocalRecording;

  /** `failed` is called if the browser has no space for a piece. */
  constructor(
    private readonly stream: MediaStream,
    user: string,
    private readonly failed: (error: unknown) => void,
  ) {
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
    this.recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), audioBitsPerSecond: 64_000 });
    this.recording = {
      id: crypto.randomUUID(),
      user,
      type: this.recorder.mimeType || type,
      begun: Date.now(),
      seconds: 0,
      pieces: 0,
    };
    this.audio.createMediaStreamSource(stream).connect(this.analyser);
    this.recorder.ondataavailable = ({ data }) => {
      if (data.size === 0) return;
      const recording = (this.recording = {
        ...this.recording,
        seconds: this.seconds(),
        pieces: this.recording.pieces + 1,
      });
      this.saving = this.saving.then(() => savePiece(recording, data)).catch(this.failed);
    };
    // While this window records, it holds a lock, so that no other window offers to upload the recording.
    void navigator.locks?.request(`take:${this.recording.id}`, () => this.stopped);
    this.recorder.start(1000);
  }

  pause() {
    this.elapsed = this.seconds();
    this.recorder.pause();
  }

  resume() {
    this.since = performance.now();
    this.recorder.resume();
  }

  /** Stops; resolves to the recording once all pieces are stored. */
  async stop(): Promise<LocalRecording> {
    this.elapsed = this.seconds();
    if (this.recorder.state !== "inactive") {
      const over = new Promise((done) => this.recorder.addEventListener("stop", done, { once: true }));
      this.recorder.stop();
      await over;
    }
    this.stream.getTracks().forEach((track) => track.stop());
    if (this.audio.state !== "closed") void this.audio.close();
    await this.saving;
    this.release();
    return this.recording;
  }

  seconds(): number {
    return this.recorder.state === "recording" ? this.elapsed + (performance.now() - this.since) / 1000 : this.elapsed;
  }

  /** The current level, from 0 to 1. */
  level(): number {
    this.analyser.getByteTimeDomainData(this.samples);
    const loudest = this.samples.reduce((most, one) => Math.max(most, Math.abs(one - 128)), 0) / 128;
    return this.recorder.state === "recording" ? Math.min(1, Math.sqrt(loudest)) : 0;
  }
}
