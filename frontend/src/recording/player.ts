// The audio player. While it plays, it calls its tickers once per animation frame, without rendering React.

import { ApiError } from "../api/client";
import type { Pause } from "../document/chapters";
import { lastBefore } from "../document/time";
import type { Part } from "../document/turns";

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
  /** What alone is played, the first of it now. */
  private parts: readonly Part[] = [];
  /** Silence that is left out while it plays, in order. */
  pauses: readonly Pause[] = [];
  /** The part that is played again and again. */
  loop: Part | null = null;

  constructor(private readonly renew: RenewAccess) {
    this.audio.preload = "metadata";
    for (const event of ["play", "pause", "ratechange", "volumechange", "loadedmetadata", "emptied"])
      this.audio.addEventListener(event, this.notify);
    this.audio.addEventListener("play", this.frames);
    this.audio.addEventListener("seeking", this.tick);
    this.audio.addEventListener("timeupdate", this.tick); // a page in the background has no frames
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
    `${this.audio.paused ? "paused" : "playing"} ${this.audio.playbackRate} ${this.audio.readyState > 0} ${this.problem !== null} ${this.loop?.start} ${this.audio.volume} ${this.audio.muted}`;

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
    this.parts = [];
    this.loop = null;
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

  /** Plays these parts one after the other, and stops. */
  playParts(parts: readonly Part[]) {
    if (!parts[0]) return;
    this.seek(parts[0].start);
    this.parts = parts;
    this.play();
  }

  /** Plays a part again and again, until null is given or somebody goes elsewhere. */
  repeat(part: Part | null) {
    if (part && (this.time() < part.start || this.time() >= part.end)) this.seek(part.start);
    this.loop = part;
    this.notify();
  }

  seek(time: number) {
    this.parts = [];
    if (this.loop && (time < this.loop.start || time >= this.loop.end)) this.repeat(null);
    this.moveTo(time);
  }

  private moveTo(time: number) {
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

  /** From 0 to 1. */
  volume(share: number) {
    this.audio.volume = share;
  }

  private readonly frames = () => {
    cancelAnimationFrame(this.frame);
    this.tick();
    if (!this.audio.paused) this.frame = requestAnimationFrame(this.frames);
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
    this.leavePart();
    const time = this.time();
    this.tickers.forEach((ticker) => ticker(time));
  };

  /** At the end of a part: the next one, the same again, or the end. */
  private leavePart() {
    if (this.audio.paused || this.audio.seeking) return;
    const part = this.parts[0] ?? this.loop;
    if (!part) return this.leavePause();
    if (this.time() < part.end) return;
    if (!this.parts.length) return this.moveTo(part.start);
    const next = this.parts[1];
    this.parts = this.parts.slice(1);
    if (next) this.moveTo(next.start);
    else this.audio.pause();
  }

  private leavePause() {
    const pause = this.pauses[lastBefore(this.pauses, this.time(), (one) => one.start)];
    if (pause && this.time() < pause.end) this.moveTo(pause.end);
  }

  private readonly notify = () => this.listeners.forEach((listener) => listener());
}
