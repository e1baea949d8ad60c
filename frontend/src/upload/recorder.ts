// Records sound in pieces of one second, mixed from several streams if there are, and measures it.
import { type LocalRecording, type RecordingNote, saveFacts, savePiece } from "./localRecordings";

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** Why this page cannot record, or null. */
export function microphoneProblem(): "insecure" | "unsupported" | null {
  if (!isSecureContext) return "insecure";
  return navigator.mediaDevices && "MediaRecorder" in window && "indexedDB" in window ? null : "unsupported";
}

export class Recorder {
  private readonly audio = new AudioContext();
  private readonly analyser = this.audio.createAnalyser();
  private readonly samples = new Uint8Array(this.analyser.fftSize);
  private readonly bins = new Uint8Array(this.analyser.frequencyBinCount);
  private readonly recorder: MediaRecorder;
  private saving: Promise<void> = Promise.resolve();
  private elapsed = 0;
  private since = performance.now();
  private release = () => {};
  private readonly stopped = new Promise<void>((done) => (this.release = done));
  recording: LocalRecording;

  /** `failed` is called if the browser has no space for a piece. */
  constructor(
    private readonly streams: readonly MediaStream[],
    user: string,
    name: string,
    private readonly failed: (error: unknown) => void,
  ) {
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
    const mixed = this.audio.createMediaStreamDestination();
    for (const stream of streams) {
      const source = this.audio.createMediaStreamSource(stream);
      source.connect(this.analyser);
      source.connect(mixed);
    }
    const sound = streams.length > 1 ? mixed.stream : streams[0]!;
    this.recorder = new MediaRecorder(sound, { ...(type && { mimeType: type }), audioBitsPerSecond: 64_000 });
    this.recording = {
      id: crypto.randomUUID(),
      user,
      type: this.recorder.mimeType || type,
      begun: Date.now(),
      seconds: 0,
      pieces: 0,
      name,
      notes: [],
    };
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

  /** Changes the name or the notes; they are stored with the next piece, or at once if there is none to come. */
  change(facts: { name?: string; notes?: readonly RecordingNote[] }) {
    this.recording = { ...this.recording, ...facts };
    if (this.recorder.state !== "recording" && this.recording.pieces > 0)
      this.saving = this.saving.then(() => saveFacts(this.recording)).catch(this.failed);
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
    for (const stream of this.streams) stream.getTracks().forEach((track) => track.stop());
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

  /** The current strength of `count` bands from low to high, each from 0 to 1. Speech is below 6 kHz. */
  spectrum(count: number): number[] {
    this.analyser.getByteFrequencyData(this.bins);
    const used = Math.min(this.bins.length, Math.ceil((6000 / (this.audio.sampleRate / 2)) * this.bins.length));
    return Array.from({ length: count }, (_, band) => {
      const part = this.bins.subarray(Math.floor((band * used) / count), Math.floor(((band + 1) * used) / count));
      return part.reduce((sum, one) => sum + one, 0) / Math.max(1, part.length) / 255;
    });
  }
}
