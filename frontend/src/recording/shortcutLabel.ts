// Shortcut labels for the user's platform: Ctrl+Z, or ⌘Z on a Mac.

const MAC_SYMBOLS: readonly (readonly [key: string, sign: string])[] = [
  ["Alt", "⌥"],
  ["Shift", "⇧"],
  ["Ctrl", "⌘"],
];

/** The label of keys joined by "+", such as `Ctrl+Shift+⌫`. */
export function shortcutLabel(keys: string, mac = onMac()): string {
  if (!mac) return keys;
  const each = keys.split("+");
  const held = MAC_SYMBOLS.filter(([key]) => each.includes(key)).map(([, sign]) => sign);
  const pressed = each
    .filter((key) => !MAC_SYMBOLS.some(([one]) => one === key))
    .map((key) => (key === "Enter" ? "↩" : key));
  return [...held, ...pressed].join("");
}

function onMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}
