// Listening to the microphone: a recorder that hands over a piece every second, and how loud it is now.
import { keepPiece, type Take } from "./takes";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** What a page needs to record; without it there is a reason. */
export function microphoneProblem(): "insecure" | "unsupported" | null {
  if (!isSecureContext) return "insecure";
  return navigator.mediaDevices && "MediaRecorder" in window && "indexedDB" in window ? null : "unsupported";
}

export class Microphone {
  private readonly audio = new AudioContext();
  private readonly analyser = this.audio.createAnalyser();
  private readonly heard = new Uint8Array(this.analyser.fftSize);
  private readonly recorder: MediaRecorder;
  private keeping: Promise<void> = Promise.resolve();
  private ran = 0;
  private since = performance.now();
  private release = () => {};
  private readonly over = new Promise<void>((done) => (this.release = done));
  take: Take;

  /** `failed` is told when the browser has no room for a piece. */
  constructor(private readonly stream: MediaStream, user: string, private readonly failed: (error: unknown) => void) {
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
    this.recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), audioBitsPerSecond: 64_000 });
    this.take = { id: crypto.randomUUID(), user, type: this.recorder.mimeType || type, begun: Date.now(), seconds: 0, pieces: 0 };
    this.audio.createMediaStreamSource(stream).connect(this.analyser);
    this.recorder.ondataavailable = ({ data }) => {
      if (data.size === 0) return;
      const take = (this.take = { ...this.take, seconds: this.seconds(), pieces: this.take.pieces + 1 });
      this.keeping = this.keeping.then(() => keepPiece(take, data)).catch(this.failed);
    };
    // As long as this window lives and records, nobody else offers to send what there is of it.
    void navigator.locks?.request(`take:${this.take.id}`, () => this.over);
    this.recorder.start(1000);
  }

  pause() {
    this.ran = this.seconds();
    this.recorder.pause();
  }

  resume() {
    this.since = performance.now();
    this.recorder.resume();
  }

  /** The whole of it, once everything is kept. */
  async stop(): Promise<Take> {
    this.ran = this.seconds();
    if (this.recorder.state !== "inactive") {
      const over = new Promise((done) => this.recorder.addEventListener("stop", done, { once: true }));
      this.recorder.stop();
      await over;
    }
    this.stream.getTracks().forEach((track) => track.stop());
    if (this.audio.state !== "closed") void this.audio.close();
    await this.keeping;
    this.release();
    return this.take;
  }

  seconds(): number {
    return this.recorder.state === "recording" ? this.ran + (performance.now() - this.since) / 1000 : this.ran;
  }

  /** From 0 to 1, as loud as it is now. */
  level(): number {
    this.analyser.getByteTimeDomainData(this.heard);
    const loudest = this.heard.reduce((most, one) => Math.max(most, Math.abs(one - 128)), 0) / 128;
    return this.recorder.state === "recording" ? Math.min(1, Math.sqrt(loudest)) : 0;
  }
}
