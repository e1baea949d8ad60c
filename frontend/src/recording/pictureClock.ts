// Keeps a muted video in step with the player: small differences by speed, large ones by a jump.
import type { Player } from "./player";

/** Seconds: nobody sees less, and what is more cannot be caught up unnoticed. */
const [UNSEEN, TOO_FAR] = [0.02, 0.3];

/** What brings a picture that is `ahead` seconds of the sound back: a jump, or a speed in shares of the player's. */
export function correction(ahead: number, playing: boolean): "jump" | number {
  if (Math.abs(ahead) <= UNSEEN) return 1;
  if (!playing || Math.abs(ahead) > TOO_FAR) return "jump";
  return 1 - Math.max(-0.15, Math.min(0.15, ahead));
}

/** Returns what ends it. */
export function followPlayer(video: HTMLVideoElement, player: Player): () => void {
  function step(time: number) {
    if (video.readyState < video.HAVE_METADATA || video.seeking) return;
    const place = Math.min(time, video.duration || time);
    const fix = correction(video.currentTime - place, !player.audio.paused);
    if (fix === "jump") video.currentTime = place;
    const rate = player.audio.playbackRate * (fix === "jump" ? 1 : fix);
    if (Math.abs(video.playbackRate - rate) > 0.01) video.playbackRate = rate;
  }
  function change() {
    if (player.audio.paused) video.pause();
    else void video.play().catch(() => {}); // the browser may refuse; the picture then follows by jumps
    step(player.time());
  }
  const again = () => step(player.time());
  const ends = [player.onTick(step), player.subscribe(change)];
  for (const event of ["loadedmetadata", "seeked"] as const) video.addEventListener(event, again);
  change();
  return () => {
    ends.forEach((end) => end());
    for (const event of ["loadedmetadata", "seeked"] as const) video.removeEventListener(event, again);
    video.pause();
  };
}
