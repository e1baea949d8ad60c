// The player owns time. While it plays, one animation frame tells everybody who wants to know; nothing renders for it.

import { ApiError } from "../api/client";

/** Makes it possible to ask for media again; rejects with what is wrong. */
export type Renew = (address: string) => Promise<void>;

export class Player {
  readonly audio = new Audio();
  /** What is wrong with the audio, where it cannot be played. */
  problem: unknown = null;
  private readonly tickers = new Set<(time: number) => void>();
  private readonly listeners = new Set<() => void>();
  private frame = 0;
  private renewing = false;
  /** Renewed, and nothing has come since: another renewal would not help. */
  private renewed = false;
  /** Where to begin as soon as there is something to play. */
  private wanted: number | null = null;

  constructor(private readonly renew: Renew) {
    this.audio.preload = "metadata";
    for (const event of ["play", "pause", "ratechange", "loadedmetadata", "emptied"]) this.audio.addEventListener(event, this.tell);
    this.audio.addEventListener("play", this.loop);
    this.audio.addEventListener("seeking", this.tick);
    this.audio.addEventListener("loadedmetadata", this.ready);
    this.audio.addEventListener("error", this.failed);
  }

  /** Called with the time whenever it moves. */
  onTick(ticker: (time: number) => void): () => void {
    this.tickers.add(ticker);
    ticker(this.time());
    return () => this.tickers.delete(ticker);
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () => `${this.audio.paused ? "paused" : "playing"} ${this.audio.playbackRate} ${this.audio.readyState > 0} ${this.problem !== null}`;

  time(): number {
    return this.wanted ?? this.audio.currentTime;
  }

  /** The audio is fetched from this address piece by piece, as it is heard. */
  load(address: string) {
    this.unload();
    this.audio.src = address;
  }

  unload() {
    this.audio.pause();
    cancelAnimationFrame(this.frame);
    this.problem = null;
    this.wanted = null;
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
    else this.wanted = place;
    this.tick();
  }

  by(seconds: number) {
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
    if (this.wanted === null) return;
    this.audio.currentTime = this.wanted;
    this.wanted = null;
  };

  /** The cookie that plays media may have run out: renew it and go on at the same place. */
  private readonly failed = async () => {
    const address = this.audio.src;
    if (this.renewing || !address) return;
    this.renewing = true;
    this.wanted ??= this.audio.currentTime;
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
      this.tell();
    } finally {
      this.renewing = false;
    }
  };

  private readonly tick = () => {
    const time = this.time();
    this.tickers.forEach((ticker) => ticker(time));
  };

  private readonly tell = () => this.listeners.forEach((listener) => listener());
}
