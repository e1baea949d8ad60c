// The player owns time. While it plays, one animation frame tells everybody who wants to know; nothing renders for it.

export class Player {
  readonly audio = new Audio();
  private readonly tickers = new Set<(time: number) => void>();
  private readonly listeners = new Set<() => void>();
  private frame = 0;

  constructor() {
    this.audio.preload = "auto";
    for (const event of ["play", "pause", "ratechange", "loadedmetadata", "emptied"]) this.audio.addEventListener(event, this.tell);
    this.audio.addEventListener("play", this.loop);
    this.audio.addEventListener("seeking", this.tick);
  }

  /** Called with the time whenever it moves. */
  onTick(ticker: (time: number) => void): () => void {
    this.tickers.add(ticker);
    ticker(this.audio.currentTime);
    return () => this.tickers.delete(ticker);
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = () => `${this.audio.paused ? "paused" : "playing"} ${this.audio.playbackRate} ${this.audio.readyState > 0}`;

  load(blob: Blob) {
    this.unload();
    this.audio.src = URL.createObjectURL(blob);
  }

  unload() {
    this.audio.pause();
    cancelAnimationFrame(this.frame);
    if (this.audio.src.startsWith("blob:")) URL.revokeObjectURL(this.audio.src);
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
    this.audio.currentTime = Math.max(0, time);
    this.tick();
  }

  by(seconds: number) {
    this.seek(this.audio.currentTime + seconds);
  }

  rate(rate: number) {
    this.audio.playbackRate = rate;
  }

  private readonly loop = () => {
    cancelAnimationFrame(this.frame);
    this.tick();
    if (!this.audio.paused) this.frame = requestAnimationFrame(this.loop);
  };

  private readonly tick = () => this.tickers.forEach((ticker) => ticker(this.audio.currentTime));

  private readonly tell = () => this.listeners.forEach((listener) => listener());
}
