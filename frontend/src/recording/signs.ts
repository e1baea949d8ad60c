// How the machine in front of the reader writes its keys: Ctrl+Z here is ⌘Z on a Mac.

const MACS: readonly (readonly [key: string, sign: string])[] = [["Alt", "⌥"], ["Shift", "⇧"], ["Ctrl", "⌘"]];

/** Keys joined by "+", as `Ctrl+Shift+⌫`, the way people know them. */
export function signOf(keys: string, mac = onMac()): string {
  if (!mac) return keys;
  const each = keys.split("+");
  const held = MACS.filter(([key]) => each.includes(key)).map(([, sign]) => sign);
  const pressed = each.filter((key) => !MACS.some(([one]) => one === key)).map((key) => (key === "Enter" ? "↩" : key));
  return [...held, ...pressed].join("");
}

function onMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}
