// Waiting for the network.

/** Resolves when the browser comes online, or after so many milliseconds; rejects when `signal` aborts. */
export function onlineOrAfter(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(end, milliseconds);
    addEventListener("online", end);
    signal?.addEventListener("abort", abort);
    function stopWaiting() {
      clearTimeout(timer);
      removeEventListener("online", end);
      signal?.removeEventListener("abort", abort);
    }
    function end() {
      stopWaiting();
      resolve();
    }
    function abort() {
      stopWaiting();
      reject(signal?.reason as Error);
    }
  });
}
