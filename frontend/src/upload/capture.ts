// Opens the microphone, and with it the sound of the computer or of a tab.

export type CaptureSource = "microphone" | "both";
export type CaptureProblem = "refused" | "none" | "busy" | "screenRefused" | "noScreenSound";

export class CaptureError extends Error {
  constructor(readonly problem: CaptureProblem) {
    super(problem);
  }
}

export function canCaptureScreen(): boolean {
  return Boolean(navigator.mediaDevices && "getDisplayMedia" in navigator.mediaDevices);
}

/** The streams to record. Throws a CaptureError that says what is missing. */
export async function capture(source: CaptureSource, device: string): Promise<MediaStream[]> {
  // The screen first: its dialog must come right after the click.
  const screen = source === "both" ? [await openScreen()] : [];
  try {
    return [await openMicrophone(device), ...screen];
  } catch (error) {
    for (const stream of screen) stream.getTracks().forEach((track) => track.stop());
    throw error;
  }
}

/** The microphones; without permission their names are empty, and they are left out. */
export async function microphones(): Promise<MediaDeviceInfo[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === "audioinput" && device.label && device.deviceId !== "default");
}

async function openMicrophone(device: string): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: device ? { deviceId: { exact: device } } : true });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError") throw new CaptureError("refused");
    throw new CaptureError(name === "NotFoundError" || name === "OverconstrainedError" ? "none" : "busy");
  }
}

/** A stream with the sound only. The picture is asked for, because browsers share no sound without one. */
async function openScreen(): Promise<MediaStream> {
  const wanted = { video: true, audio: true, systemAudio: "include" };
  const stream = await navigator.mediaDevices.getDisplayMedia(wanted).catch(() => {
    throw new CaptureError("screenRefused");
  });
  if (stream.getAudioTracks().length > 0) return stream;
  stream.getTracks().forEach((track) => track.stop());
  throw new CaptureError("noScreenSound");
}
