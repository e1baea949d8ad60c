// The audio player. While it plays, it calls its tickers once per animation frame, without rendering React.

import { ApiError } from "../api/client";

/** Renews the access to media; rejects with the reason if it cannot. */
export type RenewAccess = (address: string) => Promise<void>;

export class Player {
  readonly audio = new Audio();
  /** The error if the audio cannot be played. */
  problem: unknown = null;
  private readonly tickers = new Set<(time: number) => void>();
  private readonly listeners = new Set<() => void>();
  private frame = 0;
  private renewing = false;
  /** Access was renewed and nothing has loaded since: renewing again would not help. */
  private renewed = false;
  /** The position to seek to once the audio is loaded. */
  private pendingSeek: number | null = null;

  constructor(private readonly renew: RenewAccess) {
    this.audio.preload = "metadata";
    for (const event of ["play", "pause", "ratechange", "loadedmetadata", "emptied"])
      this.audio.addEventListener(event, this.notify);
    this.audio.addEventListener("play", this.loop);
    this.audio.addEventListener("seeking", this.tick);
    this.audio.addEventListener("loadedmetadata", this.ready);
    this.audio.addEventListener("error", this.failed);
  }

  /** Calls `ticker` with the time whenever it changes. */
  onTick(ticker: (time: number) => void): () => void {
    this.tickers.add(ticker);
    ticker(this.time());
    return () => this.tickers.delete(ticker);
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () =>
    `${this.audio.paused ? "paused" : "playing"} ${this.audio.playbackRate} ${this.audio.readyState > 0} ${this.problem !== null}`;

  time(): number {
    return this.pendingSeek ?? this.audio.currentTime;
  }

  /** Loads audio from this address; the browser fetches it in ranges. */
  load(address: string) {
    this.unload();
    this.audio.src = address;
  }

  unload() {
    this.audio.pause();
    cancelAnimationFrame(this.frame);
    this.problem = null;
    this.pendingSeek = null;
    this.renewed = false;
    this.audio.removeAttribute("src");
  }

  play() {
    if (this.audio.src) this.audio.play().catch(() => {});
  }

  toggle() {
    if (this.audio.paused) this.play();
    else this.audio.pause();
  }

  seek(time: number) {
    const place = Math.max(0, time);
    if (this.audio.readyState > 0) this.audio.currentTime = place;
    else this.pendingSeek = place;
    this.tick();
  }

  skip(seconds: number) {
    this.seek(this.time() + seconds);
  }

  rate(rate: number) {
    this.audio.defaultPlaybackRate = this.audio.playbackRate = rate;
  }

  private readonly loop = () => {
    cancelAnimationFrame(this.frame);
    this.tick();
    if (!this.audio.paused) this.frame = requestAnimationFrame(this.loop);
  };

  private readonly ready = () => {
    this.problem = null;
    this.renewed = false;
    if (this.pendingSeek === null) return;
    this.audio.currentTime = this.pendingSeek;
    this.pendingSeek = null;
  };

  /** The media cookie may have expired: renew it and continue at the same position. */
  private readonly failed = async () => {
    const address = this.audio.src;
    if (this.renewing || !address) return;
    this.renewing = true;
    this.pendingSeek ??= this.audio.currentTime;
    const playing = !this.audio.paused;
    try {
      if (this.renewed) throw new ApiError("unsupported_audio", 0);
      await this.renew(address);
      if (this.audio.src !== address) return;
      this.renewed = true;
      this.audio.load();
      if (playing) this.play();
    } catch (error) {
      this.problem = error;
      this.notify();
    } finally {
      this.renewing = false;
    }
  };

  private readonly tick = () => {
    const time = this.time();
    this.tickers.forEach((ticker) => ticker(time));
  };

  private readonly notify = () => this.listeners.forEach((listener) => listener());
}
